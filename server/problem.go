package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/journal"
)

// answers is the one table from what went wrong to what a client is told.
var answers = map[pawl.Kind]struct {
	status int
	code   string
	title  string
}{
	pawl.Other:       {500, "internal", "Something went wrong in pawl"},
	pawl.Invalid:     {400, "invalid", "This can never succeed as it was sent"},
	pawl.Denied:      {401, "sign-in", "Sign in first"},
	pawl.Forbidden:   {403, "forbidden", "You may not do this"},
	pawl.NotFound:    {404, "not-found", "There is no such thing"},
	pawl.Conflict:    {409, "conflict", "It is not as it would have to be"},
	pawl.Mismatch:    {422, "mismatch", "It is not what the catalog says"},
	pawl.Throttled:   {429, "throttled", "Not now"},
	pawl.Unavailable: {503, "unavailable", "Not now"},
	pawl.Unknown:     {502, "unknown", "It may or may not have happened"},
	pawl.Operator:    {403, "step-up", "Only a person can go on"},
}

// typeOf is the stable name of a code. It leads to a page of the documentation.
func typeOf(code string) string { return "https://pawl.example/errors/" + code }

// A failed is a problem with its status, as huma wants one.
type failed struct {
	api.Problem
	after string
	allow []string // of a method that is not allowed: those that are
}

func (f *failed) Error() string             { return f.Problem.Error() }
func (f *failed) GetStatus() int            { return f.Status }
func (f *failed) ContentType(string) string { return "application/problem+json" }

// unsure are the codes of which it is not known that nothing was changed: by the
// request itself, or by the first one of its key.
var unsure = map[string]bool{"internal": true, "unknown": true, "in-progress": true}

// whole adds what every problem says: what to do, and that nothing was changed
// where that is known.
func (f *failed) whole() *failed {
	if len(f.Next) == 0 {
		f.Next = api.Usual(f.Code)
	}
	if f.Safe == nil && !unsure[f.Code] {
		f.Safe = new(true)
	}
	return f
}

// problem makes an answer of an error. Only our own words are in it.
func problem(err error) *failed {
	if f, ok := errors.AsType[*failed](err); ok {
		return f.whole()
	}
	a := answers[pawl.KindOf(err)]
	f := &failed{Problem: api.Problem{Type: typeOf(a.code), Title: a.title, Status: a.status, Code: a.code}}
	if pawl.KindOf(err) != pawl.Other {
		f.Detail = cmp.Or(pawl.CauseOf(err), err.Error())
	}
	if e, ok := errors.AsType[*pawl.Error](err); ok {
		f.Op = e.Op
	}
	if hint := pawl.HintOf(err); hint != "" {
		f.Next = strings.Split(hint, "\n")
	}
	if e, ok := errors.AsType[*pawl.Error](err); ok && e.After > 0 {
		f.after = strconv.Itoa(int(e.After.Seconds() + 0.999))
	}
	if errors.Is(err, desk.ErrMoved) {
		f.Status, f.Code, f.Type = http.StatusPreconditionFailed, "moved", typeOf("moved")
	}
	if open, ok := errors.AsType[*journal.OpenError](err); ok {
		f.Code, f.Type, f.Detail, f.Open = "open", typeOf("open"), open.Error(), open.ID.String()
		f.Next = []string{"pawl resume " + open.ID.Credential, "pawl rollback " + open.ID.Credential}
	}
	return f.whole()
}

func write(w http.ResponseWriter, f *failed) {
	f.whole()
	w.Header().Set("Content-Type", "application/problem+json")
	for _, method := range f.allow {
		w.Header().Add("Allow", method)
	}
	if f.after != "" {
		w.Header().Set("Retry-After", f.after)
	}
	if f.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="pawl"`)
	}
	w.WriteHeader(f.Status)
	json.NewEncoder(w).Encode(f.Problem)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// place is where something is wrong, and what was expected there. The name of a
// key that we do not know is as much the sender's as a value is, and so is what a
// parser says about a text. What is expected is of the schema.
func place(d *huma.ErrorDetail) string {
	switch i := strings.LastIndexByte(d.Location, '.'); {
	case i > 0 && d.Message == validation.MsgUnexpectedProperty:
		return d.Location[:i] + ": a key that is not known"
	case strings.HasPrefix(d.Message, "expected ") || ours[d.Message]:
		return d.Location + ": " + d.Message
	}
	return d.Location
}

// ours are messages that hold nothing of what was sent.
var ours = map[string]bool{"invalid integer": true, "invalid boolean": true, errTwice.Error(): true, errUTF8.Error(): true}

// ourErrors makes huma's own refusals look like ours. They do not repeat the
// value that was refused: a secret that was sent to a wrong field would come
// back in the answer, and into the logs of whatever lies between.
var ourErrors = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true // a key is what the description calls it
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		code, title := "invalid", "This can never succeed as it was sent"
		if status >= 500 {
			code, title, msg = "internal", "Something went wrong in pawl", ""
		}
		f := &failed{Problem: api.Problem{Type: typeOf(code), Title: title, Status: status, Code: code, Detail: msg}}
		var where []string
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok && d.ErrorDetail().Location != "" {
				where = append(where, place(d.ErrorDetail()))
			}
		}
		if len(where) > 0 {
			f.Detail = strings.TrimPrefix(f.Detail+": ", ": ") + strings.Join(where, ", ")
		}
		return f.whole()
	}
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return huma.NewError(status, msg, errs...)
	}
})
