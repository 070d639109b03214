package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Client talks to a server. It follows no redirects, bounds what it reads,
// and is safe for concurrent use. Errors of the server are [*Problem]; that none
// was reached is [pawl.Unavailable], and if the request may have arrived
// [pawl.Unknown].
type Client struct {
	base  string
	token pawl.Secret
	http  *http.Client
}

// What is read of one answer, and of one file, at most.
const (
	mostAnswer = 32 << 20
	mostFile   = 256 << 20
)

// Dial returns a client of a server: "unix:/run/pawl/pawl.sock" or an address
// that begins with https, or with http for this machine only. Nothing is sent
// yet. Over a socket the kernel says who asks and token is not needed.
func Dial(server string, token pawl.Secret) (*Client, error) {
	t := &http.Transport{ResponseHeaderTimeout: 5 * time.Minute, MaxResponseHeaderBytes: 64 << 10}
	c := &Client{base: strings.TrimRight(server, "/"), token: token, http: &http.Client{Transport: t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if path, ok := strings.CutPrefix(server, "unix:"); ok {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		c.base = "http://pawl"
		return c, nil
	}
	u, err := url.Parse(server)
	host, _, split := net.SplitHostPort(server)
	switch {
	case split == nil && loopback(host):
		return nil, &pawl.Error{Op: "api.Dial", Kind: pawl.Invalid, Err: errors.New("not the address of a server"), Hint: "want http://" + server + " or unix:/path/to/pawl.sock"}
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return nil, &pawl.Error{Op: "api.Dial", Kind: pawl.Invalid, Err: errors.New("not the address of a server"), Hint: "want unix:/path/to/pawl.sock or https://host"}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, &pawl.Error{Op: "api.Dial", Kind: pawl.Invalid, Err: errors.New("plain http to another machine"), Hint: "use https"}
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Credentials lists a part of the catalog.
func (c *Client) Credentials(ctx context.Context, after string) (p Page[Credential], err error) {
	return p, c.get(ctx, "/api/v1/credentials?"+url.Values{"after": {after}, "limit": {"200"}}.Encode(), &p)
}

// Credential returns one credential.
func (c *Client) Credential(ctx context.Context, name string) (v CredentialView, err error) {
	return v, c.get(ctx, "/api/v1/credentials/"+url.PathEscape(name), &v)
}

// Plan looks at what a rotation would do.
func (c *Client) Plan(ctx context.Context, name string, reason pawl.Reason) (p Planned, err error) {
	return p, c.post(ctx, "/api/v1/credentials/"+url.PathEscape(name)+"/plans", map[string]string{"reason": string(reason)}, 0, &p)
}

// Calendar is what is coming.
func (c *Client) Calendar(ctx context.Context) (all Calendar, err error) {
	return all, c.get(ctx, "/api/v1/calendar", &all)
}

// People lists who belongs to the team.
func (c *Client) People(ctx context.Context) (p Page[Person], err error) {
	return p, c.get(ctx, "/api/v1/people", &p)
}

// Tokens lists tokens, newest first.
func (c *Client) Tokens(ctx context.Context) (p Page[Token], err error) {
	return p, c.get(ctx, "/api/v1/tokens", &p)
}

// RevokeToken ends a token.
func (c *Client) RevokeToken(ctx context.Context, id string) (t Token, err error) {
	return t, c.post(ctx, "/api/v1/tokens/"+url.PathEscape(id)+"/revoke", struct{}{}, 0, &t)
}

// Start begins a rotation.
func (c *Client) Start(ctx context.Context, s Start) (r Rotation, err error) {
	return r, c.post(ctx, "/api/v1/rotations", s, 0, &r)
}

// Rotations lists rotations, newest first.
func (c *Client) Rotations(ctx context.Context, open bool, after string) (p Page[Rotation], err error) {
	return p, c.get(ctx, "/api/v1/rotations?"+url.Values{"after": {after}, "open": {strconv.FormatBool(open)}, "limit": {"200"}}.Encode(), &p)
}

// Rotation returns one rotation.
func (c *Client) Rotation(ctx context.Context, id pawl.RotationID) (r Rotation, err error) {
	return r, c.get(ctx, path(id), &r)
}

// Lines returns the events of a rotation after the one with this number.
func (c *Client) Lines(ctx context.Context, id pawl.RotationID, after int) (p Page[Line], err error) {
	return p, c.get(ctx, path(id)+"/events?after="+strconv.Itoa(after), &p)
}

// Say says something to a rotation: pause, resume, revoke, rollback, approve,
// break-glass, deny, confirm, handover or accept. A revision that is not 0 is what was looked at.
func (c *Client) Say(ctx context.Context, id pawl.RotationID, verb string, d Decision, revision int64) (r Rotation, err error) {
	return r, c.post(ctx, path(id)+"/"+verb, d, revision, &r)
}

// Follow calls f with each event of a rotation from the one after last on, and
// comes back when the connection ends: call it again with what was seen last.
func (c *Client) Follow(ctx context.Context, id pawl.RotationID, last int, f func(Line) error) error {
	req, err := c.request(ctx, http.MethodGet, "/api/v1/events?rotation="+url.QueryEscape(id.String()), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Last-Event-ID", strconv.Itoa(last))
	res, err := c.http.Do(req)
	if err != nil {
		return unreached(ctx, err, false)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refusal(res)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var line Line
		if err := json.Unmarshal([]byte(data), &line); err != nil {
			return &pawl.Error{Op: "api", Kind: pawl.Unavailable, Err: errors.New("the stream cannot be read")}
		}
		if err := f(line); err != nil {
			return err
		}
	}
	return lines.Err()
}

func path(id pawl.RotationID) string {
	return "/api/v1/rotations/" + url.PathEscape(id.Credential) + "/" + strconv.Itoa(id.Number)
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return c.do(req, into)
}

// post sends one request with a key of its own. It is not repeated here: who
// calls again does so with a fresh key, and the server's state decides.
func (c *Client) post(ctx context.Context, path string, body any, revision int64, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := c.request(ctx, http.MethodPost, path, text)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	if revision != 0 {
		req.Header.Set("If-Match", fmt.Sprintf("%q", strconv.FormatInt(revision, 10)))
	}
	return c.do(req, into)
}

func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, &pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("not an address")}
	}
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+string(c.token.Reveal()))
	}
	return req, nil
}

func (c *Client) do(req *http.Request, into any) error { return c.send(req, decode(into)) }

// send makes a request and hands the body of its answer on.
func (c *Client) send(req *http.Request, read func(io.Reader) error) error {
	changes := req.Method != http.MethodGet
	res, err := c.http.Do(req)
	if err != nil {
		return unreached(req.Context(), err, changes)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refusal(res)
	}
	err = read(res.Body)
	if _, ours := errors.AsType[*pawl.Error](err); err != nil && !ours {
		return unreached(req.Context(), err, changes)
	}
	return err
}

// refusal reads a problem. What is no problem comes from something in between.
func refusal(res *http.Response) error {
	if res.StatusCode == http.StatusMisdirectedRequest {
		return &pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("the server goes by another name"), Hint: "use the one that pawl serve --url says"}
	}
	var p Problem
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if json.Unmarshal(text, &p) != nil || p.Code == "" {
		return &pawl.Error{Op: "api", Kind: pawl.Unavailable, Err: fmt.Errorf("status %d from something that is not pawl", res.StatusCode)}
	}
	return &p
}

func unreached(ctx context.Context, err error, changes bool) error {
	kind := pawl.Unavailable
	var op *net.OpError
	if changes && !(errors.As(err, &op) && op.Op == "dial") {
		kind = pawl.Unknown
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // the address is known to who called
	}
	return &pawl.Error{Op: "api", Kind: kind, Err: err, Hint: "is the server running?  pawl serve"}
}
