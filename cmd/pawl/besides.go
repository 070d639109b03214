package main

import (
	"cmp"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pawl-dev/pawl/journal/sqlite"
)

// locked tells that another process drives this state. If that is a server, the
// same command through it is what goes on.
func (a *app) locked(err *sqlite.LockedError) *exit {
	e := &exit{code: exitIncomplete, err: err, safe: "Nothing was begun here; what runs there is not disturbed.", next: []string{"pawl status   # how far that one is; this goes on once it has ended"}}
	path, wrong := a.stateFile()
	if wrong != nil || a.typed.cmd == nil {
		return e
	}
	e.safe += "\n  One process drives a state at a time. Several at once are named in one command (pawl rotate NAME NAME), or a server does the work (pawl help serve)."
	socket := cmp.Or(err.Holder.Socket, filepath.Join(filepath.Dir(path), "pawl.sock"))
	if c, wrong := net.DialTimeout("unix", socket, time.Second); wrong == nil {
		c.Close()
		e.safe = "Nothing was begun here. A server drives this state: ask it."
		e.next = []string{a.typed.through("unix:" + socket)}
	}
	return e
}

// typed is a command as it was given.
type typed struct {
	cmd  *cobra.Command
	args []string
}

// through is the same command, done by a server.
func (t typed) through(server string) string {
	words := []string{"pawl --server " + quoted(server), strings.TrimPrefix(t.cmd.CommandPath(), "pawl ")}
	for _, arg := range t.args {
		words = append(words, quoted(arg))
	}
	t.cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "catalog", "state", "key-file", "server", "accept-restored-state":
			return
		}
		values := []string{f.Value.String()}
		if several, ok := f.Value.(pflag.SliceValue); ok {
			values = several.GetSlice()
		}
		for _, v := range values {
			if is, err := strconv.ParseBool(v); err == nil && is && f.NoOptDefVal != "" {
				words = append(words, "--"+f.Name)
				continue
			}
			words = append(words, "--"+f.Name+"="+quoted(v))
		}
	})
	return strings.Join(words, " ")
}
