package catalog_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pawl-dev/pawl/catalog"
)

const signIn = `version: 1
providers:
  - {name: acme, title: Acme, issuer: "https://id.acme.example", client_id: pawl, client_secret: "env:OIDC"}
  - {name: local, issuer: "http://localhost:9998", client_id: pawl, client_secret: {command: [pass, show, oidc]}}
`

func loadSignIn(text string) (*catalog.Catalog, catalog.Problems) {
	return loadBeside("sign-in.yaml", text)
}

// loadBeside loads the example with one more file.
func loadBeside(name, text string) (*catalog.Catalog, catalog.Problems) {
	files := fstest.MapFS{}
	for _, file := range []string{"connections.yaml", "credentials/heroku-api-key.yaml"} {
		data, err := os.ReadFile("testdata/acme/" + file)
		if err != nil {
			panic(err)
		}
		files[file] = &fstest.MapFile{Data: data}
	}
	files[name] = &fstest.MapFile{Data: []byte(text)}
	return catalog.LoadFS(files, vendors())
}

func TestSignIn(t *testing.T) {
	c, problems := loadSignIn(signIn)
	if problems != nil {
		t.Fatal(problems)
	}
	all := c.SignIns()
	if len(all) != 2 || all[0].Name != "acme" || all[0].Title != "Acme" || all[0].Issuer != "https://id.acme.example" || all[0].ClientID != "pawl" ||
		all[0].Secret.String() != "env:OIDC" || all[0].Host() != "id.acme.example" || all[1].Name != "local" {
		t.Errorf("%+v", all)
	}
}

// TestSignInMistakes: each is told with its place, and a secret that was written
// where a reference belongs is not repeated.
func TestSignInMistakes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"env:OIDC", "CANARY-secret", "client_secret"},
		{"name: local", "name: acme", "two providers are called acme"},
		{"https://id", "http://id", "https"},
		{"https://id.acme.example", "https://me:CANARY@id.acme.example", "not the address of a provider"},
		{"https://id.acme.example", "id.acme.example", "not the address of a provider"},
		{"client_id: pawl", "client: pawl", "client_id"},
		{"version: 1", "version: 7", "version"},
		{"name: acme", "name: Acme", "name of a provider"},
	} {
		text := strings.Replace(signIn, c.from, c.to, 1)
		_, problems := loadSignIn(text)
		if said := problems.Error(); !strings.Contains(said, c.want) || !strings.Contains(said, "sign-in.yaml:") || strings.Contains(said, "CANARY") {
			t.Errorf("%s → %s: %s", c.from, c.to, said)
		}
	}
	_, problems := loadBeside("sign-in.yml", signIn)
	if said := problems.Error(); !strings.Contains(said, "call it sign-in.yaml") {
		t.Error(said)
	}
}
