package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manPage is the manual page of a command, in the macros of man(7). It is ASCII,
// and says nothing that --help does not say.
func manPage(c *cobra.Command, date string) []byte {
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	p := &roff{}
	p.macro("TH", strings.ToUpper(manName(c)), "1", date, "pawl "+version, "pawl manual")
	p.macro("SH", "NAME")
	p.line(manName(c) + " - " + c.Short)
	p.macro("SH", "SYNOPSIS")
	manSynopsis(p, c)
	about, status := manParts(c)
	p.macro("SH", "DESCRIPTION")
	p.prose(about)
	manCommands(p, c)
	p.macro("SH", "OPTIONS")
	p.flags(c.NonInheritedFlags())
	if c.HasParent() {
		p.macro("SS", "Of every command")
		p.flags(c.InheritedFlags())
	}
	p.macro("SH", "EXIT STATUS")
	manStatus(p, c, status)
	p.macro("SH", "SEE ALSO")
	p.line(strings.Join(manAlso(c), ", "))
	return []byte(p.String())
}

// manSynopsis is the line of use, and that of the commands below.
func manSynopsis(p *roff, c *cobra.Command) {
	args := strings.TrimPrefix(c.UseLine(), c.CommandPath())
	if !strings.Contains(args, "[flags]") {
		args += " [flags]"
	}
	p.raw(bold(c.CommandPath()) + escaped(args))
	if c.HasAvailableSubCommands() {
		p.macro("br")
		p.raw(bold(c.CommandPath()) + " " + italic("command") + escaped(" [flags]"))
	}
}

// manParts are the description, and what it says at its end of the exit status.
func manParts(c *cobra.Command) (about, status string) {
	about, status, _ = strings.Cut(c.Long, "Exit status: ")
	if about = strings.TrimSpace(about); about == "" {
		about = c.Short + "."
	}
	return about, strings.TrimSpace(status)
}

func manCommands(p *roff, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	p.macro("SH", "COMMANDS")
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			p.item(bold(sub.CommandPath()), sub.Short)
		}
	}
}

// manStatus is one item a code: "0 done · 1 failed" has two. A command that
// says nothing of its own has those of all.
func manStatus(p *roff, c *cobra.Command, status string) {
	if status == "" {
		for _, e := range exitText {
			p.item(bold(fmt.Sprint(e.code)), e.text)
		}
		return
	}
	for _, entry := range strings.Split(manEntries(status), " · ") {
		code, text, _ := strings.Cut(strings.TrimSpace(entry), " ")
		switch {
		case strings.Trim(code, "0123456789") != "":
			p.item(bold(strings.TrimSpace(entry)), "")
		case text == "":
			p.item(bold(code), "done")
		default:
			p.item(bold(code), text)
		}
	}
	if c.Name() != "exit-codes" {
		p.macro("PP")
		p.line("What each code means in general is in pawl-exit-codes(1).")
	}
}

// manEntries has each entry after a dot: a line of the help that begins with a
// code begins an entry, and any other goes on with the one before.
func manEntries(status string) string {
	status = strings.TrimSpace(strings.TrimSuffix(status, "(pawl exit-codes)"))
	lines := strings.Split(status, "\n")
	for i, l := range lines[1:] {
		sep := " "
		if l != "" && l[0] >= '0' && l[0] <= '9' {
			sep = " · "
		}
		lines[i+1] = sep + strings.TrimSpace(l)
	}
	return strings.Join(lines, "")
}

// manAlso are the pages above, below, and the one that explains what a command
// ends with.
func manAlso(c *cobra.Command) (all []string) {
	for up := c.Parent(); up != nil; up = up.Parent() {
		all = append([]string{manName(up) + "(1)"}, all...)
	}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			all = append(all, manName(sub)+"(1)")
		}
	}
	if c.HasParent() && c.Name() != "exit-codes" {
		all = append(all, "pawl-exit-codes(1)")
	}
	return all
}

// A roff is a page that is being written.
type roff struct{ strings.Builder }

// macro begins a line with a macro. Its arguments are quoted.
func (p *roff) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, a := range args {
		p.WriteString(` "` + escaped(a) + `"`)
	}
	p.WriteString("\n")
}

// raw writes a line that is escaped already.
func (p *roff) raw(line string) { p.WriteString(line + "\n") }

// line writes a line of text.
func (p *roff) line(text string) { p.raw(escaped(text)) }

// item is a term and what is said of it.
func (p *roff) item(term, text string) {
	p.macro("TP")
	p.raw(term)
	if text != "" {
		p.line(text)
	}
}

// prose writes paragraphs and their headings. Lines that are indented stay as
// they are: they are examples and tables.
func (p *roff) prose(text string) {
	fresh, table := false, false
	for _, l := range strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n") {
		indented := strings.HasPrefix(l, " ")
		if table && !indented {
			p.macro("fi")
		}
		switch {
		case l == "":
			fresh = p.Len() > 0
		case indented && !table:
			p.macro("PP")
			p.macro("nf")
		case !indented && (fresh || table) && !strings.HasPrefix(l, "## "):
			p.macro("PP")
		}
		table = indented
		if l == "" {
			continue
		}
		if title, ok := strings.CutPrefix(l, "## "); ok {
			p.macro("SS", title)
		} else {
			p.line(l)
		}
		fresh = false
	}
	if table {
		p.macro("fi")
	}
}

// flags are the options, in the order of --help.
func (p *roff) flags(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		arg, text := pflag.UnquoteUsage(f)
		term := bold("--" + f.Name)
		if f.Shorthand != "" {
			term = bold("-"+f.Shorthand) + ", " + term
		}
		if arg != "" {
			term += " " + italic(arg)
		}
		switch f.DefValue {
		case "", "false", "0", "0s", "[]":
		default:
			text += " (default " + f.DefValue + ")"
		}
		p.item(term, text)
	})
}

func bold(text string) string   { return `\fB` + escaped(text) + `\fR` }
func italic(text string) string { return `\fI` + escaped(text) + `\fR` }

// signs are characters that formatters take for something else, or print as
// something that cannot be pasted into a shell.
var signs = map[rune]string{'\\': `\e`, '-': `\-`, '\'': `\(aq`, '`': `\(ga`, '^': `\(ha`, '~': `\(ti`, '"': `\(dq`}

// escaped is text that means itself, wherever in a line it is. A line that
// begins with a dot would be a macro.
func escaped(text string) string {
	var b strings.Builder
	if strings.HasPrefix(text, ".") {
		b.WriteString(`\&`)
	}
	for _, r := range text {
		switch s := signs[r]; {
		case s != "":
			b.WriteString(s)
		case r == '\n':
			b.WriteByte(' ')
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
