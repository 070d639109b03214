package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/evidence"
)

// TestAuditOverTheAPI verifies the log there, and takes evidence home.
func TestAuditOverTheAPI(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, d *door) {
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil)
		var log api.Log
		if w := d.call("bo", "POST", "/api/v1/audit/verify", "", &log); w.Code != 200 || log.Verified == 0 || log.Verified != log.Size || log.Wrong != "" {
			t.Fatal(w.Code, w.Body)
		}
		for query, kind := range map[string]string{"?from=2000-01-01": "application/x-ndjson", "?to=2000-01-02T10:00:00Z&format=html": "text/html; charset=utf-8"} {
			w := d.call("bo", "GET", "/api/v1/audit/evidence"+query, nil, nil)
			if _, err := evidence.Verify(w.Body.Bytes(), log.Key); err != nil || w.Header().Get("Content-Type") != kind || !strings.HasPrefix(w.Header().Get("Content-Disposition"), `attachment; filename="evidence`) {
				t.Errorf("%s: %v %v", query, err, w.Header())
			}
		}
		for what, want := range map[string]int{"?from=yesterday": http.StatusBadRequest, "?from=2026-02-01&to=2026-01-01": http.StatusBadRequest, "": http.StatusOK} {
			if w := d.call("bo", "GET", "/api/v1/audit/evidence"+what, nil, nil); w.Code != want {
				t.Errorf("%s: %d", what, w.Code)
			}
		}
		for _, path := range []string{"/api/v1/audit", "/api/v1/audit/evidence"} {
			if w := d.call("eva", "GET", path, nil, nil); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d for a viewer", path, w.Code)
			}
		}
	})
}
