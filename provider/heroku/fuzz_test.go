package heroku

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
)

func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{
		`{"id":"a","description":"d","scope":["global"],"created_at":"2026-11-23T09:00:00Z","access_token":{"token":"HRKU-CANARY-1","expires_in":"3600"}}`,
		`{"id":"a","access_token":{"token":"HRKU-**********ab","expires_in":1e300}}`,
		`{"access_token":null,"created_at":7}`, `null`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a authorization
		if json.Unmarshal(text, &a) != nil {
			return
		}
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		g := a.generation(now)
		if !g.Value.IsZero() {
			t.Error("a listed generation has a value")
		}
		if !g.Expires.IsZero() && g.Expires.Sub(now).Abs() > 101*365*24*time.Hour {
			t.Errorf("Expires = %v", g.Expires)
		}
		token, whole := a.token().whole()
		if whole && (bytes.IndexByte(token.Reveal(), '*') >= 0 || len(token.Reveal()) == 0) {
			t.Error("a masked or empty token passes for a whole one")
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add("HRKU-CANARY-a", "**********", "wxyz", "HRKU-CANARY-abcwxyz")
	f.Add("", "*", "", "HRKU-CANARY")
	f.Add("HRKU-CANARY", "*", "CANARY-1", "HRKU-CANARY-1")
	f.Fuzz(func(t *testing.T, prefix, stars, suffix, value string) {
		stars = strings.Repeat("*", len(stars)%12+1)
		if strings.Contains(prefix+suffix+value, "*") || value == "" {
			return
		}
		s := shown{pawl.NewSecret([]byte(prefix + stars + suffix))}
		if s.contradicts(pawl.NewSecret([]byte(prefix + value + suffix))) {
			t.Error("a token contradicts its own mask")
		}
		fits := strings.HasPrefix(value, prefix) && strings.HasSuffix(value, suffix) && len(value) >= len(prefix)+len(suffix)
		if s.contradicts(pawl.NewSecret([]byte(value))) == fits {
			t.Errorf("contradicts = %v, want %v", !fits, fits)
		}
	})
}
