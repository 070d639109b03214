package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
)

// A ticket is what has to be remembered between the two halves of a sign-in that
// goes through somebody else: a provider, or an authenticator. The browser keeps
// it, sealed under a key that this process alone has, so that beginning a
// thousand of them costs nothing here, and one that is begun in one browser
// cannot be ended in another.
type ticket struct {
	ID       string    `json:"id"`   // so that it is used once
	Kind     string    `json:"kind"` // what it is for; one kind is not taken for another
	Expires  time.Time `json:"expires"`
	Begun    time.Time `json:"begun"`
	Next     string    `json:"next,omitempty"`
	Person   string    `json:"person,omitempty"` // who it has to turn out to be
	Link     bool      `json:"link,omitempty"`   // the login becomes this person's
	State    string    `json:"state,omitempty"`
	Nonce    string    `json:"nonce,omitempty"`
	Verifier string    `json:"verifier,omitempty"`
	Ceremony []byte    `json:"ceremony,omitempty"` // as the library wants it back
}

// ticketFor is how long somebody may take at the other place.
const ticketFor = 10 * time.Minute

// mostUsed bounds how many tickets are remembered as used. To get there takes
// more attempts than the limits let pass; the oldest are forgotten then.
const mostUsed = 20_000

// tickets seals tickets, and knows which were used.
type tickets struct {
	now  func() time.Time
	seal cipher.AEAD
	mu   sync.Mutex
	used map[string]time.Time // until when they would have been good
}

func newTickets(now func() time.Time) (*tickets, error) {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	return &tickets{now: now, seal: seal, used: map[string]time.Time{}}, err
}

// ticketCookie is the name of the cookie that holds tickets of a kind.
func (s *Server) ticketCookie(kind string) string {
	word, _, _ := strings.Cut(kind, " ")
	return s.cookie + "-" + word
}

// give begins something: the ticket goes with the answer. Strict is for what
// ends on a page of ours; a provider comes back from its own.
func (s *Server) give(w http.ResponseWriter, t ticket, strict bool) error {
	t.ID, t.Begun, t.Expires = rand.Text(), s.now(), s.now().Add(ticketFor)
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	sealed := base64.RawURLEncoding.EncodeToString(s.tickets.seal.Seal(nil, nil, text, []byte(t.Kind)))
	s.setCookie(w, s.ticketCookie(t.Kind), pawl.NewSecret([]byte(sealed)), strict)
	return nil
}

// take ends it: the ticket is used up, whatever becomes of it.
func (s *Server) take(w http.ResponseWriter, r *http.Request, kind string) (ticket, error) {
	name := s.ticketCookie(kind)
	stale := denied("this was not begun in this browser, or too long ago", "begin again")
	all := r.CookiesNamed(name)
	if len(all) != 1 {
		return ticket{}, stale
	}
	s.setCookie(w, name, pawl.Secret{}, true)
	sealed, err := base64.RawURLEncoding.DecodeString(all[0].Value)
	if err != nil {
		return ticket{}, stale
	}
	text, err := s.tickets.seal.Open(nil, nil, sealed, []byte(kind))
	if err != nil {
		return ticket{}, stale
	}
	var t ticket
	if err := json.Unmarshal(text, &t); err != nil {
		return ticket{}, stale
	}
	if now := s.now(); !now.Before(t.Expires) || t.Begun.Sub(now) > time.Minute || !s.tickets.once(t) {
		return ticket{}, stale
	}
	return t, nil
}

// once reports whether a ticket is used for the first time.
func (u *tickets) once(t ticket) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, used := u.used[t.ID]; used {
		return false
	}
	if len(u.used) >= mostUsed {
		u.forget()
	}
	u.used[t.ID] = t.Expires
	return true
}

// forget drops what has expired, and if that is nothing, what expires next.
func (u *tickets) forget() {
	now, soonest := u.now(), ""
	for id, until := range u.used {
		if !now.Before(until) {
			delete(u.used, id)
		} else if soonest == "" || until.Before(u.used[soonest]) {
			soonest = id
		}
	}
	if len(u.used) >= mostUsed {
		delete(u.used, soonest)
	}
}
