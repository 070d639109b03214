package heroku_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

const value = "HRKU-CANARY-abcdefghijklmnopqrstuvwxyz"

// identify asks for the authorization of value among some that are given as
// "id description|token".
func identify(t *testing.T, auths ...string) (pawl.Generation, error) {
	t.Helper()
	list := []any{}
	for _, a := range auths {
		text, token, shown := strings.Cut(a, "|")
		id, description, _ := strings.Cut(text, " ")
		access := map[string]any{"token": token}
		if !shown {
			access = nil
		}
		list = append(list, map[string]any{"id": id, "description": description, "access_token": access})
	}
	body, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, answers{"GET /oauth/authorizations": says(200, string(body))})
	return openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem}).(pawl.Identifier).Identify(t.Context(), secret(value))
}

func TestIdentifyOne(t *testing.T) {
	for name, auths := range map[string][]string{
		"by description":          {"a " + stem + " 2026-08-20", "x acme-operations"},
		"description alone":       {"a " + stem, "x " + stem + "-staging"},
		"dash and a digit":        {"a " + stem + "-2026", "x " + stem + "-staging 2026"},
		"longer word only":        {"a " + stem + "-live"},
		"by mask":                 {"a " + stem + " 1|HRKU-CANARY-a**********wxyz", "x " + stem + " 2|HRKU-CANARY-z**********9999"},
		"mask without suffix":     {"a " + stem + " 1|HRKU-CANARY-a**********", "x " + stem + " 2|HRKU-CANARY-z**********"},
		"mask rules out the word": {"a " + stem + "-live|**********wxyz", "x " + stem + " 1|**********9999"},
		"whole token of another":  {"a " + stem + " 1", "x " + stem + " 2|HRKU-CANARY-other"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := identify(t, auths...)
			if err != nil || g.ID != "a" {
				t.Fatalf("Identify = %q, %v; want a", g.ID, err)
			}
			if !g.Value.IsZero() {
				t.Error("the generation has a value")
			}
		})
	}
}

func TestIdentifyNone(t *testing.T) {
	for name, auths := range map[string][]string{
		"empty":               {},
		"no such description": {"x acme-operations", "y acme"},
		"mask of another":     {"x " + stem + " 1|HRKU-CANARY-a**********9999"},
		"mask that overlaps":  {"x " + stem + " 1|" + value[:20] + "**********" + value[10:]},
		"whole of another":    {"x " + stem + " 1|HRKU-CANARY-other"},
		"described otherwise": {"a something else|" + value, "x " + stem + " 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := identify(t, auths...)
			wantKind(t, err, pawl.NotFound)
			if len(auths) > 0 && !strings.Contains(pawl.HintOf(err), "x \"") {
				t.Errorf("hint = %q, want it to list what there is", pawl.HintOf(err))
			}
		})
	}
}

func TestIdentifyMany(t *testing.T) {
	for name, auths := range map[string][]string{
		"same description":   {"a " + stem + " 1", "b " + stem + " 2"},
		"masks say nothing":  {"a " + stem + " 1|**********", "b " + stem + " 2|HRKU-**********"},
		"longer words only":  {"a " + stem + "-live", "b " + stem + "-test"},
		"same token, though": {"a " + stem + " 1|" + value, "b other|" + value},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := identify(t, auths...)
			wantKind(t, err, pawl.Conflict)
			if hint := pawl.HintOf(err); !strings.Contains(hint, "a \"") || !strings.Contains(hint, "b \"") {
				t.Errorf("hint = %q, want both candidates", hint)
			}
		})
	}
}

func TestIdentifyListsAtMostTen(t *testing.T) {
	var auths []string
	for n := range 14 {
		auths = append(auths, fmt.Sprintf("x%d other", n))
	}
	_, err := identify(t, auths...)
	wantKind(t, err, pawl.NotFound)
	if hint := pawl.HintOf(err); !strings.Contains(hint, "and 4 more") {
		t.Errorf("hint = %q", hint)
	}
}

func TestIdentifyAtTheSimulator(t *testing.T) {
	for _, masked := range []bool{false, true} {
		a := newAccount(t, herokusim.Options{MaskTokens: masked, PageSize: 1})
		a.AddAuthorization(email, stem+" 2026-05-01", nil)
		g, err := a.issuer(t, heroku.Authorization{Description: stem}).(pawl.Identifier).Identify(t.Context(), secret(a.old))
		if err != nil || g.ID != a.oldID {
			t.Errorf("masked %v: Identify = %q, %v; want %q", masked, g.ID, err, a.oldID)
		}
	}
}
