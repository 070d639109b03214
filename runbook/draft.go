package runbook

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/pawl-dev/pawl/catalog"
)

// Draft reads a runbook that somebody wrote, and returns a catalog entry to
// begin with: each thing to do is a step of a person, in the order of the text,
// but for the revoke, which is pawl's. Nothing is guessed: what might be an
// app, a variable or a repository is a comment beside it, what is no step is a
// note, and what has to be filled in says so. The same text gives the same
// draft. What looks like a secret in it is masked.
func Draft(markdown []byte, connection string) (name string, yaml []byte) {
	rest, front := body(catalog.Mask(strings.ToValidUTF8(string(markdown), "\uFFFD")))
	source := []byte(rest)
	d := &draft{source: source, notes: front}
	doc := goldmark.DefaultParser().Parse(text.NewReader(source))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		d.block(n)
	}
	d.sift()
	name = slug(d.title)
	return name, d.yaml(name, connection)
}

// A draft is a catalog entry in the making.
type draft struct {
	source  []byte
	title   string
	section string
	aside   int // the level of the heading that what is read now is an aside of; 0: none
	steps   []step
	fresh   bool // the newest step is of this section, so a command belongs to it
	notes   []string
}

type step struct{ section, words string }

func (d *draft) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		d.heading(n)
	case *ast.List:
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			d.item(item)
		}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		d.code(n)
	default:
		if words := d.words(n); words != "" {
			d.notes = append(d.notes, words)
		}
	}
}

func (d *draft) heading(n *ast.Heading) {
	words := d.words(n)
	if n.Level == 1 && d.title == "" {
		d.title = words
		return
	}
	d.section, d.fresh = words, false
	if d.aside == 0 || n.Level <= d.aside {
		d.aside = 0
		if aside.MatchString(words) {
			d.aside = n.Level
		}
	}
	d.notes = append(d.notes, "## "+words)
}

func (d *draft) item(n ast.Node) {
	words := d.words(n)
	switch {
	case words == "":
	case d.aside > 0:
		d.notes = append(d.notes, "- "+words)
	default:
		d.steps = append(d.steps, step{d.section, words})
		d.fresh = true
	}
}

// code belongs to the step before it, or is one of its own.
func (d *draft) code(n ast.Node) {
	words := d.words(n)
	switch {
	case words == "":
	case d.aside > 0:
		d.notes = append(d.notes, words)
	case d.fresh:
		d.steps[len(d.steps)-1].words += " " + words
	default:
		if d.section != "" {
			words = d.section + ": " + words
		}
		d.steps = append(d.steps, step{d.section, words})
		d.fresh = true
	}
}

// words is the text of a block in one line, code between backquotes.
func (d *draft) words(n ast.Node) string {
	var out strings.Builder
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				out.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(d.source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.CodeSpan:
			out.WriteString("`" + string(n.Text(d.source)) + "`") //nolint:staticcheck // the segments of a span are its text
			return ast.WalkSkipChildren, nil
		case *ast.AutoLink:
			out.Write(n.URL(d.source))
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				if command := strings.TrimSpace(string(line.Value(d.source))); command != "" {
					out.WriteString(" `" + command + "`")
				}
			}
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(out.String()), " ")
}

// FillIn begins what somebody has to write into a draft.
const FillIn = "FILL IN: "

func (d *draft) yaml(name, connection string) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# yaml-language-server: $schema=../schema/credential.v1.json")
	line("# A draft, read from a runbook. Everything in it but the revoke is done by a person, until you turn steps into places of their own kind.")
	line("version: 1\nname: %s", name)
	if d.title != "" {
		line("title: %s", quote(d.title))
	}
	if names := found(variable, d.everything()); len(names) > 0 {
		line("# applies_to: [%s]   # names that were found", strings.Join(names, ", "))
	}
	line("\n# %swhere new ones come from. heroku/authorization is only what stands here until you say.", FillIn)
	line("issuer:\n  kind: heroku/authorization\n  connection: %s\n  description: %s\n  by: operator", connection, quote(name))
	line("  ask: %s", quote(FillIn+"how a new one is made; then take that step out of the list below"))
	line("\nconsumers:")
	if len(d.steps) == 0 {
		d.steps = []step{{words: FillIn + "what is to be done; no list and no command was found in the runbook"}}
	}
	for i, s := range d.steps {
		line("  - {id: step-%d, kind: human, ask: %s}", i+1, quote(clip(s.words, 2000)))
	}
	if places := d.places(); len(places) > 0 {
		line("\n  # These may be places of their own kind, which pawl writes and proves; then take their steps out:")
		for _, p := range places {
			line("  # - %s", p)
		}
	}
	if len(d.notes) > 0 {
		line("\n# What was in the runbook besides:")
		for _, n := range d.notes {
			line("# %s", clip(n, 2000))
		}
	}
	return []byte(b.String())
}

func (d *draft) everything() string {
	all := slices.Clone(d.notes)
	for _, s := range d.steps {
		all = append(all, s.words)
	}
	return strings.Join(all, "\n")
}

var (
	variable  = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
	herokuSet = regexp.MustCompile("heroku config:set ([^`]*)")
	herokuApp = regexp.MustCompile(`(?:--app[ =]|-a )([a-z0-9][a-z0-9-]*)`)
	assigned  = regexp.MustCompile(`\b([A-Za-z_]\w*)=`)
	ghSet     = regexp.MustCompile("gh secret set (\\w+)([^`]*)")
	ghRepo    = regexp.MustCompile(`(?:--repo[ =]|-R )([\w.-]+/[\w.-]+)`)
)

// places are the places of other kinds that the commands name.
func (d *draft) places() (all []string) {
	everything := d.everything()
	for _, m := range herokuSet.FindAllStringSubmatch(everything, -1) {
		app, key := herokuApp.FindStringSubmatch(m[1]), assigned.FindStringSubmatch(m[1])
		if app != nil && key != nil {
			all = append(all, fmt.Sprintf("{id: %s, kind: heroku/config-var, connection: heroku, app: %s, keys: [%s]}", app[1], app[1], key[1]))
		}
	}
	for _, m := range ghSet.FindAllStringSubmatch(everything, -1) {
		if repo := ghRepo.FindStringSubmatch(m[2]); repo != nil {
			all = append(all, fmt.Sprintf("{id: ci, kind: github/actions-secret, connection: github, repo: %s, secret: %s, prove: [{workflow: %sa workflow that uses it}]}", repo[1], m[1], FillIn))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func found(re *regexp.Regexp, text string) []string {
	all := re.FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

func quote(text string) string {
	out, _ := json.Marshal(strings.Map(func(r rune) rune { // a text always can be
		if r < ' ' || r == 0x7F || r == '\uFEFF' {
			return ' '
		}
		return r
	}, text))
	return string(out)
}

func clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + " …"
	}
	return text
}

// slug is a name that the catalog takes.
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') })
	name := strings.Join(words, "-")
	if len(name) > 60 {
		name = strings.Trim(name[:60], "-")
	}
	if name == "" {
		return "imported-runbook"
	}
	return name
}
