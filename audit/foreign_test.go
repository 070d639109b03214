package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// TestForeign has what the other formats require of an event, and one line each
// whatever is in it.
func TestForeign(t *testing.T) {
	at := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	for action, want := range map[audit.Action][2]string{
		audit.RotateRevoked: {"300404", "revoke"}, audit.RotateMinted: {"300401", "create/minted"}, audit.AuthDenied: {"300499", "deny"},
		audit.RotateApproved: {"300499", "approve"}, audit.RotateStored: {"300403", "update/stored"}, audit.RotateProved: {"300402", "read/proved"},
		audit.RotateGlassBroken: {`"severity_id":4`, "allow/glass_broken"},
	} {
		ev := audit.New(action, audit.Success, at, pawl.Actor{Type: "user", ID: "ana@acme.example"})
		ev.Target.Credential, ev.Context.Detail = "heroku-api-key", "two\nlines \u202e and </b>"
		rec := audit.Record{Event: ev, Install: "0b9c", Index: 7}
		for i, format := range []string{audit.OCSF, audit.CADF} {
			line, err := audit.Foreign(rec, format)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(line, &got); err != nil || strings.ContainsAny(string(line), "\n\u202e") {
				t.Fatalf("%s: %s %v", format, line, err)
			}
			required := [][]string{{"category_uid", "class_uid", "activity_id", "type_uid", "severity_id", "time", "metadata", "actor", "entity", "status_id"},
				{"typeURI", "id", "eventType", "eventTime", "action", "outcome", "initiator", "target", "observer"}}[i]
			for _, name := range required {
				if got[name] == nil {
					t.Errorf("%s of %s: no %s", format, action, name)
				}
			}
			if is := string(line); !strings.Contains(is, want[i]) {
				t.Errorf("%s of %s: %s, want %s", format, action, is, want[i])
			}
		}
	}
	if _, err := audit.Foreign(audit.Record{}, "xml"); pawl.KindOf(err) != pawl.Invalid {
		t.Error(err)
	}
}
