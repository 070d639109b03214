package engine

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
)

// FuzzScrub: no value of eight bytes or more is left in any text of an event,
// and what is not a value is.
func FuzzScrub(f *testing.F) {
	f.Add("HRKU-CANARY-0123", "HRKU-CANARY-9876", "refused HRKU-CANARY-0123 and HRKU-CANARY-9876")
	f.Add("aaaaaaaa", "aaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa")
	f.Add("secretsecret", "cretsecretse", "secretsecretsecret [secret]")
	f.Add("short", "", "short")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		if strings.ContainsAny(a+b, "[]") {
			return // what stands for a value may be a part of another one then
		}
		v := newValues()
		for name, s := range map[string]string{"old": a, "new/1": b} {
			if s != "" {
				v.put(name, pawl.NewSecret([]byte(s)))
			}
		}
		ev := v.scrub(pawl.Event{Detail: text, Hint: text, Reason: text, Mark: text, Ticket: text, Findings: []string{text}})
		for _, got := range []string{ev.Detail, ev.Hint, ev.Reason, ev.Mark, ev.Ticket, ev.Findings[0]} {
			for _, s := range []string{a, b} {
				if len(s) >= scrubbed && strings.Contains(got, s) {
					t.Errorf("%q is left in %q", s, got)
				}
			}
			if !strings.Contains(text, a) && !strings.Contains(text, b) && got != text {
				t.Errorf("%q became %q", text, got)
			}
		}
	})
}
