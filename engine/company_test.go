package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
)

// mark is in every value here and in nothing else.
const mark = "CANARY"

// A company is a vendor and the places that hold its tokens, in memory. It
// keeps state, refuses what a vendor refuses, and writes down what must never
// happen: a token that is revoked while somebody uses it.
type company struct {
	answer   func(pawl.Generation) pawl.Generation // what is told of a mint; nil: the truth
	mu       sync.Mutex
	minted   int
	tokens   []*token // live and dead, oldest first
	places   map[string]*place
	runs     map[string]string // ticket → the value that the run took
	calls    []string          // all that change something: "mint", "set api", "revoke id-1"
	told     []pawl.Message
	broken   []string
	fate     func(call string) fate             // what becomes of a call; nil: all goes well
	latency  func(call string) time.Duration    // nil: a few milliseconds, each call its own
	intended func(call string, id string) error // nil, or why the call comes too early
	caller   string                             // the value that the issuer signs in with
	honest   bool                               // reads end with their context
	quote    string                             // in every simulated error
	whose    error                              // what Identify answers, if not nil
}

// A token is one generation.
type token struct {
	id, label, value string
	dead             bool
	made             time.Time
	ends             time.Time // zero: never
}

// fate is what becomes of one call.
type fate uint8

const (
	well    fate = iota
	refused      // Unavailable, and nothing happened
	lost         // Unknown, and it happened
	dropped      // Unknown, and it did not
	denied       // Denied, and nothing happened
)

func newCompany(places ...*place) *company {
	c := &company{places: map[string]*place{}, runs: map[string]string{}}
	c.tokens = []*token{{id: "id-old", label: "acme-platform-token 2026-08-20", value: mark + "-old"}}
	for _, p := range places {
		p.company, p.holds, p.runs = c, c.tokens[0].value, c.tokens[0].value
		c.places[p.name] = p
	}
	return c
}

// call makes one request: it takes its time, lands whether or not the caller
// still waits, and may go wrong. Every call but reads is written down.
func (c *company) call(ctx context.Context, name, id string, apply func() error) error {
	changes := strings.Fields(name)[0] != "see"
	if changes && c.intended != nil {
		if err := c.intended(name, id); err != nil {
			c.violate("%s: %v", name, err)
		}
	}
	time.Sleep(c.takes(name))
	c.mu.Lock()
	defer c.mu.Unlock()
	f := well
	if c.fate != nil {
		f = c.fate(name)
	}
	if f == refused || f == dropped || f == denied {
		return &pawl.Error{Op: name, Kind: map[fate]pawl.Kind{refused: pawl.Unavailable, dropped: pawl.Unknown, denied: pawl.Denied}[f], Err: errors.New("simulated " + c.quote)}
	}
	if c.honest && ctx.Err() != nil {
		return &pawl.Error{Op: name, Kind: pawl.Unavailable, Err: context.Cause(ctx)}
	}
	if changes {
		c.calls = append(c.calls, name)
	}
	err := apply()
	if f == lost || err == nil && changes && ctx.Err() != nil {
		return &pawl.Error{Op: name, Kind: pawl.Unknown, Err: errors.New("no answer")}
	}
	return err
}

// takes gives each call its own time, so that a test goes the same way
// whenever it is run.
func (c *company) takes(name string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latency != nil {
		if d := c.latency(name); d > 0 {
			return d
		}
	}
	d := 10 * time.Millisecond
	for i, r := range name {
		d += time.Duration(i+1) * time.Duration(r) * time.Microsecond
	}
	return d
}

func (c *company) violate(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = append(c.broken, fmt.Sprintf(format, args...))
}

func (c *company) count(call string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, x := range c.calls {
		if x == call {
			n++
		}
	}
	return n
}

// changes is how often anything was changed.
func (c *company) changes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

func (c *company) byID(id string) *token {
	i := slices.IndexFunc(c.tokens, func(t *token) bool { return t.id == id })
	if i < 0 {
		return nil
	}
	return c.tokens[i]
}

// called is the id of a value's token: what may be said of it.
func (c *company) called(value string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tokens {
		if t.value == value {
			return t.id
		}
	}
	return "nobody's"
}

func (c *company) works(value string) bool {
	return slices.ContainsFunc(c.tokens, func(t *token) bool { return t.value == value && !t.dead })
}

func text(s pawl.Secret) string { return string(s.Reveal()) }

func secret(s string) pawl.Secret { return pawl.NewSecret([]byte(s)) }

// issuer is the company as a [pawl.Issuer].
type issuer struct{ *company }

var (
	_ pawl.Lister        = issuer{}
	_ pawl.Identifier    = issuer{}
	_ pawl.CallerChecker = issuer{}
)

func (c issuer) Mint(ctx context.Context, label string) (g pawl.Generation, err error) {
	err = c.call(ctx, "mint", label, func() error {
		c.minted++
		t := &token{id: fmt.Sprint("id-", c.minted), label: "acme-platform-token 2026-11-23 " + label, value: fmt.Sprint(mark, "-new-", c.minted)}
		c.tokens = append(c.tokens, t)
		g = pawl.Generation{ID: t.id, Label: t.label, Value: secret(t.value)}
		return nil
	})
	if err != nil {
		return pawl.Generation{}, err
	}
	if c.answer != nil {
		g = c.answer(g)
	}
	return g, nil
}

func (c issuer) Check(ctx context.Context, value pawl.Secret) error {
	return c.call(ctx, "see "+c.called(text(value)), "", func() error {
		if !c.works(text(value)) {
			return &pawl.Error{Op: "check", Kind: pawl.Denied, Err: errors.New("refused")}
		}
		return nil
	})
}

func (c issuer) Revoke(ctx context.Context, id string) error {
	return c.call(ctx, "revoke "+id, id, func() error {
		t := c.byID(id)
		if t == nil || t.dead {
			return nil
		}
		t.dead = true
		for _, p := range c.places {
			if p.holds == t.value || p.running() == t.value {
				c.broken = append(c.broken, fmt.Sprintf("%s was revoked while %s uses it", id, p.name))
			}
		}
		return nil
	})
}

func (c issuer) List(ctx context.Context) (all []pawl.Generation, err error) {
	err = c.call(ctx, "see list", "", func() error {
		for _, t := range c.tokens {
			if !t.dead {
				all = append(all, t.generation())
			}
		}
		return nil
	})
	return all, err
}

func (c issuer) Identify(ctx context.Context, value pawl.Secret) (g pawl.Generation, err error) {
	err = c.call(ctx, "see whose", "", func() error {
		if c.whose != nil {
			return c.whose
		}
		for _, t := range c.tokens {
			if t.value == text(value) && !t.dead {
				if g.ID != "" {
					return &pawl.Error{Op: "identify", Kind: pawl.Conflict, Err: errors.New("two match"), Hint: g.ID + " and " + t.id}
				}
				g = t.generation()
			}
		}
		if g.ID == "" {
			return &pawl.Error{Op: "identify", Kind: pawl.NotFound, Err: errors.New("none matches")}
		}
		return nil
	})
	return g, err
}

func (t *token) generation() pawl.Generation {
	return pawl.Generation{ID: t.id, Label: t.label, Created: t.made, Expires: t.ends}
}

// Relabel implements [pawl.Labeller].
func (c issuer) Relabel(ctx context.Context, id, label string) error {
	return c.call(ctx, "see label "+id, id, func() error {
		c.byID(id).label = "acme-platform-token 2026-11-23 " + label
		return nil
	})
}

func (c issuer) CallsWith(value pawl.Secret) bool { return text(value) == c.caller }

// A place holds a value, and some time after a write it runs on it.
type place struct {
	*company
	name    string
	class   pawl.Class
	boot    time.Duration // from a write to running on it
	private bool          // what it holds cannot be read back
	unable  error         // what the preflight says
	holds   string
	runs    string
	from    time.Time // when it runs on what it holds
	writes  int
}

func (p *place) running() string {
	if time.Now().Before(p.from) {
		return p.runs
	}
	return p.holds
}

func (p *place) put(value string) {
	p.runs, p.from = p.running(), time.Now().Add(p.boot)
	p.holds = value
	p.writes++
}

// content is the value that is asked for: a snapshot also tells of none.
func content(c pawl.Content) string {
	if c.Snapshot {
		return strings.TrimPrefix(text(c.Secret), snapped)
	}
	return text(c.Secret)
}

const snapped = "held: "

// Set implements [pawl.Consumer].
func (p *place) Set(ctx context.Context, w pawl.Write) (r pawl.Receipt, err error) {
	err = p.call(ctx, "set "+p.name, p.name, func() error {
		if p.holds == content(w.To) {
			r = pawl.Receipt{Mark: fmt.Sprint("v", p.writes)}
			return nil
		}
		known := func(c pawl.Content) bool { return content(c) == p.holds }
		if w.Over != nil && !slices.ContainsFunc(w.Over, known) {
			return &pawl.Error{Op: "set", Kind: pawl.Conflict, Err: errors.New("somebody else's value is there")}
		}
		p.put(content(w.To))
		r = pawl.Receipt{Changed: true, Mark: fmt.Sprint("v", p.writes)}
		return nil
	})
	if err != nil {
		return pawl.Receipt{}, err
	}
	return r, nil
}

// Observe implements [pawl.Consumer].
func (p *place) Observe(ctx context.Context, l pawl.Look) (o pawl.Observation, err error) {
	err = p.call(ctx, "see "+p.name, "", func() error {
		o.Mark = fmt.Sprint("v", p.writes)
		switch p.holds {
		case content(l.Want):
			o.Holds = pawl.HoldsWant
		case text(l.Not):
			o.Holds = pawl.HoldsNot
		case "":
			o.Holds = pawl.HoldsNothing
		default:
			o.Holds = pawl.HoldsOther
		}
		if p.private {
			o.Holds = pawl.HoldsUnknown
		}
		if p.running() == content(l.Want) && p.holds == p.running() {
			o.Verdict, o.Class = pawl.Proved, p.class
		}
		return nil
	})
	return o, err
}

// A readable place can be read back, and put back exactly.
type readable struct{ *place }

var (
	_ pawl.Reader      = readable{}
	_ pawl.Snapshotter = readable{}
)

func (p readable) Read(ctx context.Context) (s pawl.Secret, err error) {
	err = p.call(ctx, "see "+p.name, "", func() error {
		if p.holds == "" {
			return &pawl.Error{Op: "read", Kind: pawl.NotFound, Err: errors.New("no value")}
		}
		s = secret(p.holds)
		return nil
	})
	return s, err
}

func (p readable) Snapshot(ctx context.Context) (s pawl.Secret, err error) {
	err = p.call(ctx, "see before "+p.name, "", func() error {
		s = secret(snapped + p.holds)
		return nil
	})
	return s, err
}

// Preflight implements [pawl.Preflighter].
func (p readable) Preflight(context.Context) ([]string, error) { return nil, p.unable }

// A health endpoint attests the value that a place runs on.
type health struct{ *place }

func (h health) Prove(ctx context.Context, l pawl.Look) (o pawl.Observation, err error) {
	err = h.call(ctx, "see health "+h.name, "", func() error {
		switch runs := h.running(); {
		case runs == text(l.Not):
			o.Holds = pawl.HoldsNot
		case l.Want.Snapshot: // what it is cannot be compared
			o.Verdict, o.Holds = pawl.Proved, pawl.HoldsOther
		case runs == text(l.Want.Secret):
			o.Verdict, o.Class = pawl.Proved, pawl.Attested
		}
		return nil
	})
	return o, err
}

// A workflow runs once with the value that its place holds, and succeeds if
// the vendor takes it.
type workflow struct{ *place }

var _ pawl.Starter = workflow{}

func (w workflow) Start(ctx context.Context, _ pawl.Look) (ticket string, err error) {
	err = w.call(ctx, "start "+w.name, w.name, func() error {
		ticket = fmt.Sprint("run-", len(w.company.runs)+1)
		w.company.runs[ticket] = w.holds
		return nil
	})
	return ticket, err
}

func (w workflow) Prove(ctx context.Context, l pawl.Look) (o pawl.Observation, err error) {
	err = w.call(ctx, "see run "+w.name, "", func() error {
		o.Verdict = pawl.Refuted
		if used := w.company.runs[l.Ticket]; used == text(l.Want.Secret) && w.works(used) {
			o.Verdict, o.Class = pawl.Proved, pawl.Exercised
		}
		return nil
	})
	return o, err
}

// Notify implements [pawl.Notifier].
func (c *company) Notify(ctx context.Context, to string, m pawl.Message) error {
	return c.call(ctx, "notify", to, func() error {
		c.told = append(c.told, m)
		return nil
	})
}
