// Package httpprobe asks a consumer over HTTP whether it is well and which
// generation it uses.
//
// The consumer answers with JSON, and two jq expressions read it:
//
//	expect   is true when the consumer is well; alone it is a condition, no evidence
//	attest   gives the SHA-256 of the value in use, in hex
//
// Attesting is what makes the probe evidence of class [pawl.Attested]. Only for
// values with so much entropy that a digest gives nothing away.
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

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/wire"
)

// maxBody is how much of an answer is read.
const maxBody = 1 << 20

// Provider offers the prover "http", which asks through hc. It needs no
// connection: where none is given to [provider.ProverKind.New], hc is used.
func Provider(hc *http.Client) provider.Provider {
	kind := provider.Prover("http", 1, "An HTTP endpoint that tells how the consumer is, and may attest the value in use.", newProbe)
	open := kind.New
	kind.New = func(client any, settings json.RawMessage) (pawl.Prover, error) {
		if client == nil {
			client = hc
		}
		p, err := open(client, settings)
		if err != nil {
			return nil, err
		}
		if bad := p.(*probe).bad; bad != nil {
			return nil, &pawl.Error{Op: "http", Kind: pawl.Invalid, Err: bad}
		}
		return p, nil
	}
	return provider.Provider{Name: "http", Doc: "Asks a consumer's own endpoint.", Provers: []provider.ProverKind{kind}}
}

var (
	_ pawl.Prover      = (*probe)(nil)
	_ pawl.Preflighter = (*probe)(nil)
)

type probe struct {
	hc             *http.Client
	s              Settings
	expect, attest *query // nil where not given
	bad            error
}

func newProbe(hc *http.Client, s Settings) pawl.Prover {
	p := &probe{s: s}
	p.expect, p.attest, p.bad = s.compile()
	if hc == nil {
		hc = wire.NewClient(wire.Options{Vendor: "http", MaxBody: maxBody})
	}
	asking := *hc
	asking.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.hc = &asking
	return p
}

// Prove asks once. What the endpoint does wrong is no error: it may be right
// the next time. The only error is that ctx was cancelled, or that there is no
// value to compare with.
func (p *probe) Prove(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	if p.attest != nil && l.Want.Secret.IsZero() {
		return pawl.Observation{}, &pawl.Error{Op: "http.Prove", Kind: pawl.Invalid, Err: errors.New("no value to compare with")}
	}
	body, wrong := p.ask(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return pawl.Observation{}, &pawl.Error{Op: "http.Prove", Kind: pawl.Unavailable, Err: ctx.Err()}
	}
	if wrong != "" {
		return pawl.Observation{Detail: wrong}, nil
	}
	seen := p.attested(ctx, body, l)
	if wrong := p.unwell(ctx, body); wrong != "" {
		return pawl.Observation{Holds: seen.Holds, Detail: wrong}, nil
	}
	return seen, nil
}

// Preflight remarks on an endpoint that does not do its part now.
func (p *probe) Preflight(ctx context.Context) ([]string, error) {
	body, wrong := p.ask(ctx)
	if wrong == "" {
		wrong = p.unwell(ctx, body)
	}
	if wrong == "" && p.attest != nil {
		_, wrong = p.attest.digest(ctx, body)
	}
	if wrong == "" {
		return nil, nil
	}
	return []string{p.s.Where() + ": " + wrong}, nil
}

// ask returns the decoded answer, or what is wrong with it. The answer need not
// be JSON if nothing is read from it.
func (p *probe) ask(ctx context.Context) (body any, wrong string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.s.HTTP, nil)
	if err != nil {
		return nil, "not a request that can be made"
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set("User-Agent", "pawl")
	resp, err := p.hc.Do(req)
	if err != nil {
		return nil, "no answer: " + wire.Classify("http.Prove", false, err).Err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode != p.s.status() {
		return nil, fmt.Sprintf("answered %d, wanted %d", resp.StatusCode, p.s.status())
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

// attested compares the digest in the answer with that of both generations. What
// a snapshot stands for cannot be compared; then all that counts is that it is
// not the other generation.
func (p *probe) attested(ctx context.Context, body any, l pawl.Look) pawl.Observation {
	if p.attest == nil {
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.NoEvidence, Detail: "healthy"}
	}
	digest, wrong := p.attest.digest(ctx, body)
	switch {
	case wrong == "" && digest.of(l.Not) && !l.Not.Equal(l.Want.Secret):
		return pawl.Observation{Holds: pawl.HoldsNot, Detail: "attests the other generation: not moved yet"}
	case l.Want.Snapshot:
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.NoEvidence, Detail: "healthy"}
	case wrong != "":
		return pawl.Observation{Detail: wrong}
	case digest.of(l.Want.Secret):
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.Attested, Holds: pawl.HoldsWant, Detail: "attests the value"}
	}
	return pawl.Observation{Holds: pawl.HoldsOther, Detail: "attests a value that is of neither generation"}
}
