package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"github.com/pawl-dev/pawl"
)

// A Request is one call of a vendor's JSON API.
type Request struct {
	Op      string // for errors, as "heroku.Mint"
	Method  string
	URL     string // never holds a secret: no user part is allowed, and the query is left out of errors and logs
	Header  http.Header
	Token   pawl.Secret // sent as Bearer; zero: none
	Body    any         // sent as JSON; nil: none
	Mutates bool        // the vendor changes something, so that a lost answer is Unknown

	// Fail is the vendor's own reading of an answer that is not a success. The
	// body may be cut short. A nil result leaves it to [Answer]; an empty Op
	// or Err is filled in. What it returns must not quote the body.
	Fail func(status int, header http.Header, body []byte) *pawl.Error
}

// A Response is what came back besides the body.
type Response struct {
	Status int
	Header http.Header
}

const maxErrorBody = 64 << 10

var errNotJSON = errors.New("the answer is not the JSON that was expected")

// Do makes one call, once, and decodes the answer into out. If out is nil the
// answer may be empty, but what there is has to be whole JSON too: a proxy's
// sign-in page is no success.
//
// Errors are [*pawl.Error], of the kinds given at [Answer] and [Classify]. An
// answer that is cut short, too big, encoded or not the expected JSON is
// Unknown if r mutates, else Unavailable. On an error out is not to be used.
// The Response is filled in whenever there was an answer at all.
//
// A client that was not made by [NewClient] is put within its default bounds.
func Do(ctx context.Context, hc *http.Client, r Request, out any) (Response, error) {
	req, err := r.build(ctx)
	if err != nil {
		return Response{}, &pawl.Error{Op: r.Op, Kind: pawl.Invalid, Err: err}
	}
	hc, err = within(hc)
	if err != nil {
		return Response{}, &pawl.Error{Op: r.Op, Kind: pawl.Invalid, Err: err}
	}
	resp, err := hc.Do(req)
	if err != nil {
		return Response{}, r.located(req, Classify(r.Op, r.Mutates, err))
	}
	defer resp.Body.Close()
	got := Response{resp.StatusCode, resp.Header}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return got, r.located(req, r.refused(resp))
	}
	if err := decode(resp.Body, out); err != nil {
		return got, r.located(req, Classify(r.Op, r.Mutates, err))
	}
	return got, nil
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("not the URL of an API")
	}
	if u.User != nil {
		return nil, errors.New("the URL has a user part")
	}
	var body io.Reader
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return nil, fmt.Errorf("a %T cannot be written as JSON", r.Body)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, errors.New("not a request that can be sent")
	}
	return req, r.setHeader(req.Header)
}

func (r Request) setHeader(h http.Header) error {
	h.Set("Accept", "application/json")
	h.Set("User-Agent", "pawl (+https://github.com/pawl-dev/pawl)")
	if r.Body != nil {
		h.Set("Content-Type", "application/json")
	}
	maps.Copy(h, r.Header)
	if r.Token.IsZero() {
		return nil
	}
	token := r.Token.Reveal()
	if bytes.ContainsFunc(token, notToken) {
		return errors.New("the token holds characters that no token has")
	}
	h.Set("Authorization", "Bearer "+string(token))
	return nil
}

// notToken reports what must not be in a header's value; a token read from a
// file often ends in a newline.
func notToken(r rune) bool { return r <= ' ' || r >= 0x7f }

func within(hc *http.Client) (*http.Client, error) {
	if hc == nil {
		return nil, errors.New("no HTTP client")
	}
	if _, ok := hc.Transport.(bounded); ok {
		return hc, nil
	}
	rt := hc.Transport
	if rt == nil {
		return NewClient(Options{}), nil
	}
	return clientOver(Options{}, rt), nil
}

// refused reads an answer that is not a success.
func (r Request) refused(resp *http.Response) *pawl.Error {
	usual := Answer(r.Op, r.Mutates, resp.StatusCode, resp.Header)
	if r.Fail == nil {
		return usual
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // the status alone says enough
	e := r.Fail(resp.StatusCode, resp.Header, body)
	if e == nil {
		return usual
	}
	if e.Op == "" {
		e.Op = r.Op
	}
	if e.Err == nil {
		e.Err = usual.Err
	}
	if e.After == 0 && e.Kind.Unchanged() {
		e.After = usual.After
	}
	return e
}

// located adds what was asked of whom.
func (r Request) located(req *http.Request, e *pawl.Error) *pawl.Error {
	e.Err = fmt.Errorf("%s %s: %w", req.Method, where(req.URL), e.Err)
	return e
}

// decode reads all of the body, which must be one JSON value.
func decode(body io.Reader, out any) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if out == nil {
		if len(bytes.TrimSpace(text)) > 0 && !json.Valid(text) {
			return errNotJSON
		}
		return nil
	}
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return errNotJSON // decoding it changes nothing, which would pass for an empty answer
	}
	if json.Unmarshal(text, out) != nil { // its error may quote the answer
		return errNotJSON
	}
	return nil
}
