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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends it at once; that is safe too
	code := run(ctx, system(), os.Args[1:])
	stop()
	os.Exit(code)
}

// An env is everything outside the program that it may touch. Nothing below
// this package reads the environment.
type env struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	terminal bool // in and err are a terminal
}

func system() env {
	return env{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, terminal: isTerminal(os.Stdin) && isTerminal(os.Stderr)}
}
