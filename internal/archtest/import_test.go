package archtest

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// A row says what the packages that match pkg may import. The first row that
// matches counts. Patterns are those of path.Match.
type row struct {
	pkg   string
	uses  string // of this module; "." is the root
	deps  string // modules of others
	tests string // of this module, in addition, in test files; the package itself always
	std   string // "pure": nothing that touches the world; "" all but what not says
	not   string // standard packages
}

// diagram is the architecture, from the inside out. A package in no row fails:
// draw it in first.
var diagram = []row{
	// What everything is about, and what decides: no I/O, no clock, no dice.
	{pkg: ".", std: "pure"},
	{pkg: "rotation", uses: ".", std: "pure"},
	{pkg: "access", uses: ".", std: "pure"},

	// What applications mount. It is theirs, so it needs nothing of ours.
	{pkg: "health", not: "os log/slog"},

	// How things are said, and how they get onto a terminal.
	{pkg: "wording", not: "os net net/http log/slog"},
	{pkg: "terminal", uses: "wording", not: "os net net/http log/slog"},

	// What is kept. Nothing here knows of vendors.
	{pkg: "audit", uses: ".", deps: "golang.org/x/mod", not: "os net net/http log/slog"},
	{pkg: "audit/echo", uses: ". audit", not: "os net net/http"},
	{pkg: "seal", uses: ".", deps: "github.com/tink-crypto/tink-go", not: "net net/http log/slog"},
	{pkg: "journal", uses: ". audit", deps: "golang.org/x/mod", tests: "journal/journaltest", not: "os net net/http"},
	{pkg: "journal/journaltest", uses: ". audit journal", deps: "golang.org/x/mod", not: "os net net/http"},
	{pkg: "journal/sqlite", uses: ". audit journal", deps: "golang.org/x/mod golang.org/x/sys modernc.org/sqlite", tests: "journal/journaltest", not: "net net/http log/slog"},

	{pkg: "systemd", uses: ".", not: "os net/http log/slog"},
	{pkg: "witness", uses: ". audit journal", deps: "golang.org/x/mod", tests: "journal/journaltest"},

	// What recorded rotations show.
	{pkg: "evidence", uses: ". audit", deps: "golang.org/x/mod", tests: "journal journal/journaltest", not: "os net net/http log/slog"},
	{pkg: "history", uses: ". journal rotation", std: "pure"},
	{pkg: "ical", not: "os net net/http log/slog"},
	{pkg: "postmortem", uses: ". journal rotation wording", std: "pure"},

	{pkg: "schedule", uses: ". catalog history", std: "pure", tests: "catalog"},

	// How a value is brought to a person.
	{pkg: "deliver", uses: ".", deps: "filippo.io/age", not: "net net/http log/slog"},

	// Vendors. A provider knows the core and how a vendor is plugged in, and
	// neither files nor logs: wire does the HTTP and says what was asked.
	{pkg: "provider", uses: ".", not: "os log/slog"},
	{pkg: "provider/wrap", std: "pure"},
	{pkg: "provider/once", not: "os net net/http log/slog"},
	{pkg: "provider/fence", std: "pure"},
	{pkg: "provider/wire", uses: ". provider/fence", deps: "golang.org/x/time", tests: "sim", not: "os"},
	{pkg: "provider/retry", uses: ". provider/wrap", deps: "github.com/cenkalti/backoff", not: "os net/http log/slog"},
	{pkg: "provider/providertest", uses: ". provider/wrap sim", tests: "provider provider/* provider/*/*sim"},
	{pkg: "provider/all", uses: "provider provider/* probe/*"},
	{pkg: "provider/slack/slacksim", deps: "github.com/gorilla/websocket", not: "os log/slog"},
	{pkg: "provider/*/*sim", deps: "golang.org/x/crypto", not: "os log/slog"},
	{pkg: "provider/github", uses: ". health probe/attest provider provider/wire", deps: "github.com/google/go-github golang.org/x/crypto", tests: vendorTests, not: "os log/slog"},
	{pkg: "provider/slack", uses: ". provider provider/wire", deps: "github.com/slack-go/slack", tests: vendorTests, not: "os log/slog"},
	{pkg: "provider/*", uses: ". provider provider/once provider/wire", tests: vendorTests, not: "os log/slog"},
	{pkg: "probe/attest", uses: ". health", not: "os net net/http log/slog"},
	{pkg: "probe/http", uses: ". health probe/attest provider provider/wire", deps: "github.com/itchyny/gojq", not: "os log/slog"},

	// What people write, and where secrets come from.
	{pkg: "secretref", uses: ".", deps: "github.com/zalando/go-keyring", not: "net/http log/slog"},
	{pkg: "catalog", uses: ". provider secretref", deps: "github.com/goccy/go-yaml", tests: "provider/* probe/*", not: "net net/http log/slog"},
	{pkg: "schema", tests: "catalog provider provider/* probe/*", not: "os net net/http"},

	// A rotation's journal as OpenTelemetry has it.
	{pkg: "trace", uses: ".", std: "pure", tests: "internal/dst"},
	{pkg: "trace/otlp", uses: ". provider/wire trace", tests: "internal/dst trace/otlp/otlpsim", not: "os log/slog"},
	{pkg: "trace/otlp/otlpsim", deps: "go.opentelemetry.io/proto/otlp google.golang.org/protobuf", not: "os log/slog"},
	{pkg: "trace/relay", uses: ". journal trace", deps: "github.com/cenkalti/backoff", tests: "audit", not: "os net net/http log/slog"},

	// What crosses the wire.
	{pkg: "api", uses: ".", not: "os log/slog"},

	{pkg: "runbook", uses: ". audit catalog history provider wording", deps: "github.com/yuin/goldmark", tests: "provider/* probe/*", not: "os net net/http log/slog"},

	// What does it, and what puts the vendors into its hands.
	{pkg: "engine", uses: ". audit journal provider/fence provider/once provider/wrap rotation seal wording", not: "os net net/http"},
	{pkg: "connect", uses: ". catalog engine provider provider/fence provider/retry provider/wire rotation secretref", tests: "provider/all sim sim/world", not: "os"},

	// A team around it: what people ask for, and what drives it for them.
	{pkg: "peer", uses: ".", deps: "golang.org/x/sys", not: "net/http log/slog"},
	{pkg: "desk", uses: ". access api audit audit/echo catalog engine evidence history journal roster roster/logged rotation schedule", tests: "desk/desktest", not: "os net net/http"},
	{pkg: "desk/desktest", uses: ". access audit audit/echo catalog desk engine journal provider/all seal", not: "net net/http"},
	{pkg: "server", uses: ". access api desk journal", deps: "github.com/danielgtaylor/huma", tests: "desk/desktest roster roster/logged evidence", not: "os"},

	// What pages are made of, whoever draws them.
	{pkg: "frame", uses: ". access wording", tests: "frame/frametest", not: "os log/slog"},
	{pkg: "frame/frametest", not: "os log/slog"},

	// Who may come in.
	{pkg: "roster", uses: ". access", tests: "roster/rostertest", not: "os net net/http log/slog"},
	{pkg: "roster/rostertest", uses: ". access roster", deps: "github.com/google/go-cmp", not: "os net net/http"},
	{pkg: "roster/sqlite", uses: ". roster", deps: "modernc.org/sqlite", tests: "access roster/rostertest", not: "net net/http log/slog"},
	{pkg: "roster/logged", uses: ". audit journal roster", not: "os net net/http"},
	{pkg: "notify", uses: ". access api catalog desk rotation", tests: "desk/desktest notify/outbox", not: "os net net/http"},
	{pkg: "notify/outbox", uses: ". notify", deps: "modernc.org/sqlite", not: "net net/http log/slog"},
	{pkg: "notify/mail/smtpsim", not: "os log/slog"},
	{pkg: "notify/slack", uses: ". notify", deps: "github.com/gorilla/websocket github.com/slack-go/slack", tests: "provider/wire provider/slack/slacksim", not: "os"},
	{pkg: "notify/*", uses: ". notify", tests: "provider/wire notify/mail/smtpsim", not: "os log/slog"},
	{pkg: "metrics", uses: ". access desk history", deps: "github.com/prometheus/client_golang", tests: "api desk/desktest", not: "os"},
	{pkg: "signin", uses: ". access audit audit/echo frame roster roster/logged", deps: "github.com/coreos/go-oidc github.com/go-webauthn/webauthn golang.org/x/oauth2 golang.org/x/time", tests: "frame/frametest", not: "os"},
	{pkg: "team", uses: ". access api desk frame", tests: "audit frame/frametest roster roster/logged", not: "os"},

	{pkg: "console", uses: ". access api desk frame", tests: "audit desk/desktest frame/frametest", not: "os log/slog"},

	// Vendors that are simulated, and the machinery of tests.
	{pkg: "sim", not: "log/slog"},
	{pkg: "sim/world", uses: "health provider/*/*sim", tests: "catalog provider/all"},
	{pkg: "internal/dst", uses: ". engine journal provider/fence rotation seal", not: "os net net/http"},
	{pkg: "internal/archtest"},

	// A page for each error, which the program shows.
	{pkg: "docs/errors", not: "os net net/http log/slog"},

	// An identity provider for the test in a browser, which is no part of the program.
	{pkg: "console/e2e/provider", deps: "github.com/zitadel/oidc"},

	// What people run.
	{pkg: "cmd/pawl", uses: "* */* */*/*", deps: "github.com/spf13/cobra github.com/spf13/pflag golang.org/x/term", tests: "* */* */*/*"},
}

const vendorTests = "sim provider/*/*sim provider/providertest"

// pure are the standard packages that a package without I/O may import.
const pure = "bytes cmp context crypto/sha256 crypto/subtle encoding/hex encoding/json errors fmt hash/fnv io log/slog path slices strconv strings time"

func find(pkg string) *row {
	for i := range diagram {
		if ok, _ := path.Match(diagram[i].pkg, pkg); ok {
			return &diagram[i]
		}
	}
	return nil
}

func TestDependencies(t *testing.T) {
	used := map[*row]bool{}
	for _, s := range sources(t) {
		r := find(s.pkg())
		if r == nil {
			t.Errorf("%s: package %s is in no row; draw it into the diagram", s.name, s.pkg())
			continue
		}
		used[r] = true
		for _, imp := range s.file.Imports {
			if p := strings.Trim(imp.Path.Value, `"`); !r.allows(s, p) {
				t.Errorf("%s: %s may not import %s", s.at(imp), s.pkg(), p)
			}
		}
	}
	for i := range diagram {
		if !used[&diagram[i]] {
			t.Errorf("no package matches %q any more", diagram[i].pkg)
		}
	}
}

func (r *row) allows(s source, p string) bool {
	if dep, ok := strings.CutPrefix(p, module); ok && (dep == "" || dep[0] == '/') {
		dep = strings.TrimPrefix(dep, "/")
		if dep == "" {
			dep = "."
		}
		return matches(r.uses, dep) || s.test && (dep == s.pkg() || matches(r.tests, dep))
	}
	if s.test {
		return true // what a test uses of others is go.mod's affair
	}
	if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
		return slices.ContainsFunc(strings.Fields(r.deps), func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") })
	}
	if r.std == "pure" {
		return matches(pure, p)
	}
	return !matches(r.not, p)
}

func matches(patterns, s string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(p string) bool { ok, _ := path.Match(p, s); return ok })
}

// TestDiagramRefuses tries arrows that must not be there, so that a pattern
// that is too wide is seen.
func TestDiagramRefuses(t *testing.T) {
	for _, arrow := range [][2]string{
		{".", "rotation"}, {"rotation", "journal"}, {"audit", "seal"}, {"journal", "journal/sqlite"},
		{"engine", "provider/heroku"}, {"engine", "connect"}, {"connect", "provider/heroku"}, {"connect", "provider/all"},
		{"provider/heroku", "provider/github"}, {"provider/heroku", "engine"}, {"provider/heroku", "provider/heroku/herokusim"},
		{"provider/heroku/herokusim", "provider/heroku"}, {"catalog", "engine"}, {"sim", "."},
	} {
		dep := module + "/" + arrow[1]
		if arrow[1] == "." {
			dep = module
		}
		if find(arrow[0]).allows(source{name: arrow[0] + "/x.go"}, dep) {
			t.Errorf("%s may import %s", arrow[0], arrow[1])
		}
	}
	for pkg, std := range map[string]string{".": "os", "rotation": "sync", "provider/heroku": "os", "provider/slack": "log/slog", "engine": "net/http"} {
		if find(pkg).allows(source{name: pkg + "/x.go"}, std) {
			t.Errorf("%s may import %s", pkg, std)
		}
	}
}
