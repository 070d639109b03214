package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pawl-dev/pawl"
)

// giving are the flags by which a value comes in. There is none that has the
// value itself: everybody on the machine can read a command line.
type giving struct {
	stdin bool
	file  string
}

func (g *giving) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&g.stdin, "value-stdin", false, "read the new value, or what the vendor's tools print of it, from stdin")
	cmd.Flags().StringVar(&g.file, "value-file", "", "read it from this file")
}

func (g *giving) given() bool { return g.stdin || g.file != "" }

func (g *giving) check() error {
	if g.stdin && g.file != "" {
		return usage("--value-stdin and --value-file: give one of them")
	}
	return nil
}

// maxValue bounds what is read: more than that is the wrong file.
const maxValue = 64 << 10

// read reads the value from where the flags say.
func (a *app) read(g *giving) (pawl.Secret, error) {
	in := a.in
	if g.file != "" {
		f, err := os.Open(g.file)
		if err != nil {
			return pawl.Secret{}, usage("--value-file: %v", errors.Unwrap(err))
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxValue+1))
	defer clear(text)
	switch {
	case err != nil:
		return pawl.Secret{}, usage("the value cannot be read: it ended early")
	case len(text) > maxValue:
		return pawl.Secret{}, usage("that is more than 64 KiB, and hardly a value")
	case len(bytes.TrimSpace(text)) == 0:
		return pawl.Secret{}, usage("no value was given: the input is empty")
	}
	return pawl.NewSecret(text), nil
}

// readHidden asks for a value at the terminal, without showing it. An answer in
// JSON may have several lines. Nothing at all, or the end of the input, is no
// value.
func (a *app) readHidden(ctx context.Context, prompt string) (pawl.Secret, error) {
	f, ok := a.in.(*os.File)
	if !ok || !isTerminal(f) {
		return pawl.Secret{}, usage("nobody can be asked here: use --value-stdin or --value-file FILE")
	}
	before, err := term.MakeRaw(int(f.Fd())) // before anything is asked, and also for each line of several
	if err != nil {
		return pawl.Secret{}, err
	}
	fmt.Fprint(a.err, prompt)
	defer func() {
		term.Restore(int(f.Fd()), before)
		fmt.Fprintln(a.err)
	}()
	type typed struct {
		text []byte
		err  error
	}
	done := make(chan typed, 1)
	go func() {
		text, err := readPaste(f)
		done <- typed{text, err}
	}()
	select {
	case t := <-done:
		defer clear(t.text)
		if len(bytes.TrimSpace(t.text)) == 0 {
			return pawl.Secret{}, t.err
		}
		return pawl.NewSecret(t.text), t.err
	case <-ctx.Done():
		return pawl.Secret{}, errInterrupted
	}
}

var errInterrupted = &exit{code: exitInterrupted, err: errors.New("interrupted; nothing was changed by this answer")}

// readPaste reads one line from a terminal that neither shows nor interprets
// anything, or, if it begins like JSON, lines until that is whole.
func readPaste(in io.Reader) ([]byte, error) {
	var text []byte
	one := make([]byte, 1)
	for len(text) <= maxValue {
		if n, err := in.Read(one); n == 0 || err != nil {
			return text, nil
		}
		switch c := one[0]; c {
		case 3: // Ctrl-C
			return nil, errInterrupted
		case 4: // Ctrl-D
			return text, nil
		case 8, 127: // Backspace
			text = text[:max(len(text)-1, 0)]
		case 21: // Ctrl-U
			text = text[:0]
		case '\r', '\n':
			trimmed := bytes.TrimSpace(text)
			if !bytes.HasPrefix(trimmed, []byte("{")) || json.Valid(trimmed) {
				return text, nil
			}
			text = append(text, '\n')
		default:
			text = append(text, c)
		}
	}
	return text, nil
}
