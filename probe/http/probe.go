// Package httpprobe asks a consumer over HTTP whether it is well and which
// generation it uses.
//
// The consumer answers with JSON, and two jq expressions read it:
//
//	expect   is true when the consumer is well; alone it is a condition, no evidence
//	attest   gives the SHA-256 of the value in use, in hex, or its HMAC
//
// Attesting is what makes the probe evidence of class [pawl.Attested]. Only for
// values with so much entropy that a digest gives nothing away.
//
// A plain digest can be cached, or said by somebody who has seen it once. With a
// nonce, which is a new one for each look, an answer is worth something only as
// the answer to this look.
//
// Nothing of an answer ever reaches a detail, an error or a log: neither its
// text nor the digest.
package httpprobe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/probe/attest"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/wire"
)

// maxBody is how much of an answer is read.
const maxBody = 1 << 20

// Provider offers the prover "http", which asks through hc. It needs no
// connection, unless the endpoint asks for a token: where none is given to
// [provider.ProverKind.New], or a bare [http.Client], it asks without.
func Provider(hc *http.Client) provider.Provider {
	kind := provider.Prover("http", 1, "An HTTP endpoint that tells how the consumer is, and may attest the value in use.", newProbe)
	kind.Effort = provider.Effort{Check: 1, Look: 1}
	kind.Connection, kind.Optional = "http", true
	make := kind.New
	kind.New = func(through any, settings json.RawMessage) (pawl.Prover, error) {
		switch bare := through.(type) {
		case nil:
			through = &client{hc: asking(hc)}
		case *http.Client:
			through = &client{hc: asking(bare)}
		}
		p, err := make(through, settings)
		if err != nil {
			return nil, err
		}
		if bad := p.(*probe).bad; bad != nil {
			return nil, &pawl.Error{Op: "http", Kind: pawl.Invalid, Err: bad}
		}
		return p, nil
	}
	return provider.Provider{Name: "http", Doc: "Asks a consumer's own endpoint.", Connection: connecting(), Provers: []provider.ProverKind{kind}}
}

var (
	_ pawl.Prover      = (*probe)(nil)
	_ pawl.Preflighter = (*probe)(nil)
)

type probe struct {
	c              *client
	s              Settings
	expect, attest *query // nil where not given
	bad            error
	last           memory
}

// memory is the answer before. The zero value is ready.
type memory struct {
	mu sync.Mutex
	attest.Answer
}

// again reports whether the answer before was the same one, and remembers this.
func (m *memory) again(a attest.Answer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	same := m.Answer == a
	m.Answer = a
	return same
}

func newProbe(c *client, s Settings) pawl.Prover {
	p := &probe{c: c, s: s}
	p.expect, p.attest, p.bad = s.compile()
	if !c.covers(s.HTTP) {
		p.bad = fmt.Errorf("http: connection %s is for addresses below %s, and sends its token nowhere else", c.name, c.root)
	}
	return p
}

// Prove asks once. What the endpoint does wrong is no error: it may be right
// the next time. The only error is that ctx was cancelled, or that there is no
// value to compare with.
func (p *probe) Prove(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	if p.attest != nil && l.Want.Secret.IsZero() {
		return pawl.Observation{}, &pawl.Error{Op: "http.Prove", Kind: pawl.Invalid, Err: errors.New("no value to compare with")}
	}
	q := p.question()
	body, wrong := p.ask(ctx, q)
	if errors.Is(ctx.Err(), context.Canceled) {
		return pawl.Observation{}, &pawl.Error{Op: "http.Prove", Kind: pawl.Unavailable, Err: ctx.Err()}
	}
	if wrong != "" {
		return pawl.Observation{Detail: wrong}, nil
	}
	seen := p.attested(ctx, body, q, l)
	if wrong := p.unwell(ctx, body); wrong != "" {
		return pawl.Observation{Holds: seen.Holds, Detail: wrong}, nil
	}
	return seen, nil
}

// Preflight remarks on an endpoint that does not do its part now.
func (p *probe) Preflight(ctx context.Context) ([]string, error) {
	q := p.question()
	body, wrong := p.ask(ctx, q)
	if wrong == "" {
		wrong = p.unwell(ctx, body)
	}
	if wrong == "" && p.attest != nil {
		_, wrong = p.shows(ctx, body, q)
	}
	if wrong == "" {
		return nil, nil
	}
	return []string{p.s.Where() + ": " + wrong}, nil
}

// question is what this look asks; without a nonce, nothing in particular.
func (p *probe) question() attest.Question {
	if !p.s.Attest.asks() {
		return attest.Question{}
	}
	return attest.Ask(p.s.Attest.Context, p.s.Attest.name())
}

// address is where to ask. The nonce is part of it so that a cache on the way
// has no answer to it.
func (p *probe) address(q attest.Question) (string, error) {
	u, err := url.Parse(p.s.HTTP)
	if err != nil || q.Nonce == "" {
		return p.s.HTTP, err
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "nonce=" + q.Nonce
	return u.String(), nil
}

// ask returns the decoded answer, or what is wrong with it. The answer need not
// be JSON if nothing is read from it.
func (p *probe) ask(ctx context.Context, q attest.Question) (body any, wrong string) {
	address, err := p.address(q)
	if err != nil {
		return nil, "not a request that can be made"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "not a request that can be made"
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set("User-Agent", "pawl")
	p.c.sign(req)
	resp, err := p.c.hc.Do(req)
	if err != nil {
		return nil, "no answer: " + wire.Classify("http.Prove", false, err).Err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode != p.s.status() {
		return nil, fmt.Sprintf("answered %d, wanted %d", resp.StatusCode, p.s.status())
	}
	if q.Nonce != "" && cached(resp.Header) {
		return nil, "a cache answered in the consumer's place, which proves nothing"
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case len(text) > maxBody:
		return nil, "answered more than 1 MiB"
	case err != nil:
		return nil, "no whole answer: " + wire.Classify("http.Prove", false, err).Err.Error()
	case p.expect == nil && p.attest == nil:
		return nil, ""
	case json.Unmarshal(text, &body) != nil:
		return nil, "answered something that is not JSON"
	}
	return body, ""
}

// unwell says what keeps expect from holding, or nothing.
func (p *probe) unwell(ctx context.Context, body any) string {
	if p.expect == nil {
		return ""
	}
	got, wrong := p.expect.first(ctx, body)
	if wrong == "" && got != true {
		wrong = "expect is not true"
	}
	return wrong
}

// cached reports whether a response was kept by a cache: it then has an age.
func cached(h http.Header) bool {
	for _, age := range h.Values("Age") {
		if n, err := strconv.Atoi(age); err != nil || n != 0 {
			return true
		}
	}
	return false
}

// shows reads what the answer says of the value in use.
func (p *probe) shows(ctx context.Context, body any, q attest.Question) (shown, string) {
	if q.Nonce == "" {
		return p.attest.digest(ctx, body)
	}
	return p.attest.answer(ctx, body, q)
}

// attested compares what the answer shows with both generations. What a
// snapshot stands for cannot be compared; then all that counts is that it is
// not the other generation, which only an answer to this question can say.
func (p *probe) attested(ctx context.Context, body any, q attest.Question, l pawl.Look) pawl.Observation {
	if p.attest == nil {
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.NoEvidence, Detail: "healthy"}
	}
	is, wrong := p.shows(ctx, body, q)
	stale := ""
	if a, ok := is.(answer); ok && wrong == "" {
		stale = p.stale(body, a, l)
	}
	switch {
	case stale != "":
		return pawl.Observation{Detail: stale}
	case wrong == "" && is.of(l.Not) && !l.Not.Equal(l.Want.Secret):
		return pawl.Observation{Holds: pawl.HoldsNot, Detail: "attests the other generation: not moved yet"}
	case l.Want.Snapshot && wrong == "":
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.NoEvidence, Holds: pawl.HoldsOther, Detail: "attests that it is not on the other generation"}
	case wrong != "":
		return pawl.Observation{Detail: wrong}
	case is.of(l.Want.Secret):
		detail := "attests the value"
		if q.Nonce != "" {
			detail += ", asked with a fresh nonce"
		}
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.Attested, Holds: pawl.HoldsWant, Detail: detail}
	}
	return pawl.Observation{Holds: pawl.HoldsOther, Detail: "attests a value that is of neither generation"}
}

// stale says why an answer is not known to be to this question, or nothing. One
// that either value explains is; of any other it is known only if it repeats
// the nonce, and otherwise it may be an old one, and no third value.
func (p *probe) stale(body any, a answer, l pawl.Look) string {
	again := p.last.again(a.Answer)
	if a.of(l.Want.Secret) && !l.Want.Snapshot || a.of(l.Not) {
		return ""
	}
	said, _ := body.(map[string]any)
	switch nonce, has := said["nonce"]; {
	case again:
		return "gives the same answer to two questions: cached, or it does not use the nonce"
	case has && nonce != a.to.Nonce:
		return "answers an earlier question: cached or replayed"
	case !has:
		return "attests neither generation with this nonce, and does not repeat the nonce"
	}
	return ""
}
