package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
)

// A Provider is an OpenID provider that vouches for people.
type Provider struct {
	Name     string // in addresses: "acme"
	Title    string // on the button; empty: the name
	Issuer   string // exactly as the provider says it: https://id.acme.example
	ClientID string
	Secret   func(context.Context) (pawl.Secret, error)
	// Transport makes the requests. Nil: an own one.
	Transport http.RoundTripper
}

// Callback is where a provider sends people back to; it has to be told so.
func (s *Server) Callback(p Provider) string {
	return s.origin.String() + "/sign-in/oidc/" + p.Name + "/callback"
}

// check reports why a provider cannot be used, or nil.
func (p Provider) check() error {
	bad := func(why string) error {
		return &pawl.Error{Op: "sign-in", Kind: pawl.Invalid, Err: errors.New("the provider " + p.Name + ": " + why)}
	}
	u, err := url.Parse(p.Issuer)
	switch {
	case roster.ValidName(p.Name) != nil:
		return bad("its name has to be lower-case letters, digits, dots and dashes")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return bad("its issuer is no address")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return bad("its issuer has to begin with https")
	case p.ClientID == "" || p.Secret == nil:
		return bad("it needs a client id and a client secret")
	}
	return nil
}

// A remote is a provider that is asked. What it says of itself is read when it
// is first needed, so that a server starts while its provider is down.
type remote struct {
	Provider
	callback string
	now      func() time.Time
	http     *http.Client

	mu     sync.Mutex
	known  *oidc.Provider
	failed error
	again  time.Time // not asked again before
}

// Limits of what a provider may do to us.
const (
	providerTimeout = 10 * time.Second
	mostProvider    = 1 << 20
	askAgain        = 10 * time.Second
)

func newRemote(p Provider, callback string, now func() time.Time) *remote {
	over := p.Transport
	if over == nil {
		over = &http.Transport{Proxy: nil, TLSHandshakeTimeout: providerTimeout, ResponseHeaderTimeout: providerTimeout, MaxResponseHeaderBytes: 64 << 10}
	}
	return &remote{Provider: p, callback: callback, now: now, http: &http.Client{Transport: capped{over}, Timeout: providerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// capped bounds what is read of an answer.
type capped struct{ over http.RoundTripper }

func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.over.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, mostProvider), res.Body}
	}
	return res, err
}

// meet returns the provider with what it says of itself. Its issuer has to be
// the one that is configured, to the letter.
func (m *remote) meet(ctx context.Context) (*oidc.Provider, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known != nil {
		return m.known, nil
	}
	if m.failed != nil && m.now().Before(m.again) {
		return nil, m.failed
	}
	// It is kept for others, so it is not bound to whoever asks first.
	known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), m.http), m.Issuer)
	if err != nil {
		m.again = m.now().Add(askAgain)
		m.failed = &pawl.Error{Op: "sign-in", Kind: pawl.Unavailable, Err: errors.New("the provider " + m.title() + " does not answer as it should"), Hint: "try again, or sign in another way"}
		return nil, m.failed
	}
	m.known, m.failed = known, nil
	return known, nil
}

func (m *remote) title() string {
	if m.Title != "" {
		return m.Title
	}
	return m.Name
}

func (m *remote) oauth(known *oidc.Provider, secret pawl.Secret) *oauth2.Config {
	return &oauth2.Config{ClientID: m.ClientID, ClientSecret: string(secret.Reveal()), Endpoint: known.Endpoint(), RedirectURL: m.callback, Scopes: []string{oidc.ScopeOpenID}}
}

// A voucher is what a provider says of somebody.
type voucher struct {
	subject string
	proved  time.Time // when they last showed the provider who they are; zero: it does not say
}

// exchange trades a code for what the provider says, and checks all of it: who
// signed it, for whom, when, and that it is the answer to what was asked here.
// What the provider says in an error is not repeated: it may hold the code.
func (m *remote) exchange(ctx context.Context, code string, t ticket) (voucher, error) {
	known, err := m.meet(ctx)
	if err != nil {
		return voucher{}, err
	}
	secret, err := m.Secret(ctx)
	if err != nil {
		return voucher{}, err
	}
	ctx = oidc.ClientContext(ctx, m.http)
	token, err := m.oauth(known, secret).Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		if _, refused := errors.AsType[*oauth2.RetrieveError](err); refused {
			return voucher{}, denied("the provider does not accept what it has sent itself", "begin again")
		}
		return voucher{}, &pawl.Error{Op: "sign-in", Kind: pawl.Unavailable, Err: errors.New("the provider " + m.title() + " cannot be reached"), Hint: "try again"}
	}
	raw, _ := token.Extra("id_token").(string)
	said, err := known.Verifier(&oidc.Config{ClientID: m.ClientID, Now: m.now}).Verify(ctx, raw)
	if err != nil {
		return voucher{}, denied("what the provider says of you cannot be believed", "begin again; if it stays like this, tell an admin")
	}
	return m.believe(said, t)
}

// believe checks what the library leaves to us.
func (m *remote) believe(said *oidc.IDToken, t ticket) (voucher, error) {
	var more struct {
		AuthTime int64  `json:"auth_time"`
		Party    string `json:"azp"`
	}
	if err := said.Claims(&more); err != nil {
		return voucher{}, denied("what the provider says of you cannot be read", "tell an admin")
	}
	now := m.now()
	switch {
	case said.Subject == "" || len(said.Subject) > 255 || !sameText(said.Nonce, t.Nonce):
		return voucher{}, denied("this is not the answer to what was asked here", "begin again")
	case more.Party != "" && more.Party != m.ClientID || more.Party == "" && len(said.Audience) > 1 && !slices.Equal(said.Audience, []string{m.ClientID}):
		return voucher{}, denied("this is for another application", "begin again")
	case said.IssuedAt.Sub(now) > time.Minute || now.Sub(said.IssuedAt) > ticketFor+time.Minute:
		return voucher{}, denied("this was said at another time", "see whether the clocks of this server and of the provider are right")
	}
	v := voucher{subject: said.Subject}
	if proved := time.Unix(more.AuthTime, 0); more.AuthTime > 0 && proved.Sub(now) <= time.Minute {
		v.proved = proved.UTC()
	}
	return v, nil
}
