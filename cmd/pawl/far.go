package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/all"
)

// A far is a server that does the work of this command line. Commands read its
// catalog and its journal as they would read their own, fold what they read by
// the same rules, and tell it by the same words; only that somebody else drives.
type far struct {
	*api.Client
	a   *app
	ctx context.Context // of the command
	at  string          // as it was given
	me  api.Me
	cat *catalog.Catalog // once it was asked for

	known *known
}

// address is --server or $PAWL_SERVER; empty: this machine.
func (a *app) address() string {
	if a.server != "" {
		return a.server
	}
	return a.getenv("PAWL_SERVER")
}

// Where a command is done if there is a server.
const (
	here    = "here"    // it is about this machine, or about nothing
	nowhere = "nowhere" // it cannot be done through a server
)

// elsewhere says where commands are done that are not the server's to do. Of the
// others the server does the work.
var elsewhere = map[string]string{"demo": here, "sim": here, "init": here, "validate": here, "import": here, "schema": here, "version": here, "exit-codes": here,
	"errors": here, "man": here, "serve": here, "help": here, "completion": here, "__complete": here, "__completeNoDesc": here,
	"claim": nowhere, "env": nowhere, "doctor": nowhere, "docs": nowhere, "people": nowhere, "token": nowhere, "notify": nowhere}

// whyNot says why a command is not done through a server, and what to do instead.
var whyNot = map[string]string{
	"claim":  "a value is handed out on the machine that can open it, and comes out of no server",
	"env":    "a value is handed out on the machine that can open it, and comes out of no server",
	"doctor": "it examines the machine that it runs on",
	"notify": "its settings and their secrets are on the server's machine",
	"docs":   "runbooks are written into the catalog's folder, which is where the server runs",
}

// reach finds the server that does the work of a command, if there is one.
func (a *app) reach(cmd *cobra.Command) error {
	top := cmd
	for top.HasParent() && top.Parent().HasParent() {
		top = top.Parent()
	}
	at := a.address()
	if at == "" || elsewhere[top.Name()] == here || cmd.CommandPath() == "pawl token check" { // which is offline
		return nil
	}
	if elsewhere[top.Name()] == nowhere {
		why := whyNot[top.Name()]
		if why == "" {
			why = "who may come in is decided on the server's machine"
		}
		return &exit{code: exitUsage, err: fmt.Errorf("%s is not done through a server: %s", top.CommandPath(), why), safe: "Nothing was changed.",
			next: []string{"on the server's machine, without --server and $PAWL_SERVER:  " + top.CommandPath()}}
	}
	if a.statePath != "" || a.catalogDir != "" || a.keyPath != "" {
		return usage("--server says whose catalog and journal: leave --catalog, --state and --key-file out")
	}
	token, err := a.token()
	if err != nil {
		return err
	}
	c, err := api.Dial(at, token)
	if err != nil {
		return usage("--server: %v: %s", errors.Unwrap(err), pawl.HintOf(err))
	}
	f := &far{Client: c, a: a, ctx: cmd.Context(), at: at, known: newKnown()}
	if f.me, err = c.Me(f.ctx); err != nil {
		return f.heard(err)
	}
	a.far = f
	return nil
}

// token is what a program shows to a server on another machine. It comes from a
// file, never from the command line, which everybody on the machine can read.
func (a *app) token() (pawl.Secret, error) {
	file := a.tokenFile
	if file == "" {
		file = a.getenv("PAWL_TOKEN_FILE")
	}
	if file == "" {
		return pawl.Secret{}, nil
	}
	text, err := os.ReadFile(file)
	defer clear(text)
	if err != nil {
		name := quoted(file)
		if strings.Contains(file, "pawl_") { // the token itself, in the wrong place
			name = "(not the name of a file)"
		}
		return pawl.Secret{}, usage("--token-file %s: %v", name, errors.Unwrap(err))
	}
	trimmed := strings.TrimSpace(string(text))
	if trimmed == "" || strings.ContainsAny(trimmed, " \t\r\n") {
		return pawl.Secret{}, usage("--token-file: there is no token in it, or more than one")
	}
	return pawl.NewSecret([]byte(trimmed)), nil
}

// catalog is the server's.
func (f *far) catalog() (*catalog.Catalog, error) {
	if f.cat != nil {
		return f.cat, nil
	}
	files, err := f.Client.Catalog(f.ctx)
	if err != nil {
		return nil, f.heard(err)
	}
	cat, problems := catalog.LoadFS(files, all.Providers())
	if len(problems) > 0 {
		return nil, &exit{code: exitUsage, err: fmt.Errorf("this pawl (%s) cannot read the catalog of the server (%s): %w", version, f.me.Version, problems.In(f.at)),
			safe: "Nothing was changed.", next: []string{"use the version of the server"}}
	}
	f.cat = cat
	return cat, nil
}

// heard is an error of the server as it would have been here.
func (f *far) heard(err error) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return f.refused(p)
	}
	e, ok := errors.AsType[*pawl.Error](err)
	switch {
	case !ok || e.Op != "api":
		return err
	case e.Kind == pawl.Unknown:
		return &exit{code: exitIncomplete, err: fmt.Errorf("the connection to the server was lost: %w", e.Err),
			safe: "What was asked for may have been done, once: whatever it is goes on by itself.", next: []string{"pawl status"}}
	case e.Kind == pawl.Unavailable && f.known.waits(): // by this command, before the server went away
		return &exit{code: exitIncomplete, err: fmt.Errorf("the server at %s cannot be reached any more: %w", f.at, e.Err),
			safe: "What was begun is begun, and goes on with the server.", next: []string{"pawl status", "pawl serve   # on its machine"}}
	case e.Kind == pawl.Unavailable:
		return &exit{code: exitFailed, err: fmt.Errorf("the server at %s cannot be reached: %w", f.at, e.Err),
			safe: "Nothing was changed by this command. What is open goes on with the server.", next: []string{"pawl serve   # on its machine"}}
	}
	return err
}

func (f *far) refused(p *api.Problem) error {
	var id pawl.RotationID
	if p.Code == "open" && id.UnmarshalText([]byte(p.Open)) == nil {
		return &journal.OpenError{ID: id}
	}
	if p.Code == "sign-in" && p.Op != "supply" && f.at != "" && !strings.HasPrefix(f.at, "unix:") {
		return &exit{code: exitSignIn, err: fmt.Errorf("the server at %s wants to know who asks: %s", f.at, p.Error()), safe: "Nothing was changed.",
			next: []string{"pawl token create   # on the server's machine, and --token-file FILE here"}}
	}
	return p.Err()
}
