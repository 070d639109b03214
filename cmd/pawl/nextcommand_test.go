package main

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// nextCommands are the commands of pawl that a text says to go on with.
func nextCommands(text []byte) (all []string) {
	next := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		cmd := strings.TrimSpace(line)
		switch _, after, ok := strings.Cut(line, ":  pawl "); {
		case ok:
			cmd = "pawl " + after
		case cmd == "Next:":
			next = true
			continue
		case !next || !strings.HasPrefix(line, "    "):
			next = false
			continue
		}
		if strings.HasPrefix(cmd, "pawl ") {
			all = append(all, cmd)
		}
	}
	return all
}

// word of a shell, as far as pawl quotes: bare, or in single quotes.
var shellWord = regexp.MustCompile(`(?:'[^']*'|\\'|[^\s'])+`)

// understood reports whether the program would take a command as it is printed.
func understood(cmd string) error {
	cmd, _, _ = strings.Cut(cmd, "   #")
	cmd, _, _ = strings.Cut(cmd, " < ")
	cmd = strings.TrimSuffix(cmd, " &")
	var args []string
	for _, w := range shellWord.FindAllString(cmd, -1)[1:] {
		args = append(args, strings.NewReplacer(`\'`, "'", "'", "").Replace(w))
	}
	c, rest, err := newRootCommand(&app{}).Find(args)
	if err != nil {
		return err
	}
	if len(rest) == 0 || slices.Contains(rest, "…") {
		return nil // the name of a command, or a command that is to be filled in
	}
	if err := c.ParseFlags(rest); errors.Is(err, pflag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// What is said to go on with can be pasted: the transcripts look at every such
// line that a program prints, by this.
func TestNextCommandsAreUnderstood(t *testing.T) {
	text := []byte("✗ no\n  Next:\n    pawl resume a --accept 'heroku:x/Y Z' --why REASON\n    pawl sweep a   # look\n    the file has to be there\n  More: pawl help errors usage\n  If nobody drives it:  pawl resume a\n")
	all := nextCommands(text)
	if len(all) != 3 {
		t.Fatalf("found %q", all)
	}
	for i, want := range []bool{true, false, true} {
		if err := understood(all[i]); (err == nil) != want {
			t.Errorf("%s: %v", all[i], err)
		}
	}
}

// misleads is the first command that a text says to go on with and that the
// program would not take; "" if there is none.
func misleads(texts ...[]byte) (string, error) {
	for _, cmd := range nextCommands(bytes.Join(texts, []byte("\n"))) {
		if err := understood(cmd); err != nil {
			return cmd, err
		}
	}
	return "", nil
}
