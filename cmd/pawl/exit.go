package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/wording"
)

// Exit codes. They are a contract and never renumbered.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDeclined    = 3
	exitSignIn      = 4
	exitWaits       = 5
	exitIncomplete  = 6
	exitHelp        = 7
	exitOverdue     = 8
	exitInterrupted = 130
)

var exitText = []struct {
	code int
	name string
	text string
}{
	{exitDone, "done", "done, or nothing to do"},
	{exitFailed, "failed", "failed; the old credential is untouched and valid everywhere"},
	{exitUsage, "usage", "wrong usage, or a mistake in the catalog"},
	{exitDeclined, "declined", "somebody said no"},
	{exitSignIn, "sign-in", "a sign-in is needed"},
	{exitWaits, "waiting", "waits for a person, an approval or a timer"},
	{exitIncomplete, "incomplete", "incomplete but safe: the old credential is still valid"},
	{exitHelp, "needs-person", "a person is needed now"},
	{exitOverdue, "overdue", "something is overdue (due --exit-code)"},
	{exitInterrupted, "interrupted", "interrupted; safe, and it says how to go on"},
}

func exitName(code int) string {
	for _, e := range exitText {
		if e.code == code {
			return e.name
		}
	}
	return "failed"
}

func newExitCodesTopic() *cobra.Command {
	text := "Exit codes. Treat one that is not listed as a failure.\n"
	for _, e := range exitText {
		text += fmt.Sprintf("\n  %3d  %s", e.code, e.text)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: text}
}

// An exit is an error that was already told, or nothing but a code.
type exit struct {
	code int
	err  error  // nil: everything was said
	safe string // is anything broken?
	next []string
	page pageCode // what explains it, where the error does not tell
}

func (e *exit) Error() string {
	if e.err == nil {
		return exitName(e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exit{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// report tells an error to people (or, with --json, to programs as well) and
// returns the exit code. It is the only place that does either.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	e := a.classify(err)
	if e.err == nil {
		return e.code
	}
	a.say("%s %s", a.sign(bad), inWords(e))
	if e.safe != "" {
		a.say("  %s", e.safe)
	}
	if len(e.next) > 0 {
		a.say("  Next:")
		for _, n := range e.next {
			a.say("    %s", a.pasteable(n))
		}
	}
	a.more(ofError(e))
	if a.json && !a.answered {
		a.result(resultOf(e))
	}
	return e.code
}

// inWords is what an error says.
func inWords(e *exit) string {
	if ps, ok := errors.AsType[catalog.Problems](e.err); ok {
		return strings.TrimRight(ps.Error(), "\n")
	}
	return wording.Plainly(strings.TrimRight(spoken(e.err), "\n"))
}

// resultOf is an error for programs.
func resultOf(e *exit) map[string]any {
	r := map[string]any{"type": "result", "code": exitName(e.code), "exit": e.code, "error": inWords(e), "next": e.next, "help": ofError(e)}
	if ps, ok := errors.AsType[catalog.Problems](e.err); ok {
		r["problems"] = problemLines(ps)
	}
	return r
}

// problemLine is one mistake of a catalog, for programs.
type problemLine struct {
	File       string `json:"file"`
	Line       int    `json:"line,omitempty"` // none: it is about the file as a whole
	Column     int    `json:"column,omitempty"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

func problemLines(ps catalog.Problems) []problemLine {
	all := []problemLine{}
	for _, p := range ps {
		all = append(all, problemLine{p.File, p.Line, p.Column, p.Message, p.Suggestion})
	}
	return all
}

// classify is the one table from errors to exit codes.
func (a *app) classify(err error) *exit {
	if e, ok := errors.AsType[*exit](err); ok {
		return e
	}
	e := &exit{code: exitFailed, err: err}
	if open, ok := errors.AsType[*journal.OpenError](err); ok {
		name := open.ID.Credential
		return &exit{code: exitIncomplete, err: err, safe: "Nothing was begun.",
			next: []string{"pawl resume " + name, "pawl rollback " + name, "pawl status " + name}}
	}
	if locked, ok := errors.AsType[*sqlite.LockedError](err); ok {
		return a.locked(locked)
	}
	if ps, ok := errors.AsType[catalog.Problems](err); ok {
		return &exit{code: exitUsage, err: ps}
	}
	if errors.Is(err, context.Canceled) {
		return &exit{code: exitInterrupted, err: err}
	}
	switch kind := pawl.KindOf(err); {
	case kind == pawl.Denied || kind == pawl.Operator:
		e.code = exitSignIn
	case noEntry(err):
		e.code = exitDeclined
	case kind == pawl.NotFound:
		e.code = exitUsage
	}
	if hint := pawl.HintOf(err); hint != "" {
		e.next = strings.Split(hint, "\n")
	}
	if sealed(err) { // an unfinished rotation may be anywhere: nothing is promised of it
		e.code, e.safe = exitHelp, "Nothing was changed now. What an unfinished rotation has done is only known with its key."
		e.next = append(e.next, "pawl rotate NAME --reason leak --state A_FRESH_FOLDER   # if the key is gone for good")
	}
	if setBack(err) {
		e.code, e.safe = exitHelp, "Nothing was changed now; what was done since the copy was made is not known here."
		e.next = append(e.next, "pawl sweep --accept-restored-state   # accepts the older one, and lists what it does not know")
	}
	if olderTeam(err) {
		e.code, e.safe = exitHelp, "Nothing was changed, and nobody was let in."
	}
	return e
}

// sealed reports whether the values of the journal cannot be opened.
func sealed(err error) bool {
	e, ok := errors.AsType[*pawl.Error](err)
	return ok && e.Op == "seal.Open"
}

// setBack reports whether the journal was refused because it is older than it
// was.
func setBack(err error) bool {
	e, ok := errors.AsType[*pawl.Error](err)
	return ok && e.Op == "journal.Open" && e.Kind == pawl.Conflict
}
