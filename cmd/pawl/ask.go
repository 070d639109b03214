package main

import (
	"bufio"
	"fmt"
	"strings"
)

// answer reads one line from the terminal. The end of the input is a no.
func (a *app) answer(prompt string) (string, error) {
	fmt.Fprint(a.err, prompt)
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && line == "" {
		fmt.Fprintln(a.err)
	}
	return strings.TrimSpace(line), nil
}

// confirm asks a question that is answered by yes or no.
func (a *app) confirm(question string) (bool, error) {
	text, err := a.answer(question + " [y/N] ")
	return strings.EqualFold(text, "y") || strings.EqualFold(text, "yes"), err
}

// typeName asks for the name to be typed: the gate of what cannot be undone.
func (a *app) typeName(question, name string) (bool, error) {
	text, err := a.answer(question + "\n  Type " + name + " to go on: ")
	return text == name, err
}
