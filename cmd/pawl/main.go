// Command pawl rotates credentials: mint, write everywhere, prove, and only
// then revoke.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // windows of schedules name zones
)

func main() {
	// Taken and not heeded: a write then fails instead. It comes for every
	// connection that somebody else closes, a vendor's in the middle of a request
	// among them; and ignored, it would be so in the programs that are run, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), ending()...)
	ctx, leave := context.WithCancelCause(ctx)
	context.AfterFunc(ctx, func() {
		stop() // the second Ctrl-C ends it at once; that is safe too
		// A terminal that goes says so more than once.
		signal.Ignore(syscall.SIGHUP)
	})
	e := system()
	e.out, e.err = &told{e.out, leave}, &told{e.err, leave}
	code := run(ctx, e, os.Args[1:])
	stop()
	os.Exit(code)
}

// A told is an output that somebody reads. Once nobody does any more, it is as
// if they had asked to stop: what is under way is finished and nothing new is
// begun.
type told struct {
	io.Writer
	leave func(why error)
}

// Why it is left, where no signal says so first.
var (
	errTerminalGone = errors.New("the terminal has gone")
	errUnread       = errors.New("nobody reads any more what it says")
)

func (t *told) Write(b []byte) (int, error) {
	n, err := t.Writer.Write(b)
	switch {
	case errors.Is(err, syscall.EIO):
		t.leave(errTerminalGone)
	case errors.Is(err, syscall.EPIPE):
		t.leave(errUnread)
	}
	return n, err
}

// ending are the signals after which what is under way is finished and nothing
// new is begun: also that the terminal has gone (a dropped SSH connection, a
// closed window).
func ending() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// An env is everything outside the program that it may touch. Nothing below
// this package reads the environment.
type env struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	terminal bool              // in and err are a terminal
	told     bool              // so is out
	size     func() (w, h int) // of the terminal; nil: there is none
}

func system() env {
	e := env{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv}
	e.terminal = isTerminal(os.Stdin) && isTerminal(os.Stderr)
	e.told = e.terminal && isTerminal(os.Stdout)
	if e.terminal {
		e.size = terminalSize
	}
	return e
}
