package metrics_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/metrics"
)

func get(m *metrics.Metrics, path string) (int, string) {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

// full has every metric there is: one rotation that ended, one that waits, one
// that was never made.
func full(t *testing.T, f func(m *metrics.Metrics)) {
	ana := desktest.Who("ana", access.Operator)
	desktest.Open(t, []desktest.Cred{{Name: "done", More: "schedule: {every: 90d}"}, {Name: "waits", More: "approval: {from: approver}"}, {Name: "new", More: "schedule: {every: 90d}"},
		{Name: "broken", More: "approval: {from: approver}"}},
		func(t *testing.T, o *desktest.Office) {
			m := metrics.New(metrics.Config{Desk: o.Desk, Version: "v1.2.3", Catalog: func() error { return errors.New("a mistake") },
				Requests: func(yield func(string, string, int)) { yield("heroku", "200", 7) },
				Waiting:  func(yield func(string, int)) { yield("ops", 2) },
				Checks: map[string]func(context.Context) error{"journal": func(context.Context) error { return nil },
					"catalog": func(context.Context) error { return errors.New("CANARY") }}})
			ctx, stop := context.WithCancel(t.Context())
			go m.Run(ctx)
			synctest.Wait()
			for _, name := range []string{"done", "waits", "broken"} {
				if _, err := o.Start(t.Context(), ana, api.Start{Credential: name, AutoRevoke: name != "broken"}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			broken := pawl.RotationID{Credential: "broken", Number: 1}
			r, err := o.Rotation(t.Context(), ana, broken)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.BreakGlass(t.Context(), desktest.Who("sue", access.Superadmin), broken, desk.Anything, r.Digest, "ill"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(59 * time.Minute)
			f(m)
			stop()
			synctest.Wait()
		})
}

func TestMetrics(t *testing.T) {
	full(t, func(m *metrics.Metrics) {
		_, text := get(m, "/metrics")
		for _, want := range []string{
			`pawl_credential_due_timestamp_seconds{credential="done"}`,
			`pawl_credential_last_rotated_timestamp_seconds{credential="done"} 9.466848`,
			`pawl_credential_needs_person{credential="new"} 1`, `pawl_credential_needs_person{credential="done"} 0`,
			`pawl_credential_overdue{credential="done"} 0`,
			`pawl_break_glass_timestamp_seconds{credential="broken"} 9.4668486`,
			`pawl_consumer_proved{consumer="store",credential="done"} 1`,
			`pawl_run_state{credential="waits",phase="APPROVAL"} 1`,
			`pawl_waiting_for_person_seconds{credential="waits",on="approval"} 3`,
			`pawl_runs_total{reason="manual",result="done"} 1`, `pawl_runs_total{reason="scheduled",result="failed"} 0`,
			`pawl_step_duration_seconds_count{step="place"} 1`, `pawl_step_duration_seconds_count{step="revoke"} 1`,
			`pawl_provider_requests_total{code="200",provider="heroku"} 7`,
			`pawl_notifications_undelivered{channel="ops"} 2`,
			`pawl_catalog_valid 0`, `pawl_runs_aside 2`, `pawl_build_info{version="v1.2.3"} 1`, `pawl_counted_timestamp_seconds 9.4`,
		} {
			if !strings.Contains(text, "\n"+want) {
				t.Errorf("no %s", want)
			}
		}
		for _, never := range []string{"CANARY", `pawl_credential_due_timestamp_seconds{credential="new"}`, `pawl_run_state{credential="done"`, "pawl_scheduler"} {
			if strings.Contains(text, never) {
				t.Errorf("there is %s", never)
			}
		}
		if t.Failed() {
			t.Log(text)
		}
	})
}

func TestHealth(t *testing.T) {
	full(t, func(m *metrics.Metrics) {
		for path, want := range map[string]string{
			"/livez": "200 ok\n", "/healthz": "200 ok\n",
			"/readyz":         "503 [-]catalog failed\n[+]journal ok\nreadyz check failed\n",
			"/readyz?verbose": "503 [-]catalog failed\n[+]journal ok\nreadyz check failed\n",
		} {
			code, body := get(m, path)
			if got := strings.TrimSpace(strings.Join([]string{map[int]string{200: "200", 503: "503"}[code], body}, " ")); got != strings.TrimSpace(want) {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	})
	m := metrics.New(metrics.Config{})
	if code, body := get(m, "/readyz"); code != 200 || body != "ok\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, body := get(m, "/readyz?verbose"); code != 200 || body != "\nreadyz check passed\n" {
		t.Errorf("%d %q", code, body)
	}
}

var name = regexp.MustCompile(`\bpawl_[a-z_]+`)

// TestContrib: whatever the rules and the dashboard ask for is served, and each
// alert has a section that says what to do.
func TestContrib(t *testing.T) {
	served := map[string]bool{"pawl_scheduler_last_look_timestamp_seconds": true, "pawl_witness_ok": true} // absent where there is none
	full(t, func(m *metrics.Metrics) {
		_, text := get(m, "/metrics")
		for _, n := range name.FindAllString(text, -1) {
			served[n] = true
		}
	})
	docs := read(t, "../docs/alerts.md")
	const rules = "../contrib/prometheus/pawl.rules.yaml"
	for _, file := range []string{rules, "../contrib/grafana/pawl.json"} {
		found := name.FindAllString(read(t, file), -1)
		if len(found) < 10 {
			t.Errorf("%s asks for %d metrics only", file, len(found))
		}
		for _, n := range found {
			if !served[n] {
				t.Errorf("%s asks for %s, which is not served", file, n)
			}
		}
	}
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(read(t, rules), -1)
	for _, a := range alerts {
		if !strings.Contains(docs, "\n## "+a[1]+"\n") || !strings.Contains(read(t, rules), "docs/alerts.md#"+strings.ToLower(a[1])+`"`) {
			t.Errorf("%s has no section in docs/alerts.md, or does not lead there", a[1])
		}
	}
	if sections := strings.Count(docs, "\n## "); sections != len(alerts) {
		t.Errorf("%d sections for %d alerts", sections, len(alerts))
	}
	if tool, err := exec.LookPath("promtool"); err == nil {
		if out, err := exec.Command(tool, "check", "rules", rules).CombinedOutput(); err != nil {
			t.Errorf("promtool: %s", out)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestWitnesses tells one that is well from one that is not.
func TestWitnesses(t *testing.T) {
	at := time.Unix(1782900000, 0)
	d := desk.New(desk.Config{Witnesses: func() []api.Witness {
		return []api.Witness{{Name: "file:/a", Size: 7, At: &at}, {Name: "git:/b", Error: "it has seen another log"}}
	}})
	_, text := get(metrics.New(metrics.Config{Desk: d}), "/metrics")
	for _, line := range []string{`pawl_witness_ok{witness="file:/a"} 1`, `pawl_witness_ok{witness="git:/b"} 0`, `pawl_witness_seen_timestamp_seconds{witness="file:/a"} 1.7829e+09`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
}
