package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// keyHeader makes a request safe to send twice
// (draft-ietf-httpapi-idempotency-key-header-07).
const keyHeader = "Idempotency-Key"

// remembered is how long an answer is given again.
const remembered = desk.Remembered

// mostAnswer bounds what is kept of one answer. What is larger is a look at many
// places, which changed nothing and may be taken again.
const mostAnswer = 64 << 10

// mostRemembered bounds the memory; the oldest are forgotten first.
const mostRemembered = 10_000

// twice remembers what was answered to a key, for who asked as they were then. It
// is in memory only: after a restart a repeated start is answered with the rotation
// that it has begun, which has a digest of its request, and a repeated decision
// meets one that was taken, so nothing happens twice then either.
type twice struct {
	now   func() time.Time
	mu    sync.Mutex
	known map[string]*answer
	order []string
}

type answer struct {
	body   [32]byte
	at     time.Time
	done   bool
	status int
	header http.Header
	text   []byte
}

func newTwice(now func() time.Time) *twice { return &twice{now: now, known: map[string]*answer{}} }

// asker is who asks as they are now: what they may, how lately they showed who
// they are, and by which token they come. An answer is for them alone. To whoever
// may less since, and to another token of the same name, it was never given: they
// ask for the first time, and whether they may is decided then.
func asker(who access.Subject, r *http.Request) string {
	text, err := json.Marshal([]any{who, r.Header.Values("Authorization")})
	if err != nil {
		panic("server: " + err.Error()) // texts and lists of texts always are JSON
	}
	sum := sha256.Sum256(text)
	return string(sum[:])
}

type requestKey struct{}

// request is what a rotation is told of the request that begins it.
func request(ctx context.Context) string {
	text, _ := ctx.Value(requestKey{}).(string)
	return text
}

// requested is a digest of a request: who asks and by which token, its key, and
// what it asks for. Unlike asker it says nothing of what they may: that is decided
// each time.
func requested(r *http.Request, body []byte) string {
	who := subject(r.Context()).Actor
	text, err := json.Marshal([]any{who, r.Header.Values("Authorization"), r.Header.Get(keyHeader), r.URL.Path, body})
	if err != nil {
		panic("server: " + err.Error()) // texts and lists of texts always are JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// serve answers a request that changes something once for each key.
func (t *twice) serve(w http.ResponseWriter, r *http.Request, who string, next http.Handler) {
	if r.Method != http.MethodPost {
		next.ServeHTTP(w, r)
		return
	}
	key := r.Header.Get(keyHeader)
	if key == "" || len(key) > mostKey {
		write(w, problem(&pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("a request that changes something needs the header " + keyHeader + ", up to 128 characters"),
			Hint: "send a fresh random " + keyHeader + " with each request, and the same one when you repeat it"}))
		return
	}
	body, err := io.ReadAll(r.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); err != nil && !large {
		write(w, problem(&pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("the body did not come whole, or too slowly"), Hint: "send the same again, with the same " + keyHeader}))
		return
	}
	if err != nil {
		write(w, &failed{Problem: api.Problem{Type: typeOf("too-large"), Title: "Too large", Status: http.StatusRequestEntityTooLarge, Code: "too-large"}})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a, refused := t.begin(who+"\x00"+key, sha256.Sum256(append([]byte(r.Method+" "+r.URL.Path+"\x00"+r.Header.Get("If-Match")+"\x00"), body...)))
	switch {
	case refused != nil:
		write(w, refused)
	case a.done:
		a.give(w)
	default:
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		defer t.end(who+"\x00"+key, a, rec)
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), requestKey{}, requested(r, body))))
		rec.give(w)
	}
}

func (t *twice) begin(key string, body [32]byte) (*answer, *failed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.order) > 0 && (len(t.order) >= mostRemembered || t.known[t.order[0]] == nil || t.now().Sub(t.known[t.order[0]].at) > remembered) {
		delete(t.known, t.order[0])
		t.order = t.order[1:]
	}
	a := t.known[key]
	switch {
	case a == nil:
		a = &answer{body: body, at: t.now()}
		t.known[key], t.order = a, append(t.order, key)
		return a, nil
	case a.body != body:
		return nil, &failed{Problem: api.Problem{Type: typeOf("key-reused"), Title: "Another request had this key", Status: http.StatusUnprocessableEntity, Code: "key-reused",
			Next: []string{"use a fresh " + keyHeader + " for a new request"}}}
	case !a.done:
		return nil, &failed{Problem: api.Problem{Type: typeOf("in-progress"), Title: "The first request with this key is under way", Status: http.StatusConflict, Code: "in-progress"}, after: "1"}
	}
	return a, nil
}

// end remembers an answer. What was only not possible just now, or not known, is
// not remembered: the same request may be sent again. Neither is a refusal: it
// says how things were, and who may what, when it was made.
func (t *twice) end(key string, a *answer, rec *recorder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rec.status >= 500 || passing[rec.status] || rec.text == nil || len(rec.text) > mostAnswer {
		delete(t.known, key)
		return
	}
	a.done, a.status, a.header, a.text = true, rec.status, rec.header, rec.text
}

// passing are the answers that another time may be others.
var passing = map[int]bool{http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusConflict: true, http.StatusPreconditionFailed: true, http.StatusTooManyRequests: true}

func (a *answer) give(w http.ResponseWriter) {
	(&recorder{header: a.header, status: a.status, text: a.text}).give(w)
}

// A recorder keeps an answer until it is whole.
type recorder struct {
	header http.Header
	status int
	text   []byte
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.status = status }
func (r *recorder) Write(b []byte) (int, error) {
	r.text = append(r.text, b...)
	return len(b), nil
}

func (r *recorder) give(w http.ResponseWriter) {
	for k, v := range r.header {
		w.Header()[k] = v
	}
	w.WriteHeader(r.status)
	w.Write(r.text)
}
