package main

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
)

// doors are the operations of errors that are about who asks, and what for. As
// words they may be the name of a place, too, so that no pattern finds them.
var doors = []string{"access", "api", "desk", "roster", "team"}

// spoken is an error's text, without the name of the door that it comes from.
func spoken(err error) string {
	e, ok := errors.AsType[*pawl.Error](err)
	if !ok || e.Err == nil || !slices.Contains(doors, e.Op) {
		return err.Error()
	}
	return strings.Replace(err.Error(), e.Error(), e.Err.Error(), 1)
}

// word is something that was typed, to be said again, unless it looks like a
// secret that was pasted into the wrong place.
func word(text string) string {
	if len(text) > 32 || !plain.MatchString(text) {
		return "that"
	}
	return strconv.Quote(text)
}

var plain = regexp.MustCompile(`^[a-z][a-z-]*[a-z0-9]*$`)

// pasteable is a command to go on with, with the folders that this one was
// given: what is printed can be pasted.
func (a *app) pasteable(next string) string {
	rest, ok := strings.CutPrefix(next, "pawl ")
	if !ok || strings.HasPrefix(rest, "--server ") { // whose folders are the server's
		return next
	}
	flags := ""
	for _, f := range []struct{ name, value string }{{"--catalog", a.catalogDir}, {"--state", a.statePath}, {"--key-file", a.keyPath}} {
		if f.value != "" {
			flags += f.name + " " + quoted(f.value) + " "
		}
	}
	return "pawl " + flags + strings.ReplaceAll(rest, " && pawl ", " && pawl "+flags)
}

// pasteables are several of them.
func (a *app) pasteables(next []string) (all []string) {
	for _, n := range next {
		all = append(all, a.pasteable(n))
	}
	return all
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " '\"$&;()<>|*?#~`\\") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
