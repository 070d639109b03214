package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manTree is the whole tree of commands as it is when one runs.
func manTree() *cobra.Command {
	root := newRootCommand(&app{})
	root.InitDefaultHelpCmd()
	return root
}

// TestManPages: each command has a page with all sections in order, and every
// flag that it takes is in it.
func TestManPages(t *testing.T) {
	pages := map[string]string{}
	for _, c := range manual(manTree()) {
		pages[manName(c)] = string(manPage(c, ""))
		rest := pages[manName(c)]
		for _, want := range []string{".TH \"" + strings.ToUpper(escaped(manName(c))), "\n.SH \"NAME\"\n" + escaped(manName(c)+" - "), "\n.SH \"SYNOPSIS\"\n\\fB",
			"\n.SH \"DESCRIPTION\"\n", "\n.SH \"OPTIONS\"\n.TP\n", "\n.SH \"EXIT STATUS\"\n.TP\n", "\n.SH \"SEE ALSO\"\n"} {
			i := strings.Index(rest, want)
			if i < 0 {
				t.Errorf("%s: %q is missing, or not in its order", manName(c), want)
				break
			}
			rest = rest[i+len(want)-1:]
		}
		manFlags(t, c, pages[manName(c)])
	}
	for name, page := range pages {
		also := page[strings.Index(page, ".SH \"SEE ALSO\"\n")+len(".SH \"SEE ALSO\"\n"):]
		for _, ref := range strings.Split(strings.TrimSpace(also), ", ") {
			if other := strings.TrimSuffix(strings.ReplaceAll(ref, `\-`, "-"), "(1)"); pages[other] == "" {
				t.Errorf("%s refers to %q, which is no page", name, ref)
			}
		}
	}
	for _, name := range []string{"pawl", "pawl-rotate", "pawl-audit-verify", "pawl-completion-bash", "pawl-help", "pawl-exit-codes", "pawl-man"} {
		if pages[name] == "" {
			t.Errorf("there is no page %s", name)
		}
	}
}

func manFlags(t *testing.T, c *cobra.Command, page string) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && !strings.Contains(page, bold("--"+f.Name)) {
			t.Errorf("%s: --%s is missing", manName(c), f.Name)
		}
	})
	c.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && !strings.Contains(page, bold("--"+f.Name)) {
			t.Errorf("%s: --%s, of every command, is missing", manName(c), f.Name)
		}
	})
}

// TestManPagesMeanThemselves: only macros that are meant begin a line, each
// escape is a known one, and it is all ASCII.
func TestManPagesMeanThemselves(t *testing.T) {
	macros := map[string]bool{"TH": true, "SH": true, "SS": true, "TP": true, "PP": true, "nf": true, "fi": true, "br": true}
	for _, c := range manual(manTree()) {
		page := manPage(c, "2026-11-25")
		if !bytes.Equal(page, manPage(c, "2026-11-25")) || !bytes.Contains(page, []byte(`"2026\-11\-25"`)) {
			t.Errorf("%s: not the same again, or without its date", manName(c))
		}
		depth := 0
		for line := range strings.Lines(string(page)) {
			line = strings.TrimSuffix(line, "\n")
			name, _, _ := strings.Cut(strings.TrimPrefix(line, "."), " ")
			switch {
			case line == "" || strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !macros[name]:
				t.Errorf("%s: %q is no text", manName(c), line)
			case line == ".nf":
				depth++
			case line == ".fi":
				depth--
			}
			if odd := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' }); odd >= 0 {
				t.Errorf("%s: %q is not ASCII", manName(c), line)
			}
		}
		if depth != 0 {
			t.Errorf("%s: an example is not closed", manName(c))
		}
	}
}

func TestEscaped(t *testing.T) {
	for text, want := range map[string]string{
		".TH":             `\&.TH`,
		"'2h ago'":        `\(aq2h ago\(aq`,
		`a\b`:             `a\eb`,
		"--auto-revoke":   `\-\-auto\-revoke`,
		"0 · 1":           `0 \[u00B7] 1`,
		"end.\n.so /x":    `end. .so /x`,
		"the `~/x` \"y\"": `the \(ga\(ti/x\(ga \(dqy\(dq`,
	} {
		if got := escaped(text); got != want {
			t.Errorf("escaped(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestManProse(t *testing.T) {
	p := &roff{}
	p.prose("One\ntwo.\n\n## Title\n\nThree:\n  .a\n\tb\nfour")
	if want := "One\ntwo.\n.SS \"Title\"\n.PP\nThree:\n.PP\n.nf\n  .a\n    b\n.fi\n.PP\nfour\n"; p.String() != want {
		t.Errorf("got\n%swant\n%s", p, want)
	}
}

func TestManStatus(t *testing.T) {
	p := &roff{}
	manStatus(p, &cobra.Command{Use: "x"}, "the command's · 0 · 6 copies that are\nnot listed\n5 waits (pawl exit-codes)")
	got, _, _ := strings.Cut(p.String(), ".PP\n")
	want := ".TP\n\\fBthe command\\(aqs\\fR\n.TP\n\\fB0\\fR\ndone\n.TP\n\\fB6\\fR\ncopies that are not listed\n.TP\n\\fB5\\fR\nwaits\n"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
