// Command pawl rotates credentials: mint, write everywhere, prove, and only
// then revoke.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // windows of schedules name zones
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), ending()...)
	context.AfterFunc(ctx, func() {
		stop() // the second Ctrl-C ends it at once; that is safe too
		// A terminal that goes says so more than once, and every word to it fails.
		signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	})
	code := run(ctx, system(), os.Args[1:])
	stop()
	os.Exit(code)
}

// ending are the signals after which what is under way is finished and nothing
// new is begun: also that the terminal has gone (a dropped SSH connection, a
// closed window), and that nobody reads the output any more.
func ending() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
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
