package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/wire"
)

// client is a connection to one GitHub. It is safe for concurrent use.
type client struct {
	*gh.Client
	name string           // the connection's, for people
	now  func() time.Time // the wall clock
	runs dispatches       // what it has started itself
}

func open(c provider.Connection) (any, error) {
	root := c.URL
	if root == "" {
		root = DefaultURL
	}
	base, err := url.Parse(root + "/")
	if err != nil || base.Host == "" || base.User != nil {
		return nil, &pawl.Error{Op: "github.Open", Kind: pawl.Invalid, Err: errors.New("url: not the root of a REST API")}
	}
	token := c.Secrets["token"]
	if !sendable(token) {
		return nil, &pawl.Error{Op: "github.Open", Kind: pawl.Invalid, Err: errors.New("token: empty, or with characters that no token has")}
	}
	hc := c.HTTP
	if hc == nil || hc.Transport == nil { // the process's own would follow its environment's proxy
		hc = wire.NewClient(wire.Options{Vendor: "github"})
	}
	root = base.String()
	client := &client{name: cmp.Or(c.Name, "github"), now: time.Now}
	client.Client, err = gh.NewClient(gh.WithHTTPClient(signing(hc, token)), gh.WithURLs(&root, nil), gh.WithUserAgent("pawl"))
	if err != nil {
		return nil, &pawl.Error{Op: "github.Open", Kind: pawl.Invalid, Err: errors.New("url: not the root of a REST API")}
	}
	return client, nil
}

func sendable(token pawl.Secret) bool {
	text := token.Reveal()
	for _, b := range text {
		if b <= ' ' || b >= 0x7f {
			return false
		}
	}
	return len(text) > 0
}

// signing returns a client that sends the token with every request, and that
// hands out redirects rather than following them, token and all.
func signing(hc *http.Client, token pawl.Secret) *http.Client {
	signed := *hc
	signed.Transport = &signer{next: signed.Transport, token: token}
	signed.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &signed
}

// signer adds the token at the last moment, so that no library holds it.
type signer struct {
	next  http.RoundTripper
	token pawl.Secret
}

func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+string(s.token.Reveal()))
	return s.next.RoundTrip(req)
}

var (
	errNotExpected = errors.New("the answer is not the JSON that was expected")
	errEmpty       = errors.New("the answer lacks what was asked for")
)

// read makes one call without effect through go-github. It never returns nil
// without an error: go-github takes an empty body for an answer.
func read[T any](c *client, op string, call func() (*T, *gh.Response, error)) (*T, error) {
	got, resp, err := call()
	if err != nil {
		return nil, c.failed(op, false, resp, err)
	}
	if got == nil {
		return nil, incomplete(op)
	}
	return got, nil
}

// get is [read] for what go-github has no fitting method for.
func get[T any](ctx context.Context, c *client, op, path string) (*T, error) {
	return read(c, op, func() (*T, *gh.Response, error) {
		req, err := c.NewRequest(ctx, http.MethodGet, path, nil)
		if err != nil {
			return nil, nil, err
		}
		var got *T
		resp, err := c.Do(req, &got)
		return got, resp, err
	})
}

// run reads one run of a workflow.
func (c *client) run(ctx context.Context, op, repository string, id int64) (*gh.WorkflowRun, error) {
	owner, repo, _ := strings.Cut(repository, "/")
	run, err := read(c, op, func() (*gh.WorkflowRun, *gh.Response, error) {
		return c.Actions.GetWorkflowRunByID(ctx, owner, repo, id)
	})
	if err == nil && (run.GetID() != id || run.GetStatus() == "") {
		return nil, incomplete(op)
	}
	return run, err
}

// maxPages bounds a listing; 100 entries each.
const maxPages = 20

// pages reads a whole listing. It is an error rather than a short answer if
// there is more than that.
func pages[T any](c *client, op string, list func(gh.ListOptions) (*T, *gh.Response, error), each func(*T) error) error {
	next := 1
	for range maxPages {
		page, err := read(c, op, func() (*T, *gh.Response, error) {
			got, resp, err := list(gh.ListOptions{Page: next, PerPage: 100})
			if resp != nil {
				next = resp.NextPage
			}
			return got, resp, err
		})
		if err != nil {
			return err
		}
		if err := each(page); err != nil || next == 0 {
			return err
		}
	}
	return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: fmt.Errorf("the list has more than %d entries", maxPages*100)}
}

func incomplete(op string) *pawl.Error {
	return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errEmpty}
}

// failed turns what go-github returned into an error of the kind that the
// status stands for. The text of go-github's errors is never used: it quotes
// the answer.
//
// Doc: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
func (c *client) failed(op string, mutates bool, resp *gh.Response, err error) *pawl.Error {
	if wait, ok := limited(resp, err); ok {
		return &pawl.Error{Op: op, Kind: pawl.Throttled, After: min(max(wait, 0), wire.MaxAfter), Err: errors.New("GitHub's rate limit is used up")}
	}
	if resp == nil || resp.Response == nil {
		return wire.Classify(op, mutates, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refused(wire.Answer(op, mutates, resp.StatusCode, resp.Header))
	}
	e := wire.Classify(op, mutates, err) // for its Kind: the answer did not arrive whole
	switch {
	case resp.StatusCode == http.StatusAccepted:
		e.Err = errors.New("answered 202: not done yet")
	case undecodable(err):
		e.Err = errNotExpected
	}
	return e
}

// refused names the connection where it is its token that GitHub objects to.
func (c *client) refused(e *pawl.Error) *pawl.Error {
	switch e.Kind {
	case pawl.Denied:
		e.Err = fmt.Errorf("connection %s: the token is refused (401)", c.name)
		e.Hint = "GitHub refuses the token of connection " + c.name + ". Give it one that is still valid, with the permissions " + permissions
	case pawl.Forbidden:
		e.Err = fmt.Errorf("connection %s: the token may not do this (403)", c.name)
	}
	return e
}

func undecodable(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, typ := errors.AsType[*json.UnmarshalTypeError](err)
	_, date := errors.AsType[*time.ParseError](err)
	return syntax || typ || date
}

// limited reports whether the call was refused for its rate, by GitHub or by
// go-github, which remembers a limit and then sends nothing.
func limited(resp *gh.Response, err error) (wait time.Duration, ok bool) {
	if e, ok := errors.AsType[*gh.RateLimitError](err); ok {
		return time.Until(e.Rate.Reset.Time), true
	}
	if e, ok := errors.AsType[*gh.AbuseRateLimitError](err); ok {
		if e.RetryAfter == nil {
			return time.Minute, true // the least that GitHub asks for
		}
		return *e.RetryAfter, true
	}
	if resp != nil && resp.Response != nil && resp.StatusCode == http.StatusForbidden && resp.Header.Get("Retry-After") != "" {
		return wire.RetryAfter(resp.Header, time.Now()), true
	}
	return 0, false
}

// hinted adds what a person can do about errors of some kinds.
func hinted(err error, hints map[pawl.Kind]string) error {
	e, ok := errors.AsType[*pawl.Error](err)
	if ok && e.Hint == "" {
		e.Hint = hints[e.Kind]
	}
	return err
}

// link is a run's page, if it is an address that can be shown.
func link(run *gh.WorkflowRun) string {
	u, err := url.Parse(run.GetHTMLURL())
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Sprintf("run %d", run.GetID())
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

// printable keeps what a vendor calls something from steering a terminal.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, name)
}
