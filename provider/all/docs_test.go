package all_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/all"
)

var update = flag.Bool("update", false, "write docs/provider anew")

// A page is a provider's .toml file: what its documentation says that the code
// does not.
type page struct {
	Title      string              `toml:"title"`
	Links      []string            `toml:"links"`
	Connection []string            `toml:"connection"` // remarks on it
	Kinds      map[string][]string `toml:"kinds"`      // remarks on each
}

// TestDocs holds docs/provider to the code: go test ./provider/all -run Docs -update
func TestDocs(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "provider")
	want := map[string]bool{}
	for _, p := range all.Providers() {
		file := filepath.Join(dir, p.Name+".md")
		want[file] = true
		text := document(t, p)
		if *update {
			write(t, file, text)
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not what the code says (%v): go test ./provider/all -run Docs -update", file, err)
		}
	}
	there, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if !want[file] {
			t.Errorf("%s is of no provider", file)
		}
	}
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// load reads a provider's .toml, which lies in its folder. A key that means
// nothing is an error.
func load(t *testing.T, p provider.Provider) (pg page) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "pro*", p.Name, p.Name+".toml")) // provider, probe
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: want one %s.toml, found %q", p.Name, p.Name, found)
	}
	meta, err := toml.DecodeFile(found[0], &pg)
	if err != nil {
		t.Fatalf("%s: %v", found[0], err)
	}
	if keys := meta.Undecoded(); len(keys) > 0 || pg.Title == "" || len(pg.Links) == 0 {
		t.Errorf("%s: unknown keys %v, or no title or links", found[0], keys)
	}
	return pg
}

// A writer makes Markdown.
type writer struct {
	bytes.Buffer
	t    *testing.T
	page page
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func document(t *testing.T, p provider.Provider) []byte {
	t.Helper()
	w := &writer{t: t, page: load(t, p)}
	w.line("<!-- Generated from the code and its .toml file: go test ./provider/all -run Docs -update -->")
	w.line("# %s\n\n%s", w.page.Title, p.Doc)
	if p.Connection != nil {
		w.connection(p.Name, p.Connection)
	}
	for _, k := range p.Issuers {
		w.kind("Issuer", k.Name, k.Doc, "")
		w.settings(k.Settings())
	}
	for _, k := range p.Consumers {
		evidence := fmt.Sprintf("Evidence that is required unless the catalog says otherwise: `%s`", k.Require)
		if k.Proof != "" {
			evidence += fmt.Sprintf(", by a proof of the kind `%s`", k.Proof)
		}
		w.kind("Consumer", k.Name, k.Doc, evidence+".")
		w.settings(k.Settings())
	}
	for _, k := range p.Provers {
		inherited := ""
		if len(k.Inherit) > 0 {
			inherited = fmt.Sprintf("What it does not give is taken from its consumer: `%s`.", strings.Join(k.Inherit, "`, `"))
		}
		w.kind("Proof", k.Name, k.Doc, inherited)
		w.settings(k.Settings())
	}
	for _, k := range p.Notifiers {
		w.kind("Notifier", k.Name, "Below `notify`, where its value says to whom.", "")
	}
	w.known(p)
	w.line("\n## The vendor's own pages\n")
	for _, link := range w.page.Links {
		w.line("- <%s>", link)
	}
	return w.Bytes()
}

func (w *writer) connection(name string, c *provider.Connecting) {
	w.line("\n## Connection `kind: %s`\n\n| key | |\n|---|---|", name)
	if c.URL == "" {
		w.line("| `url` | Root of the API. Required. |")
	} else {
		w.line("| `url` | Root of the API. Default: `%s` |", c.URL)
	}
	for _, s := range c.Secrets {
		w.line("| `%s` | %s Only where it comes from is written here. |", s.Name, s.Doc)
	}
	if c.Scopes != "" {
		w.line("\nPermissions: %s", c.Scopes)
	}
	w.remarks(w.page.Connection)
}

func (w *writer) kind(what, name, doc, more string) {
	w.line("\n## %s `%s`\n\n%s", what, name, doc)
	if more != "" {
		w.line("\n%s", more)
	}
	w.remarks(w.page.Kinds[name])
}

func (w *writer) remarks(all []string) {
	if len(all) > 0 {
		w.line("")
	}
	for _, r := range all {
		w.line("- %s", r)
	}
}

// settings lists the keys of a kind, those of a struct inside by their path.
func (w *writer) settings(s provider.Settings) {
	w.line("\n| key | value | |\n|---|---|---|")
	w.fields("", reflect.TypeOf(s).Elem())
}

func (w *writer) fields(prefix string, typ reflect.Type) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		doc := f.Tag.Get("doc")
		if doc == "" {
			w.t.Errorf("%s.%s has no doc tag", typ, f.Name)
		}
		if f.Tag.Get("required") == "true" {
			doc += " Required."
		}
		w.line("| `%s` | %s | %s |", prefix+key, form(f.Type), strings.ReplaceAll(doc, "|", "\\|"))
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			w.fields(prefix+key+".", inner)
		}
	}
}

// form is what a key's value is, in the catalog's words.
func form(typ reflect.Type) string {
	if typ.Implements(reflect.TypeFor[provider.Shorthand]()) {
		return "text or group"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return form(typ.Elem())
	case reflect.Slice:
		return "list"
	case reflect.Map:
		return "names and values"
	case reflect.Struct:
		return "group"
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "true or false"
	}
	return "text"
}

// known checks that the .toml remarks only on kinds that there are.
func (w *writer) known(p provider.Provider) {
	var names []string
	for _, k := range p.Issuers {
		names = append(names, k.Name)
	}
	for _, k := range p.Consumers {
		names = append(names, k.Name)
	}
	for _, k := range p.Provers {
		names = append(names, k.Name)
	}
	for _, k := range p.Notifiers {
		names = append(names, k.Name)
	}
	for name := range w.page.Kinds {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			w.t.Errorf("%s.toml: %s has no kind %q", p.Name, p.Name, name)
		}
	}
}
