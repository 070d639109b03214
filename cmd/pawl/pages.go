package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	errorpages "github.com/pawl-dev/pawl/docs/errors"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/rotation"
)

// A pageCode names a way to stop short, and its page in docs/errors. They are a
// contract and never renamed.
type pageCode string

const (
	helpNone          pageCode = "" // nothing to explain
	helpUsage         pageCode = "usage"
	helpCatalog       pageCode = "catalog"
	helpUnknownName   pageCode = "unknown-name"
	helpUnfinished    pageCode = "unfinished"
	helpLocked        pageCode = "locked"
	helpRestored      pageCode = "restored-state"
	helpRestoredTeam  pageCode = "restored-team"
	helpDeclined      pageCode = "declined"
	helpSignIn        pageCode = "sign-in"
	helpForbidden     pageCode = "forbidden"
	helpConflict      pageCode = "conflict"
	helpMismatch      pageCode = "mismatch"
	helpUnavailable   pageCode = "unavailable"
	helpUnknown       pageCode = "unknown-outcome"
	helpInvalid       pageCode = "invalid"
	helpFailed        pageCode = "failed"
	helpRotation      pageCode = "rotation-failed"
	helpNotProved     pageCode = "not-proved"
	helpNeedsPerson   pageCode = "needs-person"
	helpWaitsRevoke   pageCode = "waits-revoke"
	helpWaitsPerson   pageCode = "waits-person"
	helpWaitsApproval pageCode = "waits-approval"
	helpWaitsVendor   pageCode = "waits-vendor"
	helpPaused        pageCode = "paused"
	helpWaits         pageCode = "waits"
	helpIncomplete    pageCode = "incomplete"
	helpInterrupted   pageCode = "interrupted"
	helpTampered      pageCode = "tampered"
)

// ofError is the page for an error.
func ofError(e *exit) pageCode {
	if e.page != helpNone {
		return e.page
	}
	if _, ok := errors.AsType[catalog.Problems](e.err); ok {
		return helpCatalog
	}
	if _, ok := errors.AsType[*journal.OpenError](e.err); ok {
		return helpUnfinished
	}
	if _, ok := errors.AsType[*sqlite.LockedError](e.err); ok {
		return helpLocked
	}
	if setBack(e.err) {
		return helpRestored
	}
	if olderTeam(e.err) {
		return helpRestoredTeam
	}
	if noEntry(e.err) {
		return helpForbidden
	}
	if _, ok := errors.AsType[*audit.TamperError](e.err); ok || changed(e.err) {
		return helpTampered
	}
	kind := pawl.KindOf(e.err)
	switch e.code {
	case exitUsage:
		if kind == pawl.NotFound {
			return helpUnknownName
		}
		return helpUsage
	case exitDeclined:
		return helpDeclined
	case exitSignIn:
		return helpSignIn
	case exitWaits:
		return helpWaits
	case exitIncomplete:
		return helpIncomplete
	case exitHelp:
		return helpNeedsPerson
	case exitInterrupted:
		return helpInterrupted
	}
	return ofKind(kind)
}

func ofKind(k pawl.Kind) pageCode {
	switch k {
	case pawl.Denied, pawl.Operator:
		return helpSignIn
	case pawl.Forbidden:
		return helpForbidden
	case pawl.NotFound:
		return helpUnknownName
	case pawl.Conflict:
		return helpConflict
	case pawl.Mismatch:
		return helpMismatch
	case pawl.Throttled, pawl.Unavailable:
		return helpUnavailable
	case pawl.Unknown:
		return helpUnknown
	case pawl.Invalid:
		return helpInvalid
	}
	return helpFailed
}

// ofVerdict is the page for a run that has stopped.
func ofVerdict(v verdict) pageCode {
	switch v.code {
	case exitDone:
		return helpNone
	case exitFailed:
		return helpRotation
	case exitSignIn:
		return helpSignIn
	case exitIncomplete:
		return helpNotProved
	case exitHelp:
		return helpNeedsPerson
	case exitInterrupted:
		return helpInterrupted
	}
	for _, w := range v.waits {
		if code, ok := waitPages[w.On]; ok {
			return code
		}
	}
	return helpWaits
}

var waitPages = map[rotation.On]pageCode{rotation.OnRevoke: helpWaitsRevoke, rotation.OnPerson: helpWaitsPerson, rotation.OnApproval: helpWaitsApproval,
	rotation.OnVendor: helpWaitsVendor, rotation.OnPause: helpPaused}

// more says where the page is.
func (a *app) more(code pageCode) {
	if code != helpNone {
		a.say("  More: pawl help errors %s", code)
	}
}

// newErrorsTopic has a topic for each page, so that "pawl help errors CODE"
// shows it.
func newErrorsTopic() *cobra.Command {
	long := "What it means when pawl stops short: what happened, whether anything is broken, what to do.\n\n  pawl help errors CODE\n"
	cmd := &cobra.Command{Use: "errors", Short: "A page for each way to stop short (pawl help errors CODE)"}
	for _, code := range pageNames() {
		text, _ := fs.ReadFile(errorpages.Pages, code+".md") // it is one of its names
		first, rest, _ := strings.Cut(string(text), "\n")
		short := strings.TrimPrefix(first, "# "+code+": ")
		long += "\n  " + code + strings.Repeat(" ", max(1, 18-len(code))) + short
		cmd.AddCommand(&cobra.Command{Use: code, Short: short, Long: strings.TrimPrefix(first, "# ") + "\n" + rest + exitOf(pageCode(code)), Run: func(c *cobra.Command, _ []string) { c.Help() }})
	}
	cmd.Long = long
	cmd.SetHelpTemplate("{{with .Long}}{{. | trimTrailingWhitespaces}}{{end}}\n")
	cmd.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return noPage(c, args[0])
		}
		return nil
	}
	cmd.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return cmd
}

// helpKnowsPages has "pawl help errors CODE" refuse a code that there is not,
// where it would show the list as if that had been asked for.
func helpKnowsPages(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			continue
		}
		show := c.Run
		c.Run, c.RunE = nil, func(help *cobra.Command, args []string) error {
			if len(args) > 1 && args[0] == "errors" && !slices.Contains(pageNames(), args[1]) {
				topic, _, err := root.Find(args[:1])
				if err != nil {
					return err
				}
				return noPage(topic, args[1])
			}
			show(help, args)
			return nil
		}
	}
}

// noPage is the error for a code that there is not, with the nearest there is.
func noPage(c *cobra.Command, typed string) error {
	e := &exit{code: exitUsage, err: fmt.Errorf("there is no page %s", word(typed)), next: []string{"pawl help errors   # lists them"}}
	c.SuggestionsMinimumDistance = 3
	if near := c.SuggestionsFor(typed); len(near) > 0 {
		e.next = []string{"pawl help errors " + near[0]}
	}
	return e
}

// exitOf says with which exit status a page comes.
func exitOf(page pageCode) string {
	code, ok := pageExits[page]
	if !ok {
		code = exitFailed
	}
	for _, e := range exitText {
		if e.code == code {
			return fmt.Sprintf("\nExit status: %d (%s)", e.code, e.text)
		}
	}
	return ""
}

// pageExits are the exit statuses of the pages that do not come with a failure.
var pageExits = map[pageCode]int{helpUsage: exitUsage, helpCatalog: exitUsage, helpUnknownName: exitUsage, helpUnfinished: exitIncomplete,
	helpLocked: exitIncomplete, helpDeclined: exitDeclined, helpSignIn: exitSignIn, helpNotProved: exitIncomplete, helpNeedsPerson: exitHelp,
	helpWaitsRevoke: exitWaits, helpWaitsPerson: exitWaits, helpWaitsApproval: exitWaits, helpWaitsVendor: exitWaits, helpPaused: exitWaits,
	helpWaits: exitWaits, helpIncomplete: exitIncomplete, helpInterrupted: exitInterrupted}

// pageNames are the codes that have a page.
func pageNames() (all []string) {
	files, _ := fs.Glob(errorpages.Pages, "*.md") // only for a malformed pattern
	for _, f := range files {
		all = append(all, strings.TrimSuffix(f, ".md"))
	}
	slices.Sort(all)
	return all
}
