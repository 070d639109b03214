package catalog_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	httpprobe "github.com/pawl-dev/pawl/probe/http"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/slack"
)

// vendors are the real providers; nothing is ever opened.
func vendors() []provider.Provider {
	return []provider.Provider{heroku.Provider(), github.Provider(), infisical.Provider(), slack.Provider(), httpprobe.Provider(&http.Client{})}
}

func acme(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, problems := catalog.Load("testdata/acme", vendors())
	if problems != nil {
		t.Fatalf("the example has problems:\n%v", problems)
	}
	return c
}

// load reads a catalog with the connections of the example and one credential.
func load(t testing.TB, credential string) *catalog.Catalog {
	t.Helper()
	c, problems := catalog.LoadFS(world(t, credential), vendors())
	if problems != nil {
		t.Fatal(problems)
	}
	return c
}

func world(t testing.TB, credential string) fstest.MapFS {
	t.Helper()
	connections, err := os.ReadFile("testdata/acme/connections.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"connections.yaml": {Data: connections}, "credentials/a.yaml": {Data: []byte(credential)}}
}

const head = `version: 1
name: a
issuer: {kind: heroku/authorization, connection: heroku, description: acme}
`

func plan(t testing.TB, c *catalog.Catalog, name string, reason pawl.Reason) pawl.Plan {
	t.Helper()
	p, err := c.Plan(name, reason)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAcme(t *testing.T) {
	c := acme(t)
	p := plan(t, c, "heroku-api-key", pawl.Scheduled)
	got, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/acme/plan.json", append(got, '\n'))
	if p.Digest() != plan(t, acme(t), "heroku-api-key", pawl.Scheduled).Digest() {
		t.Error("two loads give two digests")
	}
	cred, err := c.Credential("heroku-api-key")
	if err != nil || cred.Schedule.Window.String() != "Tue-Thu 09:00-16:00 Europe/Paris" || len(cred.Schedule.Remind) != 2 {
		t.Errorf("Credential: %+v, %v", cred, err)
	}
	if diff := cmp.Diff([]string{"github", "heroku", "infisical", "slack"}, c.Connections()); diff != "" {
		t.Error(diff)
	}
}

// TestPlansOpen makes sure that what is compiled is what the kinds accept.
func TestPlansOpen(t *testing.T) {
	kinds := map[string]bool{}
	for _, v := range vendors() {
		for _, k := range v.Issuers {
			kinds[k.Name+"@1"] = true
		}
		for _, k := range v.Consumers {
			kinds[k.Name+"@1"] = true
			for _, p := range plan(t, acme(t), "heroku-api-key", pawl.Manual).Consumers {
				if p.Op.Name != k.Name+"@1" {
					continue
				}
				s := k.Settings()
				if err := json.Unmarshal(p.Op.Config, s); err != nil || s.Validate() != nil || s.Where() != p.Where {
					t.Errorf("%s: %v, %v, %q", p.ID, err, s.Validate(), s.Where())
				}
			}
		}
	}
	for _, p := range plan(t, acme(t), "heroku-api-key", pawl.Manual).Consumers {
		if p.Human == nil && !kinds[p.Op.Name] {
			t.Errorf("%s: no kind %s", p.ID, p.Op.Name)
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

const wavy = head + `finish: {soak: 10m, watch: 1h}
store: {kind: heroku/config-var, connection: heroku, app: acme-vault, keys: [A]}
consumers:
  - {id: rest, kind: heroku/config-var, connection: heroku, app: acme-rest, keys: [A]}
  - {id: person, kind: human, ask: Open a new shell.}
  - {id: second, kind: heroku/config-var, connection: heroku, app: acme-second, keys: [A], wave: beta}
  - {id: first, kind: heroku/config-var, connection: heroku, app: acme-first, keys: [A], wave: canary}
  - {id: early, kind: human, ask: Look at it., wave: beta, blocks: nothing}
`

func layout(p pawl.Plan) map[string]int {
	waves := map[string]int{}
	for _, c := range p.Consumers {
		waves[c.ID] = c.Wave
	}
	return waves
}

func TestWaves(t *testing.T) {
	c := load(t, wavy)
	p := plan(t, c, "a", pawl.Scheduled)
	want := map[string]int{"store": 0, "second": 1, "early": 1, "first": 2, "rest": 3, "person": 4}
	if diff := cmp.Diff(want, layout(p)); diff != "" {
		t.Error(diff)
	}
	for i := 1; i < len(p.Consumers); i++ {
		if p.Consumers[i].Wave < p.Consumers[i-1].Wave {
			t.Errorf("%s of wave %d comes after wave %d", p.Consumers[i].ID, p.Consumers[i].Wave, p.Consumers[i-1].Wave)
		}
	}
	if !p.Consumers[0].Store || !p.Place("person").Required() || p.Place("early").Required() {
		t.Errorf("store or people are wrong: %+v", p.Consumers)
	}
}

func TestLeakHasOneWaveAndNoSoak(t *testing.T) {
	p := plan(t, load(t, wavy), "a", pawl.Leak)
	want := map[string]int{"store": 0, "second": 1, "early": 1, "first": 1, "rest": 1, "person": 2}
	if diff := cmp.Diff(want, layout(p)); diff != "" {
		t.Error(diff)
	}
	if p.Soak != 0 || p.Watch == 0 {
		t.Errorf("soak %v, watch %v", p.Soak, p.Watch)
	}
}

func TestKeysOfOneAppAreOnePlace(t *testing.T) {
	p := plan(t, load(t, head+`consumers:
  - {id: zero, kind: heroku/config-var, connection: heroku, app: acme-zero, keys: [A], wave: canary}
  - {id: one, kind: heroku/config-var, connection: heroku, app: acme, keys: [A], prove: [{http: "https://acme.example/"}]}
  - {id: two, kind: heroku/config-var, connection: heroku, app: acme, keys: [B, C], wave: beta, require: attested, prove: [{http: "https://acme.example/"}, {http: "https://acme.example/two"}]}
  - {id: three, kind: heroku/config-var, connection: heroku, app: acme-three, keys: [B]}
`), "a", pawl.Manual)
	if diff := cmp.Diff(map[string]int{"zero": 1, "one": 2, "three": 3}, layout(p)); diff != "" {
		t.Error(diff)
	}
	one := p.Place("two")
	if one == nil || one.ID != "one" || !cmp.Equal(one.Also, []string{"two"}) || one.Require != pawl.Attested || len(one.Proofs) != 2 {
		t.Fatalf("merged place: %+v", one)
	}
	if want := `{"app":"acme","keys":["A","B","C"]}`; string(one.Op.Config) != want {
		t.Errorf("merged settings %s, want %s", one.Op.Config, want)
	}
}

func TestPlanDoesNotShare(t *testing.T) {
	c := acme(t)
	p := plan(t, c, "heroku-api-key", pawl.Manual)
	before := p.Digest()
	p.Approval.Count = 0
	p.Consumers[0].ID = "changed"
	p.Consumers[1].Proofs[0].Name = "changed"
	p.Place("laptop").Human.Ask = "changed"
	if got := plan(t, c, "heroku-api-key", pawl.Manual).Digest(); got != before {
		t.Error("changing a plan changed the catalog")
	}
}

func TestWarnings(t *testing.T) {
	c := load(t, head+`consumers:
  - {id: ci, kind: github/actions-secret, connection: github, repo: acme/api, secret: A, require: timestamp}
  - {id: shell, kind: human, ask: Open a new shell.}
`)
	want := []string{
		"ci: evidence lowered from exercised to timestamp",
		"shell: assigned to nobody",
		"no store: there is no system of record for the value",
		"no consumer attests or exercises the value that it really uses",
		"no watch: nobody looks at the consumers after the revoke",
	}
	if diff := cmp.Diff(want, plan(t, c, "a", pawl.Manual).Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestPlainHTTPOnLoopbackIsAWarning(t *testing.T) {
	fsys := world(t, head+"store: {kind: heroku/config-var, connection: heroku, app: acme, keys: [A]}\n")
	for _, url := range []string{"http://127.0.0.1:8080", "http://localhost/", "http://[::1]:1", "http://heroku.localhost:99"} {
		fsys["connections.yaml"] = &fstest.MapFile{Data: []byte("version: 1\nconnections: {heroku: {kind: heroku, token: netrc, url: \"" + url + "\"}}\n")}
		c, problems := catalog.LoadFS(fsys, vendors())
		if problems != nil {
			t.Fatal(problems)
		}
		warnings := strings.Join(plan(t, c, "a", pawl.Manual).Warnings, "\n")
		if !strings.Contains(warnings, "plain http to this machine: heroku") {
			t.Errorf("%s: %s", url, warnings)
		}
		conn, err := c.Connection("heroku")
		if err != nil || conn.URL != strings.TrimSuffix(url, "/") || !strings.HasPrefix(url, "http://"+conn.Host()) {
			t.Errorf("%s: %+v, %v", url, conn, err)
		}
	}
}

func TestUnknownNames(t *testing.T) {
	c := acme(t)
	for _, name := range []string{"heroku-api-kye", "", "HRKU-CANARY-pasted"} {
		_, err := c.Plan(name, pawl.Manual)
		if pawl.KindOf(err) != pawl.NotFound || leaks(err.Error()) || !strings.Contains(pawl.HintOf(err), "heroku-api-key") {
			t.Errorf("Plan(%q): %v, hint %q", name, err, pawl.HintOf(err))
		}
	}
	if _, err := c.Connection("herku"); pawl.KindOf(err) != pawl.NotFound || pawl.HintOf(err) != `did you mean "heroku"?` {
		t.Errorf("Connection: %v, hint %q", err, pawl.HintOf(err))
	}
}
