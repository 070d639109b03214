package schema_test

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/pawl-dev/pawl/catalog"
	httpprobe "github.com/pawl-dev/pawl/probe/http"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/slack"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the schemas")

func vendors() []provider.Provider {
	return []provider.Provider{heroku.Provider(), github.Provider(), infisical.Provider(), slack.Provider(), httpprobe.Provider(&http.Client{})}
}

func TestUpToDate(t *testing.T) {
	for file, want := range map[string][]byte{
		"credential.v1.json":  catalog.CredentialSchema(vendors()),
		"connections.v1.json": catalog.ConnectionsSchema(vendors()),
		"freezes.v1.json":     catalog.FreezesSchema(),
		"sign-in.v1.json":     catalog.SignInSchema(),
		"notify.v1.json":      catalog.NotifySchema(),
	} {
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: go test ./schema -update", file)
		}
	}
	if !bytes.Equal(catalog.CredentialSchema(vendors()), catalog.CredentialSchema(vendors())) {
		t.Error("the schema of credentials is not the same every time")
	}
}

func compile(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

const example = "../catalog/testdata/acme/"

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExampleIsValid(t *testing.T) {
	if err := validate(t, compile(t, catalog.CredentialSchema(vendors())), read(t, example+"credentials/heroku-api-key.yaml")); err != nil {
		t.Error(err)
	}
	if err := validate(t, compile(t, catalog.ConnectionsSchema(vendors())), read(t, example+"connections.yaml")); err != nil {
		t.Error(err)
	}
}

// TestMistakesAreInvalid changes one thing of the example at a time. Each
// change has to be refused by the schema and by the catalog.
func TestMistakesAreInvalid(t *testing.T) {
	for _, file := range []struct {
		name    string
		schema  []byte
		mistake [][2]string
	}{
		{"credentials/heroku-api-key.yaml", catalog.CredentialSchema(vendors()), [][2]string{
			{"version: 1", "version: 2"}, {"version: 1\n", ""}, {"name: heroku-api-key", "name: Heroku Key"}, {"title:", "titel:"},
			{"kind: heroku/authorization", "kind: heroku/config-var"}, {"connection: heroku ", "conection: heroku "}, {"description: acme-platform-token", "description: ''"},
			{"scope: [global]", "scope: global"}, {"account: ops@acme.example", "acount: ops@acme.example"}, {"every: 90d", "every: 90 days"}, {"every: 90d, ", ""},
			{"Tue-Thu 09:00-16:00 Europe/Paris", "whenever"}, {"from: security, ", ""}, {"count: 1", "count: 0"}, {"project: proj-0001\n", "x: y\n"},
			{"id: api-staging", "id: api staging"}, {"    app: acme-api-staging\n", ""}, {"keys: [HEROKU_API_KEY]", "keys: []"}, {"- http:", "- htp:"}, {"attest:", "atest:"},
			{"repo: acme/api", "repository: acme/api"}, {`{sanity: "true"}`, "{sanity: true}"}, {"ask: Open", "aks: Open"}, {"blocks: nothing", "blocks: everything"},
			{"{slack: D0000000000}", "{slak: D0000000000}"}, {"soak: 10m", "soak: 10"}, {"id: laptop", "id: store"},
		}},
		{"connections.yaml", catalog.ConnectionsSchema(vendors()), [][2]string{
			{"version: 1", "version: '1'"}, {"kind: slack", "kind: slak"}, {`token: "netrc"`, `token: "CANARY"`}, {`, token: "netrc"`, ""},
			{"client_id:", "clientid:"}, {`token: "netrc"`, "token: {command: []}"}, {`token: "netrc"`, "token: 12345"}, {"connections:", "conections:"},
		}},
		{"notify.yaml", catalog.NotifySchema(), [][2]string{
			{"version: 1", "version: 2"}, {"kind: slack", "kind: slak"}, {"to: C0000000001", "two: C0000000001"}, {"token: credential:slack", "token: xoxb-CANARY"},
			{"host: smtp.acme.example:587", "hst: smtp.acme.example:587"}, {"to: [ops@acme.example]", "to: ops@acme.example"}, {"[overdue, failed]", "[overdu]"},
			{"key: env:PAGERDUTY_KEY", "url: https://a.example"}, {"networks: [10.1.0.0/16]", "networks: [everywhere]"}, {"channels:", "chanels:"},
		}},
		{"freezes.yaml", catalog.FreezesSchema(), [][2]string{
			{"from: 2026-12-18 18:00 Europe/Paris", "from: 2026-12-18"}, {"until:", "untl:"}, {"    why: Nobody deploys over the holidays.\n", ""},
			{"who: platform", "who: [platform]"}, {"[heroku-api-key]", "heroku-api-key"}, {"version: 1", "version: 2"},
		}},
		{"sign-in.yaml", catalog.SignInSchema(), [][2]string{
			{"name: acme", "name: Acme Corp"}, {"issuer: https://id.acme.example", "issuer: id.acme.example"}, {"client_id: pawl", "client: pawl"},
			{"client_secret: credential:oidc-client-secret", "client_secret: CANARY"}, {"version: 1", "version: 2"}, {"providers:", "provider:"},
		}},
	} {
		schema := compile(t, file.schema)
		for _, m := range file.mistake {
			good := read(t, example+file.name)
			bad := strings.Replace(good, m[0], m[1], 1)
			if bad == good {
				t.Errorf("%s has no %q", file.name, m[0])
			}
			if validate(t, schema, bad) == nil {
				t.Errorf("the schema allows %q in place of %q", m[1], m[0])
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir+"/"+file.name, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, problems := catalog.Load(dir, vendors()); problems == nil {
				t.Errorf("the catalog allows %q in place of %q", m[1], m[0])
			}
		}
	}
}
