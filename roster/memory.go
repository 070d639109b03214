package roster

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
)

// Memory is a [Roster] that is gone with the process.
type Memory struct {
	mu       sync.Mutex
	people   map[string]Person
	passkeys map[string]Passkey
	sessions map[Hash]Session
	tokens   map[string]Token
	codes    map[Hash]Code
	edition  Edition
}

var _ Roster = (*Memory)(nil)

// NewMemory returns an empty roster.
func NewMemory() *Memory {
	return &Memory{people: map[string]Person{}, passkeys: map[string]Passkey{}, sessions: map[Hash]Session{}, tokens: map[string]Token{}, codes: map[Hash]Code{},
		edition: Edition{ID: NewEditionID()}}
}

// NotFound is the error of something that is not known.
func NotFound(what string) error { return fault(pawl.NotFound, "", "there is no such %s", what) }

// Taken is the error of something that is somebody else's.
func Taken(what string) error { return fault(pawl.Conflict, "", "%s", what) }

func get[K comparable, V any](m *Memory, all map[K]V, key K, what string) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := all[key]
	if !ok {
		return v, NotFound(what)
	}
	return v, nil
}

// some returns the values that are wanted, in order.
func some[K comparable, V any](m *Memory, all map[K]V, want func(V) bool, order func(a, b V) int) []V {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []V
	for v := range maps.Values(all) {
		if want(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, order)
	return out
}

func (m *Memory) Person(_ context.Context, id string) (Person, error) {
	p, err := get(m, m.people, id, "person")
	return p.clone(), err
}

func (m *Memory) PersonOf(_ context.Context, l Login) (Person, error) {
	all := some(m, m.people, func(p Person) bool { return slices.Contains(p.Logins, l) }, func(a, b Person) int { return 0 })
	if len(all) == 0 {
		return Person{}, NotFound("person")
	}
	return all[0].clone(), nil
}

func (m *Memory) People(context.Context) ([]Person, error) {
	all := some(m, m.people, func(Person) bool { return true }, func(a, b Person) int { return cmp.Compare(a.ID, b.ID) })
	for i := range all {
		all[i] = all[i].clone()
	}
	return all, nil
}

func (m *Memory) PutPerson(_ context.Context, p Person) (Person, error) {
	if err := p.Check(); err != nil {
		return p, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	there := m.people[p.ID]
	if there.Version != p.Version {
		return p, Moved(p.ID, p.Version)
	}
	for _, other := range m.people {
		for _, l := range p.Logins {
			if other.ID != p.ID && slices.Contains(other.Logins, l) {
				return p, Taken("this login is somebody else's")
			}
		}
	}
	p = p.clone()
	p.Version++
	p.Created = milli(p.Created)
	if there.Version > 0 {
		p.Created = there.Created
	}
	m.people[p.ID] = p
	m.edition.Number++
	if there.RightsDiffer(p) {
		maps.DeleteFunc(m.codes, func(_ Hash, c Code) bool { return c.Person == p.ID })
	}
	return p.clone(), nil
}

// Moved is the error of a person who is not at a version any more.
func Moved(id string, version int64) error {
	if version == 0 {
		return Taken(id + " is somebody already")
	}
	return Taken(id + " was changed by somebody else meanwhile; look again")
}

func (p Person) clone() Person {
	p.Roles, p.Teams, p.Logins = slices.Clone(p.Roles), slices.Clone(p.Teams), slices.Clone(p.Logins)
	return p
}

func (m *Memory) AddPasskey(_ context.Context, k Passkey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.people[k.Person].Version == 0 {
		return NotFound("person")
	}
	if _, there := m.passkeys[string(k.ID)]; there {
		return Taken("this passkey is known already")
	}
	k.ID, k.Data, k.Created, k.Used = slices.Clone(k.ID), slices.Clone(k.Data), milli(k.Created), milli(k.Used)
	m.passkeys[string(k.ID)] = k
	m.edition.Number++
	return nil
}

func (m *Memory) Passkey(_ context.Context, id []byte) (Passkey, error) {
	return get(m, m.passkeys, string(id), "passkey")
}

func (m *Memory) PasskeysOf(_ context.Context, person string) ([]Passkey, error) {
	return some(m, m.passkeys, func(k Passkey) bool { return k.Person == person }, func(a, b Passkey) int {
		return cmp.Or(a.Created.Compare(b.Created), bytes.Compare(a.ID, b.ID))
	}), nil
}

func (m *Memory) UsePasskey(_ context.Context, id, before, after []byte, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.passkeys[string(id)]
	switch {
	case !ok:
		return NotFound("passkey")
	case !bytes.Equal(k.Data, before):
		return Taken("this passkey was used meanwhile; try again")
	}
	k.Data, k.Used = slices.Clone(after), milli(at)
	m.passkeys[string(id)] = k
	return nil
}

func (m *Memory) DropPasskey(_ context.Context, person string, id []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.passkeys[string(id)]; !ok || k.Person != person {
		return NotFound("passkey")
	}
	delete(m.passkeys, string(id))
	m.edition.Number++
	return nil
}

func (m *Memory) AddSession(_ context.Context, s Session, instead Hash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.people[s.Person].Version == 0 {
		return NotFound("person")
	}
	s.Created, s.Seen, s.Proved = milli(s.Created), milli(s.Seen), milli(s.Proved)
	delete(m.sessions, instead)
	maps.DeleteFunc(m.sessions, func(_ Hash, old Session) bool { return old.Ended(s.Created) })
	m.sessions[s.Hash] = s
	return nil
}

func (m *Memory) Session(_ context.Context, h Hash) (Session, error) {
	return get(m, m.sessions, h, "session")
}

func (m *Memory) SessionsOf(_ context.Context, person string) ([]Session, error) {
	return some(m, m.sessions, func(s Session) bool { return s.Person == person }, func(a, b Session) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	}), nil
}

func (m *Memory) SeeSession(_ context.Context, h Hash, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[h]
	if !ok {
		return NotFound("session")
	}
	s.Seen = milli(at)
	m.sessions[h] = s
	return nil
}

func (m *Memory) DropSession(_ context.Context, person, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.sessions)
	maps.DeleteFunc(m.sessions, func(_ Hash, s Session) bool { return s.Person == person && (id == "" || s.ID == id) })
	switch {
	case len(m.sessions) < n:
		m.edition.Number++
	case id != "":
		return NotFound("session")
	}
	return nil
}

func (m *Memory) AddToken(_ context.Context, t Token) error {
	if err := t.Check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	good := 0
	for _, old := range m.tokens {
		switch {
		case old.ID == t.ID || old.Hash == t.Hash:
			return Taken("there is this token already")
		case old.By != t.By || !old.Good(t.Created):
		case old.Name == t.Name:
			return Taken("there is a token of this name already")
		default:
			good++
		}
	}
	if good >= MostTokens {
		return TooMany()
	}
	t.Created, t.Expires, t.Used, t.Revoked = milli(t.Created), milli(t.Expires), milli(t.Used), milli(t.Revoked)
	m.tokens[t.ID] = t.clone()
	m.edition.Number++
	return nil
}

// TooMany is the error of one token too many.
func TooMany() error {
	return fault(pawl.Conflict, "revoke those that are not needed:  pawl token ls", "nobody has more than %d tokens", MostTokens)
}

func (t Token) clone() Token {
	t.Roles, t.Teams, t.Scope = slices.Clone(t.Roles), slices.Clone(t.Teams), slices.Clone(t.Scope)
	return t
}

func (m *Memory) Token(_ context.Context, h Hash) (Token, error) {
	all := some(m, m.tokens, func(t Token) bool { return t.Hash == h }, func(a, b Token) int { return 0 })
	if len(all) == 0 {
		return Token{}, NotFound("token")
	}
	return all[0].clone(), nil
}

func (m *Memory) Tokens(context.Context) ([]Token, error) {
	all := some(m, m.tokens, func(Token) bool { return true }, func(a, b Token) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	for i := range all {
		all[i] = all[i].clone()
	}
	return all, nil
}

func (m *Memory) token(id string, change func(*Token)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[id]
	if !ok {
		return NotFound("token")
	}
	change(&t)
	m.tokens[id] = t
	return nil
}

func (m *Memory) UseToken(_ context.Context, id string, at time.Time) error {
	return m.token(id, func(t *Token) { t.Used = milli(at) })
}

func (m *Memory) RevokeToken(_ context.Context, id string, at time.Time) error {
	return m.token(id, func(t *Token) {
		if t.Revoked.IsZero() {
			t.Revoked = milli(at)
		}
		m.edition.Number++
	})
}

func (m *Memory) AddCode(_ context.Context, c Code) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.Person != "" && m.people[c.Person].Version == 0 {
		return NotFound("person")
	}
	maps.DeleteFunc(m.codes, func(_ Hash, old Code) bool { return old.Person == c.Person })
	c.Created, c.Expires = milli(c.Created), milli(c.Expires)
	m.codes[c.Hash] = c
	if c.Person != "" {
		m.edition.Number++
	}
	return nil
}

func (m *Memory) TakeCode(_ context.Context, h Hash, at time.Time) (Code, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.codes[h]
	delete(m.codes, h)
	if c.Person != "" {
		m.edition.Number++
	}
	if !ok || !at.Before(c.Expires) {
		return Code{}, NotFound("code")
	}
	return c, nil
}

func (m *Memory) Edition(context.Context) (Edition, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.edition, nil
}

func (m *Memory) Renew(context.Context) (Edition, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.edition = Edition{ID: NewEditionID(), Number: m.edition.Number + 1}
	return m.edition, nil
}

func (m *Memory) Close() error { return nil }

func milli(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}
