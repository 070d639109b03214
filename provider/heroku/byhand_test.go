package heroku_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// TestInstructions are what a person pastes: with the description that Mint
// would give, and with nothing secret on a command line.
func TestInstructions(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	i := a.issuer(t, heroku.Authorization{Description: "acme's token", Scope: []string{"read-protected", "write-protected"}}).(pawl.Instructor)
	var all []string
	for _, in := range i.Instruct("pawl/x/key/1/1") {
		if !in.Prints {
			t.Errorf("%s: what it prints is what is wanted", in.Title)
		}
		if strings.Contains(in.Command, a.token) || strings.Contains(in.Command, mark) {
			t.Errorf("%s holds a value", in.Title)
		}
		all = append(all, in.Command)
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{
		`heroku authorizations:create --description 'acme'\''s token 2026-11-23 pawl/x/key/1/1' --scope read-protected,write-protected --json`,
		`{"description":"acme'\''s token 2026-11-23 pawl/x/key/1/1","scope":["read-protected","write-protected"]}`,
		"read -rs TOKEN && printf", "-H @-", "/oauth/authorizations'",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestParse reads everything that Heroku's command line and API print, and
// refuses the rest without quoting any of it.
func TestParse(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	p := a.issuer(t, heroku.Authorization{Description: stem}).(pawl.Parser)
	const token = "HRKU-CANARY-01234567890123456789"
	full, err := json.Marshal(map[string]any{"id": "a-1", "description": stem, "access_token": map[string]any{"token": token, "expires_in": nil}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ printed, id string }{
		"bare":     {token, ""},
		"newlines": {"\n" + token + "\r\n", ""},
		"json":     {string(full), "a-1"},
		"block":    {"Creating OAuth Authorization... done\nClient:      <none>\nID:          a-1\nDescription: x\nScope:       global\nToken:       " + token + "\n", "a-1"},
	} {
		g, err := p.Parse(secret(tt.printed))
		if err != nil || g.ID != tt.id || !g.Value.Equal(secret(token)) {
			t.Errorf("%s: %q, %v; want the token and id %q", name, g.ID, err, tt.id)
		}
	}
	for name, printed := range map[string]string{
		"cut short":   string(full[:len(full)-3]),
		"a list":      "[" + string(full) + "]",
		"masked":      `{"id":"a-1","access_token":{"token":"HRKU-CANARY**********abcd"}}`,
		"masked bare": "HRKU-CANARY**********abcdefgh",
		"no id":       `{"access_token":{"token":"` + token + `"}}`,
		"a sentence":  "CANARY is not a token at all",
		"short":       "CANARY",
		"two lines":   "CANARY-one\nCANARY-two",
		"odd id":      "ID: ../apps\nToken: " + token,
		"a new line":  `{"id":"a-1","access_token":{"token":"HRKU-CANARY-0123456789\n0123456789"}}`,
	} {
		_, err := p.Parse(secret(printed))
		if pawl.KindOf(err) != pawl.Invalid || strings.Contains(err.Error()+pawl.HintOf(err), mark) {
			t.Errorf("%s: %v, want invalid without a quotation", name, err)
		}
	}
}

func TestRelabel(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	id, _ := a.AddAuthorization(email, "made in a hurry", nil)
	i := a.issuer(t, heroku.Authorization{Description: stem})
	if err := i.(pawl.Labeller).Relabel(t.Context(), id, "pawl-x1"); err != nil {
		t.Fatal(err)
	}
	auths := a.Authorizations()
	if got := auths[len(auths)-1].Description; got != stem+" 2026-11-23 pawl-x1" {
		t.Errorf("description %q", got)
	}
	for _, odd := range []string{"", "~", "../account", "no-such"} {
		if err := i.(pawl.Labeller).Relabel(t.Context(), odd, "x"); err == nil {
			t.Errorf("%q was relabelled", odd)
		}
	}
}

func TestConfigVarInstructions(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	c := openConsumer(t, "https://api.heroku.example", a.token, heroku.ConfigVar{App: app, Keys: []string{"A", "B"}}).(pawl.Instructor)
	text := ""
	for _, in := range c.Instruct("") {
		text += in.Command + "\n"
	}
	if !strings.Contains(text, `printf '{"A":"%s","B":"%s"}' "$VALUE" "$VALUE"`) || strings.Contains(text, "config:set") {
		t.Errorf("instructions:\n%s", text)
	}
}
