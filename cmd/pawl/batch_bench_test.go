package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim/world"
)

// BenchmarkBatch rotates three credentials in four shared apps with real waits,
// at once and one after the other. The chain of what has to be waited for is
// that of one rotation, with a revoke, its delay and the pauses between the
// refusals for each of the three: those come one after the other on purpose.
func BenchmarkBatch(b *testing.B) {
	const release, boot, revoke, pauses = 1500 * time.Millisecond, 2500 * time.Millisecond, 500 * time.Millisecond, 400 * time.Millisecond
	names := []string{world.Credential, "deploy-key", "metrics-key"}
	path := 2*(release+boot) + 3*(revoke+pauses)
	for name, runs := range map[string][][]string{"at-once": {names}, "one-by-one": {names[:1], names[1:2], names[2:]}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f := newFire(b, world.Options{ReleaseDelay: release, BootDelay: boot, RevokeDelay: revoke, RunDuration: 3 * time.Second}, "soak: 0s, watch: 0s")
				f.furthers(names[1:]...)
				time.Sleep(2 * (release + boot)) // they are up
				a := env{in: strings.NewReader(""), out: f, err: f, getenv: func(name string) string { return map[string]string{"HOME": f.home}[name] }}
				begin := time.Now()
				for _, args := range runs {
					if code := run(b.Context(), a, append([]string{"--catalog", f.catalog, "rotate", "--yes", "--auto-revoke"}, args...)); code != exitDone {
						b.Fatalf("exit %d\n%s", code, f.printed())
					}
				}
				took := time.Since(begin)
				b.ReportMetric(took.Seconds(), "wall-s")
				b.ReportMetric(float64(took)/float64(path), "wall/critical-path")
				b.ReportMetric(float64(f.requests("PATCH", "/config-vars")), "restarts")
				b.ReportMetric(float64(len(f.rules.Log())), "requests")
			}
		})
	}
}
