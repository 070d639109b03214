package sim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/sim"
)

// play sends requests, as "GET /path", through rules and tells which were
// refused: "..x".
func play(t *testing.T, rules *sim.Rules, vendor string, requests ...string) string {
	t.Helper()
	h := sim.Front(vendor, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), rules)
	var out strings.Builder
	for _, r := range requests {
		method, path, _ := strings.Cut(r, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		out.WriteString(map[int]string{200: ".", 503: "x", 500: "!"}[w.Code])
	}
	return out.String()
}

func TestRules(t *testing.T) {
	get := "GET /apps/a/config-vars?q=1"
	for rule, want := range map[string]string{
		"heroku GET /apps/a/config-vars refuse":         "xxxx",
		"heroku GET /apps/*/config-vars refuse x2":      "xx..",
		"heroku GET /apps/** refuse after=3":            "...x",
		"heroku GET /apps/** refuse x1 after=1":         ".x..",
		"* * ** refuse x1":                              "x...",
		"heroku * /**/config-vars refuse x3":            "xxx.",
		"github GET /apps/a/config-vars refuse":         "....",
		"heroku POST /apps/a/config-vars refuse":        "....",
		"heroku WRITE /apps/a/config-vars refuse":       "....",
		"heroku GET /apps/* refuse":                     "....",
		"heroku GET /apps/a/config-vars/more/** refuse": "....",
	} {
		r, err := sim.ParseRule(rule, "heroku", "github")
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		rules := new(sim.Rules)
		rules.Add(r)
		if got := play(t, rules, "heroku", get, get, get, get); got != want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
}

func TestFirstRuleThatAppliesDecides(t *testing.T) {
	rules := new(sim.Rules)
	rules.BreakOn(sim.Match{Method: "WRITE"}, sim.Refuse)
	rules.Add(sim.Rule{Fault: sim.Fail, Times: 2})
	if got := play(t, rules, "acme", "GET /", "PUT /", "DELETE /", "HEAD /"); got != "!x!." {
		t.Errorf("got %s", got)
	}
	rules.Add(sim.Rule{Fault: sim.Fail})
	rules.Mend()
	if got := play(t, rules, "acme", "PUT /"); got != "." {
		t.Errorf("mended: %s", got)
	}
}

func TestParseRuleErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "want VENDOR METHOD PATH FAULT",
		"heroku POST /a":                  "want VENDOR METHOD PATH FAULT",
		"herku POST /a lose":              `no vendor "herku"; did you mean "heroku"?`,
		"heroku Post /a lose":             `no method "Post"; did you mean "POST"?`,
		"heroku POST a lose":              `"a" is not a path`,
		"heroku POST /[ lose":             `"/[" is not a path`,
		"heroku POST /a loose":            `no fault "loose"; did you mean "lose"?`,
		"heroku POST /a throttle-absured": `did you mean "throttle-absurd"?`,
		"heroku POST /a xyzzyplugh":       "there are refuse, fail,",
		"heroku POST /a lose x0":          `"x0" is neither`,
		"heroku POST /a lose 1":           `"1" is neither`,
		"heroku POST /a lose after=-1":    `"after=-1" is neither`,
		"heroku POST /a lose x1 x2x":      `"x2x" is neither`,
	} {
		_, err := sim.ParseRule(text, "heroku", "github")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", text, err, want)
		}
	}
	if _, err := sim.ParseRule("acme GET / lose"); err != nil {
		t.Errorf("any vendor: %v", err)
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("heroku POST /oauth/authorizations lose x1 after=2")
	f.Add("* * ** garble")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := sim.ParseRule(text)
		if err == nil && (r.Fault == sim.None || r.Times < 0 || r.After < 0) {
			t.Errorf("%q is %+v", text, r)
		}
	})
}
