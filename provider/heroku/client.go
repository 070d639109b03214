package heroku

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
)

// refill is how long to wait where the API does not say: it gives back about
// 75 requests a minute, so after this long there is one.
// https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
const refill = time.Second

// maxPages bounds a list that does not end: 100 pages of 200.
const maxPages = 100

// call is one request. The zero token is the connection's own.
type call struct {
	op      string
	method  string // empty: GET
	path    string
	token   pawl.Secret
	span    string // Range header
	body    any
	mutates bool
}

// do makes one call. Errors are those of [wire.Do] read as [client.refused]
// says.
func (c *client) do(ctx context.Context, k call, out any) (wire.Response, error) {
	own := k.token.IsZero()
	if own {
		k.token = c.token
	}
	if k.method == "" {
		k.method = http.MethodGet
	}
	h := http.Header{
		"Accept":     {"application/vnd.heroku+json; version=3"},
		"User-Agent": {"pawl (+https://github.com/pawl-dev/pawl)"},
	}
	if k.span != "" {
		h.Set("Range", k.span)
	}
	resp, err := wire.Do(ctx, c.http, wire.Request{
		Op: k.op, Method: k.method, URL: c.url + k.path, Header: h,
		Token: k.token, Body: k.body, Mutates: k.mutates, Fail: c.refused,
	}, out)
	if own {
		err = c.advise(err)
	}
	return resp, err
}

// refused reads an error answer by its status and its id, which is all that is
// read of it. 403 comes in two meanings: an expired token may be answered so,
// with the id of a 401.
func (c *client) refused(status int, h http.Header, body []byte) *pawl.Error {
	var e struct{ ID string }
	_ = json.Unmarshal(body, &e) // without an id the status decides
	refused := status == http.StatusUnauthorized || status == http.StatusForbidden
	switch {
	case e.ID == "rate_limit" || status == http.StatusTooManyRequests:
		after := wire.RetryAfter(h, c.now())
		if after == 0 {
			after = refill
		}
		return &pawl.Error{Kind: pawl.Throttled, After: after}
	case refused && e.ID == "two_factor":
		return &pawl.Error{Kind: pawl.Operator, Err: errors.New("Heroku asks for a second factor"),
			Hint: "A person has to sign in with a second factor; use a token of an authorization, not of a password login, and an app that does not demand it for each call."}
	case refused && e.ID == "device_trust_required":
		return &pawl.Error{Kind: pawl.Operator, Err: errors.New("Heroku asks for a trusted device"),
			Hint: "A person has to sign in from a trusted device."}
	case refused && e.ID == "unauthorized":
		return &pawl.Error{Kind: pawl.Denied}
	}
	return nil
}

// advise says what to do where the connection's own token was refused.
func (c *client) advise(err error) error {
	e, ok := errors.AsType[*pawl.Error](err)
	if !ok || e.Hint != "" {
		return err
	}
	switch e.Kind {
	case pawl.Denied:
		e.Hint = fmt.Sprintf("Heroku refuses the token of connection %s. Sign in again with `heroku login`, or make a token with `heroku authorizations:create` and give it to the connection.", c.name)
	case pawl.Forbidden:
		e.Hint = fmt.Sprintf("The token of connection %s may not do this: rotating authorizations takes scope global, config vars take read-protected and write-protected, and its account has to be a collaborator of the app.", c.name)
	}
	return err
}

// each reads all pages of a list and hands their items to yield. An incomplete
// list is an error, of Kind Unavailable.
//
// A list that is cut short has a Next-Range header, which is to be sent back as
// it is: https://devcenter.heroku.com/articles/platform-api-reference#ranges
func each[T any](ctx context.Context, c *client, k call, yield func(T)) (wire.Response, error) {
	var first wire.Response
	seen := map[string]bool{}
	for page := range maxPages {
		var items []T
		resp, err := c.do(ctx, k, &items)
		if err != nil {
			return resp, err
		}
		if items == nil {
			return resp, unreadable(k.op, "a list")
		}
		if page == 0 {
			first = resp
		}
		for _, it := range items {
			yield(it)
		}
		k.span = resp.Header.Get("Next-Range")
		if k.span == "" {
			return first, nil
		}
		if seen[k.span] {
			return resp, &pawl.Error{Op: k.op, Kind: pawl.Unavailable, Err: errors.New("the pages of the list go round in a circle")}
		}
		seen[k.span] = true
	}
	return first, &pawl.Error{Op: k.op, Kind: pawl.Unavailable, Err: fmt.Errorf("the list has more than %d pages", maxPages)}
}

// unreadable is the error for JSON that is whole, but not what was asked for.
func unreadable(op, want string) error {
	return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errors.New("the answer is not " + want)}
}

// warnings returns what the API wants people to know. It is headers only,
// never bodies.
func warnings(h http.Header) []string {
	var all []string
	for _, name := range []string{"Warning-Message", "X-Heroku-Warning"} {
		for _, text := range h.Values(name) {
			if text = plain(text, 300); text != "" {
				all = append(all, "Heroku says: "+text)
			}
		}
	}
	return all
}

// remaining returns how many requests the account has left, if the API says.
func remaining(h http.Header) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("RateLimit-Remaining")))
	return n, err == nil
}

// plain makes a text of the vendor's fit for one line of a terminal.
func plain(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
