package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/frame"
)

// A problem is an error for people: what happened, whether anything is broken,
// and what to do next.
type problem struct {
	Title, Detail, Safe, Hint, Next string
}

// titles say what a Kind means here.
var titles = map[pawl.Kind]string{
	pawl.Other:       "Something went wrong in pawl",
	pawl.Invalid:     "This can never succeed as it was sent",
	pawl.Denied:      "Sign in first",
	pawl.Forbidden:   "You may not do this",
	pawl.NotFound:    "There is no such thing",
	pawl.Conflict:    "It is not as it would have to be",
	pawl.Mismatch:    "It is not what the catalog says",
	pawl.Throttled:   "Not now",
	pawl.Unavailable: "Not now",
	pawl.Unknown:     "It may or may not have happened",
	pawl.Operator:    "Say once more who you are",
}

// fail answers with what went wrong. Only our own words are in it.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, who access.Subject, err error) {
	kind := pawl.KindOf(err)
	if again(err) && c.cfg.Again != "" {
		http.Redirect(w, r, frame.WithNext(c.cfg.Again, withQuery(nextOf(r), frame.ShownAgain)), http.StatusSeeOther)
		return
	}
	p := problem{Title: titles[kind], Hint: pawl.HintOf(err), Safe: "Nothing was changed.", Next: nextOf(r)}
	switch {
	case errors.Is(err, desk.ErrMoved):
		p.Title, p.Hint = "It has changed since you looked", "Look at it as it is now, and decide again."
	case kind == pawl.Unknown:
		p.Safe = "Look at it as it is now before you try again."
	}
	if kind != pawl.Other {
		p.Detail = cmp.Or(pawl.CauseOf(err), err.Error())
	}
	c.render(w, r, who, &view{name: "problem", title: p.Title, status: frame.StatusOf(err), data: p})
}

func withQuery(path, name string) string { return path + "?" + name }

// nextOf is the page that a request was about.
func nextOf(r *http.Request) string {
	switch {
	case r.PathValue("number") != "":
		return "/rotations/" + url.PathEscape(r.PathValue("credential")) + "/" + url.PathEscape(r.PathValue("number"))
	case r.PathValue("name") != "":
		return "/credentials/" + url.PathEscape(r.PathValue("name"))
	}
	return "/"
}

// again reports whether only a fresh proof of who somebody is was missing.
func again(err error) bool {
	e, ok := errors.AsType[*pawl.Error](err)
	return ok && e.Op == "access" && e.Kind == pawl.Operator
}

func invalid(what string) error {
	return &pawl.Error{Op: "console", Kind: pawl.Invalid, Err: errors.New(what)}
}

// foreign refuses what another site sent.
func (c *Console) foreign(w http.ResponseWriter, r *http.Request) {
	c.render(w, r, access.Subject{}, &view{name: "problem", title: "Not from here", status: http.StatusForbidden, data: problem{
		Title: "This did not come from a page of this console", Detail: "Another site may have tried to act in your name.", Safe: "Nothing was changed.", Next: "/"}})
}

func (c *Console) lost(*http.Request, access.Subject) (*view, error) {
	return nil, &pawl.Error{Op: "console", Kind: pawl.NotFound, Err: errors.New("no page has this address")}
}
