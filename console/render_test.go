package console

import (
	"bytes"
	"html"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/frame"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// hostile is what a vendor, a catalog or a person may have put into any text.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' onmouseover='alert(1)' javascript:alert(1)`

// fill sets everything that can be set: each text to text, each list to two,
// each number to n, each time to noon and each truth to yes.
func fill(v reflect.Value, text string, n int64, yes bool) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(yes)
	case reflect.Int, reflect.Int64:
		v.SetInt(n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, n, yes)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`"x"`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), text, n, yes)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, n, yes)
		fill(value, text, n, yes)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), text, n, yes)
			}
		}
	}
}

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
	return New(Config{Desk: desk.New(desk.Config{Now: func() time.Time { return noon }}), Now: func() time.Time { return noon }, Frame: frame.Config{SignOut: "/sign-out", Note: hostile}})
}

func draw1(t *testing.T, c *Console, name string, data any) string {
	t.Helper()
	who := access.Subject{Actor: pawl.Actor{Type: "user", ID: hostile}, Roles: access.Roles(), Teams: []string{hostile}, Fresh: true}
	w := httptest.NewRecorder()
	c.render(w, httptest.NewRequest("GET", "/?q=%22%3E%3Cscript%3E", nil), who, &view{name: name, title: hostile, live: "/events?of=all", data: data})
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
		for _, text := range []string{hostile, "javascript:alert(1)"} {
			for _, yes := range []bool{true, false} {
				fill(reflect.ValueOf(data).Elem(), text, 3, yes)
				harmless(t, name, draw1(t, c, name, data))
			}
		}
	}
}

var (
	tags    = regexp.MustCompile(`<[a-zA-Z/!](?:[^>"']|"[^"]*"|'[^']*')*>`)
	handler = regexp.MustCompile(`(?i)\son[a-z]+\s*=`)
	leads   = regexp.MustCompile(`(?i)\b(href|src|action|formaction|hx-get)="\s*([^"]*)"`)
)

// harmless reads a page as a browser does, tag by tag.
func harmless(t *testing.T, name, page string) {
	t.Helper()
	scripts := 0
	for _, tag := range tags.FindAllString(page, -1) {
		if strings.HasPrefix(tag, "<script") {
			scripts++
			if !strings.Contains(tag, ` nonce="`) {
				t.Errorf("%s: %s", name, tag)
			}
		}
		if strings.HasPrefix(tag, "<img") || strings.HasPrefix(tag, "<style") || strings.Contains(tag, " style=") {
			t.Errorf("%s: %s", name, tag)
		}
		bare := regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllString(tag, "''")
		if handler.MatchString(bare) {
			t.Errorf("%s: a handler: %s", name, tag)
		}
		for _, a := range leads.FindAllStringSubmatch(tag, -1) {
			if to, err := url.Parse(html.UnescapeString(a[2])); err != nil || to.Scheme != "" || to.Host != "" {
				t.Errorf("%s: %s leads elsewhere: %s", name, a[1], tag)
			}
		}
	}
	if scripts != 4 {
		t.Errorf("%s: %d scripts, want the 4 of ours", name, scripts)
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
