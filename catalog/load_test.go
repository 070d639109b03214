package catalog_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/secretref"
	"pgregory.net/rapid"
)

func TestLoadOfNoCatalog(t *testing.T) {
	_, problems := catalog.Load(t.TempDir(), vendors())
	if len(problems) != 2 || problems[0].File != "connections.yaml" || problems[1].File != "credentials" {
		t.Errorf("got %v", problems)
	}
	var none catalog.Problems
	if none.Err() != nil {
		t.Error("no problems are an error")
	}
}

func TestLoadOfOddFiles(t *testing.T) {
	for name, odd := range map[string]*fstest.MapFile{
		"not a regular file": {Mode: fs.ModeNamedPipe},
		"larger than 1 MiB":  {Data: []byte(strings.Repeat("# x\n", 300_000))},
		"not UTF-8":          {Data: []byte("version: 1\nname: \xff\n")},
		"control character":  {Data: []byte("version: 1\x00")},
		"the file is empty":  {Data: []byte("\ufeff\n")},
	} {
		fsys := world(t, "")
		fsys["credentials/a.yaml"] = odd
		_, problems := catalog.LoadFS(fsys, vendors())
		if len(problems) != 1 || !strings.Contains(problems[0].Message, name) || problems[0].File != "credentials/a.yaml" {
			t.Errorf("%s: got %v", name, problems)
		}
	}
}

func TestFileNamesDoNotMatter(t *testing.T) {
	one := head + "store: {kind: heroku/config-var, connection: heroku, app: acme, keys: [A]}\n"
	fsys := world(t, "")
	delete(fsys, "credentials/a.yaml")
	fsys["credentials/Something Else.YML"] = &fstest.MapFile{Data: []byte("\ufeff---\r\n" + strings.ReplaceAll(one, "\n", "\r\n"))}
	fsys["credentials/README.md"] = &fstest.MapFile{Data: []byte("not read")}
	fsys["credentials/.a.yaml.swp.yaml"] = &fstest.MapFile{Data: []byte("not read")}
	c, problems := catalog.LoadFS(fsys, vendors())
	if problems != nil || len(c.Names()) != 1 {
		t.Errorf("got %v", problems)
	}
}

func TestProblemsIn(t *testing.T) {
	_, problems := catalog.Load("testdata", vendors())
	if got := problems.In("ops/catalog")[0].Error(); !strings.HasPrefix(got, "ops/catalog/connections.yaml: ") {
		t.Errorf("got %s", got)
	}
	if strings.HasPrefix(problems[0].File, "ops") {
		t.Error("In changed the original")
	}
}

func TestCaretStandsBelow(t *testing.T) {
	long := strings.Repeat("é", 300)
	_, problems := catalog.LoadFS(world(t, head+"consumers:\n  - {id: a, kind: human, ask: \""+long+"\", blcks: nothing, people: ["+long+"]}\n"), vendors())
	if len(problems) != 1 {
		t.Fatal(problems)
	}
	p := problems[0]
	runes := []rune(p.Source)
	if got := string(runes[p.Caret-1 : p.Caret-1+p.Width]); got != "blcks" || len(runes) > 170 {
		t.Errorf("the caret is below %q of %q", got, p.Source)
	}
}

func TestResolveSaysWhichConnection(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".netrc"), []byte("machine api.heroku.com password CANARY-netrc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := acme(t)
	r := &secretref.Resolver{Home: dir}
	conn, err := c.Connection("heroku")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := conn.Resolve(t.Context(), r)
	if err != nil || !secrets["token"].Equal(pawl.NewSecret([]byte("CANARY-netrc"))) {
		t.Errorf("heroku: %v, %v", secrets, err)
	}
	conn, err = c.Connection("github")
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Resolve(t.Context(), r)
	hint := pawl.HintOf(err)
	if pawl.KindOf(err) != pawl.Denied || !strings.Contains(hint, "connection github, token: env:GITHUB_TOKEN; set the environment variable") {
		t.Errorf("github: %v, hint %q", err, hint)
	}
}

// TestNothingOfASecretIsShown puts secrets where references belong, in files
// that are wrong in other ways too.
func TestNothingOfASecretIsShown(t *testing.T) {
	credential := head + "store: {kind: heroku/config-var, connection: heroku, app: acme, keys: [A]}\n"
	shapes := []string{
		"heroku: {kind: heroku, token: %s}", "heroku: {kind: heroku, token: %s, x: y}", "heroku: {token: %s, kind: herok}",
		"heroku:\n    kind: heroku\n    token: %s\n    tokn: 1", "heroku:\n    token: |\n      %s\n    kind: x", "heroku:\n    kind: heroku\n    token: [%s]",
		"heroku: {kind: heroku, token: {command: %s}}", "heroku: {kind: heroku, token: {x: %s}}", "heroku: {kind: heroku, token: %s", "heroku: %s", "heroku:\n    token: 'x\n     %s\n     y'\n    kind: heroku",
		"heroku: {kind: heroku, token: env:%s}", "heroku: {kind: heroku, url: https://%s@x/, token: netrc, y: z}",
	}
	rapid.Check(t, func(t *rapid.T) {
		secret := "CANARY" + rapid.StringMatching(`[a-zA-Z0-9:@!#' "-]{0,20}`).Draw(t, "rest")
		shape := rapid.SampledFrom(shapes).Draw(t, "shape")
		if strings.Contains(shape, "https://") && strings.Contains(secret, " #") {
			return // what follows is a comment, and what precedes it a URL without a password
		}
		text := "version: 1\nconnections:\n  " + fmt.Sprintf(shape, secret) + "\n"
		_, problems := catalog.LoadFS(fstest.MapFS{"connections.yaml": {Data: []byte(text)}, "credentials/a.yaml": {Data: []byte(credential)}}, vendors())
		name := strings.Contains(shape, "env:") // a plain word after env: is a name, which is no secret
		if got := problems.Error(); strings.Contains(got, "CANARY") && !name {
			t.Fatalf("%s\nshows\n%s", text, got)
		}
	})
}

func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("testdata/acme/credentials/heroku-api-key.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example, []byte("version: 1\nconnections: {heroku: {kind: heroku, token: netrc}}\n"))
	files, err := filepath.Glob("testdata/problems/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		fsys, _ := unpack(string(text))
		for name, one := range fsys {
			if name != "connections.yaml" && fsys["connections.yaml"] != nil {
				f.Add(one.Data, fsys["connections.yaml"].Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, credential, connections []byte) {
		fsys := fstest.MapFS{"connections.yaml": {Data: connections}, "credentials/a.yaml": {Data: credential}}
		c, problems := catalog.LoadFS(fsys, vendors())
		if (c == nil) != (len(problems) > 0) {
			t.Fatalf("catalog %v with problems %v", c, problems)
		}
		again, second := catalog.LoadFS(fsys, vendors())
		if problems.Error() != second.Error() {
			t.Fatalf("first:\n%v\nthen:\n%v", problems, second)
		}
		if c == nil {
			return
		}
		for _, name := range c.Names() {
			if plan(t, c, name, pawl.Leak).Digest() != plan(t, again, name, pawl.Leak).Digest() {
				t.Errorf("%s has two plans", name)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	fsys := world(b, "")
	delete(fsys, "credentials/a.yaml")
	for i := range 1000 {
		text := fmt.Sprintf(`version: 1
name: credential-%d
title: Token number %d
owner: platform
issuer: {kind: heroku/authorization, connection: heroku, description: acme-%d}
schedule: {every: 90d, window: "Tue-Thu 09:00-16:00 Europe/Paris", remind: [14d, 3d]}
store: {kind: infisical/secret, connection: infisical, project: proj-0001, env: prod, key: TOKEN_%d}
consumers:
  - id: api
    kind: heroku/config-var
    connection: heroku
    app: acme-api-%d
    keys: [TOKEN]
    prove: [{http: https://api.acme.example/health, expect: '.ok'}]
finish: {soak: 10m, watch: 1h}
`, i, i, i, i, i)
		fsys[fmt.Sprintf("credentials/%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	for b.Loop() {
		if _, problems := catalog.LoadFS(fsys, vendors()); problems != nil {
			b.Fatal(problems)
		}
	}
}

// TestHostileFilesAreBounded reads files that would take a parser hours, or
// more stack than there is. Without the bounds this test does not end.
func TestHostileFilesAreBounded(t *testing.T) {
	for want, text := range map[string]string{
		"a mapping of more than 5000 keys": strings.Repeat("a: b\n", 200_000),
		"nested too deeply":                strings.Repeat("[", 1_000_000),
		"nested  too deeply":               strings.Repeat("- ", 500_000),
		"there are more problems":          strings.Repeat("? ", 500_000),
	} {
		_, problems := catalog.LoadFS(world(t, text), vendors())
		last := problems[len(problems)-1]
		if !strings.HasPrefix(last.Message, strings.ReplaceAll(want, "  ", " ")) || len(problems) > 501 || len(problems.Error()) > 1<<20 {
			t.Errorf("%d problems, the last is %s, want %s", len(problems), last.Error(), want)
		}
	}
}
