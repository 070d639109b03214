package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// readLine reads one line from the terminal. The end of the input is a no.
// Ctrl-C ends the waiting at once.
func (a *app) readLine(ctx context.Context, prompt string) (string, error) {
	w, done := a.scroll.Question()
	defer done()
	fmt.Fprint(w, prompt)
	lines := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && line == "" {
			fmt.Fprintln(w)
		}
		lines <- strings.TrimSpace(line)
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		fmt.Fprintln(w)
		return "", &exit{code: exitInterrupted, err: errors.New("interrupted; nothing was changed by this answer")}
	}
}

// confirm asks a question that is answered by yes or no.
func (a *app) confirm(ctx context.Context, question string) (bool, error) {
	text, err := a.readLine(ctx, question+" [y/N] ")
	return strings.EqualFold(text, "y") || strings.EqualFold(text, "yes"), err
}

// typeName asks for the name to be typed: the gate of what cannot be undone. That
// another one was typed is said; what was typed is not.
func (a *app) typeName(ctx context.Context, question, name string) (bool, error) {
	text, err := a.readLine(ctx, question+"\n  Type "+name+" to go on: ")
	if err == nil && text != "" && text != name {
		a.say("%s What was typed is not the name %s.", a.sign(warn), name)
	}
	return text == name, err
}

// readSecret reads a secret that is typed or pasted, and shows nothing of it.
// Whatever ends the waiting, the terminal shows again what is typed. The caller
// wipes the bytes.
func (a *app) readSecret(ctx context.Context, prompt string) ([]byte, error) {
	f, ok := a.in.(*os.File)
	if !ok || !isTerminal(f) {
		return nil, usage("a secret can only be asked for on a terminal")
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	w, done := a.scroll.Question()
	defer done()
	fmt.Fprint(w, prompt)
	type typed struct {
		secret []byte
		err    error
	}
	read := make(chan typed, 1)
	go func() {
		secret, err := term.ReadPassword(int(f.Fd()))
		read <- typed{secret, err}
	}()
	select {
	case t := <-read:
		fmt.Fprintln(w) // the Enter was not shown either
		return t.secret, t.err
	case <-ctx.Done():
		term.Restore(int(f.Fd()), before)
		fmt.Fprintln(w)
		return nil, &exit{code: exitInterrupted, err: errors.New("interrupted; nothing was taken in")}
	}
}
