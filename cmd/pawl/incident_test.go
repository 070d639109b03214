package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// TestLeakIsKilled: whenever the process dies, the same command goes on, and
// the exposure is counted from the first report.
func TestLeakIsKilled(t *testing.T) {
	t.Parallel()
	for i, path := range []string{"/oauth/authorizations", "/apps/acme-api-prod/config-vars", "/oauth/authorizations/*"} {
		if !taken(i, 3) {
			continue
		}
		f := newFire(t, world.Options{}, "soak: 1h, watch: 1h")
		more := f.furthers("deploy-key")
		ctx, kill := context.WithCancel(t.Context())
		f.rules.Add(sim.Rule{Match: sim.Match{Vendor: "heroku", Method: "WRITE", Path: path}, Times: 1, Fault: sim.Lose, Fires: kill})
		dir := t.TempDir()
		leak := func(ctx context.Context, args ...string) int {
			cmd := f.command(ctx, append([]string{"leak", world.Credential, "deploy-key", "--yes"}, args...)...)
			cmd.Dir = dir
			cmd.Run()
			return cmd.ProcessState.ExitCode()
		}
		leak(ctx, "--reported-at", "3h ago")
		if ctx.Err() == nil {
			t.Fatalf("%s: it was not killed\n%s", path, f.printed())
		}
		if code := leak(t.Context()); code != exitDone {
			t.Fatalf("%s: exit %d\n%s", path, code, f.printed())
		}
		if !strings.Contains(f.printed(), "exposed 3h0m") {
			t.Errorf("%s: the report was forgotten\n%s", path, f.printed())
		}
		f.checkFurther(more[0])
		f.mustEndWell()
	}
}

func TestParseReported(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 15, 0, 0, 0, paris)
	for text, want := range map[string]string{
		"":                     "2026-11-25T15:00:00+01:00",
		"2h ago":               "2026-11-25T13:00:00+01:00",
		"1h 30m ago":           "2026-11-25T13:30:00+01:00",
		"3d ago":               "2026-11-22T15:00:00+01:00",
		"14:30":                "2026-11-25T14:30:00+01:00",
		"2026-11-24 23:05":     "2026-11-24T23:05:00+01:00",
		"2026-11-25T12:00:00Z": "2026-11-25T13:00:00+01:00",
		"2026-11-25T12:00Z":    "2026-11-25T13:00:00+01:00",
	} {
		got, err := parseReported(text, now)
		if err != nil || got.In(paris).Format(time.RFC3339) != want {
			t.Errorf("%q is %s, %v; want %s", text, got.Format(time.RFC3339), err, want)
		}
	}
	for _, text := range []string{"yesterday", "ago", "-2h ago", "16:00", "2026-11-26", "2h"} {
		if got, err := parseReported(text, now); err == nil {
			t.Errorf("%q is %s, want an error", text, got)
		}
	}
}
