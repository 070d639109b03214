package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// readLine reads one line from the terminal. The end of the input is a no.
// Ctrl-C ends the waiting at once.
func (a *app) readLine(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(a.err, prompt)
	lines := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && line == "" {
			fmt.Fprintln(a.err)
		}
		lines <- strings.TrimSpace(line)
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", &exit{code: exitInterrupted, err: errors.New("interrupted; nothing was changed by this answer")}
	}
}

// confirm asks a question that is answered by yes or no.
func (a *app) confirm(ctx context.Context, question string) (bool, error) {
	text, err := a.readLine(ctx, question+" [y/N] ")
	return strings.EqualFold(text, "y") || strings.EqualFold(text, "yes"), err
}

// typeName asks for the name to be typed: the gate of what cannot be undone.
func (a *app) typeName(ctx context.Context, question, name string) (bool, error) {
	text, err := a.readLine(ctx, question+"\n  Type "+name+" to go on: ")
	return text == name, err
}
