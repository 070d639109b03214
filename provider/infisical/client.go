package infisical

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/wire"
)

// client is one connection: a server, an identity and its session. It is safe
// for concurrent use.
type client struct {
	name string // of the connection, for hints
	root string // of the server, without /api
	id   pawl.Secret
	key  pawl.Secret
	http *http.Client

	signing chan struct{} // holds one token: only one signs in at a time

	mu      sync.Mutex
	session *session
	refused *pawl.Error // the sign-in was refused, for good
	routes  routes      // the API that this server was seen to have
}

// session is what a sign-in gave.
type session struct {
	token pawl.Secret
	until time.Time // zero: the server did not say
}

func newClient(c provider.Connection) *client {
	root := strings.TrimRight(c.URL, "/")
	if root == "" {
		root = defaultURL
	}
	return &client{
		name:    c.Name,
		root:    strings.TrimSuffix(root, "/api"),
		id:      c.Secrets["client_id"],
		key:     c.Secrets["client_secret"],
		http:    c.HTTP,
		signing: make(chan struct{}, 1),
	}
}

// call makes a request in a session. A session that the server refuses is
// replaced once; such a refusal comes before any effect, so this is no retry of
// something that may have happened.
func (c *client) call(ctx context.Context, r wire.Request, out any) error {
	s, err := c.signedIn(ctx, r.Op)
	if err != nil {
		return err
	}
	err = c.send(ctx, s, r, out)
	if !errors.Is(err, errSession) {
		return err
	}
	c.forget(s)
	if s, err = c.signedIn(ctx, r.Op); err != nil {
		return err
	}
	return c.send(ctx, s, r, out)
}

func (c *client) send(ctx context.Context, s *session, r wire.Request, out any) error {
	r.Token = s.token
	_, err := wire.Do(ctx, c.http, r, out)
	return err
}

// signedIn returns a session that is valid as far as is known, signing in if
// there is none.
func (c *client) signedIn(ctx context.Context, op string) (*session, error) {
	if s, err := c.current(op); s != nil || err != nil {
		return s, err
	}
	select {
	case c.signing <- struct{}{}:
	case <-ctx.Done():
		return nil, &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: ctx.Err()}
	}
	defer func() { <-c.signing }()
	if s, err := c.current(op); s != nil || err != nil {
		return s, err // somebody else has just signed in
	}
	s, err := c.signIn(ctx, op)
	if e, ok := errors.AsType[*pawl.Error](err); ok && e.Kind == pawl.Denied {
		c.lock(func() { c.refused = e })
	}
	if err != nil {
		return nil, err
	}
	c.lock(func() { c.session = s })
	return s, nil
}

// current returns the session in hand, or the refusal that rules one out.
func (c *client) current(op string) (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused != nil {
		again := *c.refused
		again.Op = op
		return nil, &again
	}
	if s := c.session; s != nil && (s.until.IsZero() || time.Now().Before(s.until)) {
		return s, nil
	}
	return nil, nil
}

// forget drops s, unless another caller has replaced it already.
func (c *client) forget(s *session) {
	c.lock(func() {
		if c.session == s {
			c.session = nil
		}
	})
}

func (c *client) lock(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// signIn makes one sign-in with universal auth. A refusal is Denied.
//
// API: https://infisical.com/docs/api-reference/endpoints/universal-auth/login
func (c *client) signIn(ctx context.Context, op string) (*session, error) {
	var got struct {
		AccessToken held    `json:"accessToken"`
		ExpiresIn   float64 `json:"expiresIn"` // seconds
	}
	begun := time.Now()
	_, err := wire.Do(ctx, c.http, wire.Request{
		Op:     op,
		Method: http.MethodPost,
		URL:    c.root + "/api/v1/auth/universal-auth/login",
		Body:   map[string]string{"clientId": string(c.id.Reveal()), "clientSecret": string(c.key.Reveal())},
		Fail:   c.signInFailed,
	}, &got)
	if err != nil {
		return nil, err
	}
	if got.AccessToken.IsZero() {
		return nil, &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errors.New("the answer to the sign-in holds no token")}
	}
	s := &session{token: got.AccessToken.Secret}
	if life := time.Duration(got.ExpiresIn * float64(time.Second)); life > 0 {
		s.until = begun.Add(life - min(life/10, time.Minute)) // before it ends, not after
	}
	return s, nil
}

var errSignIn = errors.New("the sign-in was refused")

func (c *client) signInFailed(status int, _ http.Header, body []byte) *pawl.Error {
	a := readAnswer(status, body)
	switch {
	case status == http.StatusNotFound && !a.isMissing():
		return &pawl.Error{Kind: pawl.Invalid, Err: errRoute,
			Hint: fmt.Sprintf("the url of the connection %q does not lead to an Infisical server", c.name)}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return &pawl.Error{Kind: pawl.Denied, Err: errSignIn,
			Hint: fmt.Sprintf("check client_id and client_secret of the connection %q (three wrong attempts lock the identity for some minutes), then start again", c.name)}
	}
	return nil
}

// failed reads an answer that is not a success, about the secret at s.
func (c *client) failed(s *settings) func(int, http.Header, []byte) *pawl.Error {
	return func(status int, _ http.Header, body []byte) *pawl.Error {
		a := readAnswer(status, body)
		switch a.about(s.Key) {
		case errSession:
			return &pawl.Error{Kind: pawl.Denied, Err: errSession,
				Hint: fmt.Sprintf("the server refuses the token that it gave for client_id and client_secret of the connection %q; check the identity's access token settings", c.name)}
		case errAbsent:
			return &pawl.Error{Kind: pawl.NotFound, Err: errAbsent, Hint: "create the secret: " + s.Where()}
		case errVague:
			return &pawl.Error{Kind: pawl.NotFound, Err: errVague, Hint: "create the secret: " + s.Where()}
		case errFolder:
			return &pawl.Error{Kind: pawl.NotFound, Err: errFolder,
				Hint: fmt.Sprintf("check project %s, environment %s and path %s, and that the identity is a member of the project", s.Project, s.Env, s.folder())}
		case errRoute:
			// Not NotFound: that would say that there is no such secret.
			return &pawl.Error{Kind: pawl.Unavailable, Err: errRoute, Hint: fmt.Sprintf("check the url of the connection %q", c.name)}
		case errExists:
			return &pawl.Error{Kind: pawl.Conflict, Err: errExists}
		}
		if status == http.StatusForbidden {
			return &pawl.Error{Kind: pawl.Forbidden,
				Hint: fmt.Sprintf("give the identity of the connection %q the permission to read and edit secrets in project %s, environment %s, path %s", c.name, s.Project, s.Env, s.folder())}
		}
		return nil
	}
}
