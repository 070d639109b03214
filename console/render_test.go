package console

import (
	"bytes"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/frame/frametest"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// everyPage is the data of every template.
func everyPage() map[string]any {
	return map[string]any{
		"now": &nowPage{}, "credentials": &credentialsPage{}, "credential": &credentialPage{}, "rotation": &rotationPage{}, "calendar": &calendarPage{},
		"approvals": &approvalsPage{}, "consumers": &consumersPage{}, "consumer": &consumersPage{}, "connections": &[]api.Connection{}, "audit": &auditPage{},
		"settings": &settingsPage{}, "problem": &problem{},
	}
}

func quiet(t *testing.T) *Console {
	t.Helper()
	return New(Config{Desk: desk.New(desk.Config{Now: func() time.Time { return noon }}), Now: func() time.Time { return noon }, Frame: frame.Config{SignOut: "/sign-out", Note: frametest.Hostile}})
}

func draw1(t *testing.T, c *Console, name string, data any) string {
	t.Helper()
	who := access.Subject{Actor: pawl.Actor{Type: "user", ID: frametest.Hostile}, Roles: access.Roles(), Teams: []string{frametest.Hostile}, Fresh: true}
	w := httptest.NewRecorder()
	c.render(w, httptest.NewRequest("GET", "/?q=%22%3E%3Cscript%3E", nil), who, &view{name: name, title: frametest.Hostile, live: "/events?of=all", data: data})
	if w.Code != 200 {
		t.Errorf("%s: %d %s", name, w.Code, w.Body)
	}
	return w.Body.String()
}

// TestHostileTexts: a script in any field of any page is text.
func TestHostileTexts(t *testing.T) {
	c := quiet(t)
	pages := everyPage()
	entries, err := templates.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".html"); name != "parts" && pages[name] == nil {
			t.Errorf("the template %s is not tried", name)
		}
	}
	for name, data := range pages {
		frametest.Every(t, name, data, 4, func() string { return draw1(t, c, name, data) })
	}
}

// TestEmptyPages: every page can be drawn with nothing in it.
func TestEmptyPages(t *testing.T) {
	c := quiet(t)
	for name, data := range everyPage() {
		page := draw1(t, c, name, data)
		if !strings.Contains(page, "<h1>") || strings.Contains(page, "<no value>") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: %s", name, page)
		}
	}
}

// TestEveryState: each state that a rotation or a credential can be in has its
// words on the page.
func TestEveryState(t *testing.T) {
	c := quiet(t)
	for state, b := range states {
		if page := draw1(t, c, "credentials", &credentialsPage{Items: []api.Credential{{Name: "key", State: state}}}); !strings.Contains(page, b.Word) {
			t.Errorf("%s: no %q", state, b.Word)
		}
	}
	for phase, word := range phases {
		run := api.Rotation{ID: "key/1", Credential: "key", Number: 1, Phase: phase, OldValid: true, Safe: true}
		if page := draw1(t, c, "rotation", &rotationPage{Rotation: run, Next: nextAction(run), Track: track(run)}); !strings.Contains(page, word) {
			t.Errorf("%s: no %q", phase, word)
		}
	}
	for _, w := range waits {
		run := api.Rotation{ID: "key/1", Phase: "PROVING", Waits: []api.Wait{{On: w.on, Detail: "what was seen"}}}
		page := draw1(t, c, "rotation", &rotationPage{Rotation: run, Next: nextAction(run), Old: oldBadge(run), Stop: stopBadge(run)})
		if !strings.Contains(page, w.title) || !strings.Contains(page, "what was seen") || !strings.Contains(page, "do not stop") {
			t.Errorf("waiting on %s: %s", w.on, page)
		}
	}
	for outcome, title := range endings {
		run := api.Rotation{ID: "key/1", Outcome: outcome}
		if page := draw1(t, c, "rotation", &rotationPage{Rotation: run, Next: nextAction(run)}); !strings.Contains(page, title) {
			t.Errorf("%s: no %q", outcome, title)
		}
	}
}

// TestNotGreenWithoutProof: what was only written never looks proved.
func TestNotGreenWithoutProof(t *testing.T) {
	for _, p := range []api.Place{{Written: true}, {}, {Written: true, Class: "acknowledged", Holds: "new"}, {Person: true}, {Holds: "old"}} {
		if b := proofBadge(p); b.Tone == "good" {
			t.Errorf("%+v is %+v", p, b)
		}
	}
	if b := proofBadge(api.Place{Proved: true, Class: "attested"}); b.Tone != "good" || b.Word != "attested" {
		t.Errorf("%+v", b)
	}
}

// TestEveryEventHasWords: no event of a journal is drawn as an empty line.
func TestEveryEventHasWords(t *testing.T) {
	for _, typ := range []pawl.EventType{pawl.EvPlanned, pawl.EvDriving, pawl.EvPreflight, pawl.EvPrior, pawl.EvIntended, pawl.EvEnded, pawl.EvChecked, pawl.EvListed,
		pawl.EvObserved, pawl.EvConfirmed, pawl.EvAuthorised, pawl.EvApproved, pawl.EvOwed, pawl.EvAccepted, pawl.EvSoaking, pawl.EvGate, pawl.EvForward, pawl.EvRollback,
		pawl.EvPaused, pawl.EvUnpaused, pawl.EvWatching, pawl.EvHandover, pawl.EvStopped, pawl.EvAbandoned, pawl.EvClosed, pawl.EvCensus} {
		for _, result := range []pawl.Result{pawl.Done, pawl.NotDone, pawl.Unsure} {
			e := pawl.Event{Type: typ, At: noon, Result: result, Step: pawl.StepSet, Consumer: "api", Detail: "seen", Verdict: pawl.Proved, Outcome: pawl.Completed, Side: pawl.New}
			for _, l := range told([]api.Line{{Number: 1, Event: e}}) {
				if strings.TrimSpace(l.Title) == "" || !drawn(l.Badge.Icon) {
					t.Errorf("%s: %+v", typ, l)
				}
			}
		}
	}
}

// drawn reports whether there is a picture for the name of an icon.
func drawn(name string) bool { return strings.Contains(string(frame.Icon(name)), "/>") }

// TestIcons: every icon that is named is drawn.
func TestIcons(t *testing.T) {
	text, err := templates.ReadFile("templates/rotation.html")
	if err != nil {
		t.Fatal(err)
	}
	all := [][]byte{text}
	entries, _ := templates.ReadDir("templates")
	for _, e := range entries {
		text, _ := templates.ReadFile("templates/" + e.Name())
		all = append(all, text)
	}
	for _, m := range regexp.MustCompile(`icon "([a-z]+)"`).FindAllSubmatch(bytes.Join(all, nil), -1) {
		if !drawn(string(m[1])) {
			t.Errorf("no icon %s", m[1])
		}
	}
	for _, b := range []map[string]badge{outcomes, holdings, results} {
		for k, v := range b {
			if !drawn(v.Icon) {
				t.Errorf("%s: no icon %s", k, v.Icon)
			}
		}
	}
}

func TestCSVIsNoFormula(t *testing.T) {
	for _, text := range []string{"=1+1", "+1", "-1", "@x", "\tx", "\rx"} {
		if got := plain(text); got[0] != '\'' {
			t.Errorf("%q stays %q", text, got)
		}
	}
	if plain("heroku-api-key") != "heroku-api-key" {
		t.Error("a name was changed")
	}
}
