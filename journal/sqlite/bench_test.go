package sqlite_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

// BenchmarkAppend is one driver: each append waits for the disk.
func BenchmarkAppend(b *testing.B) {
	j := open(b, newPath(b), journaltest.Signer(b))
	run := write(b, j, "a", journaltest.Batch("begin"))
	var took []time.Duration
	for rev := int64(1); b.Loop(); rev++ {
		start := time.Now()
		if _, err := j.Append(b.Context(), run.ID, journal.At{Revision: rev}, journaltest.Batch("step")); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
}

// BenchmarkGroupCommit is many drivers, who share the waiting.
func BenchmarkGroupCommit(b *testing.B) {
	j := open(b, newPath(b), journaltest.Signer(b))
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		run, err := j.Begin(b.Context(), fmt.Sprint("credential-", n.Add(1)), func(pawl.RotationID) (journal.Batch, error) {
			return journaltest.Batch("begin"), nil
		})
		if err != nil {
			b.Error(err)
			return
		}
		for rev := int64(1); pb.Next(); rev++ {
			if _, err := j.Append(b.Context(), run.ID, journal.At{Revision: rev}, journaltest.Batch("step")); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkOpen is what every command pays.
func BenchmarkOpen(b *testing.B) {
	signer := journaltest.Signer(b)
	path := made(b, signer)
	for b.Loop() {
		j, err := sqlite.Open(b.Context(), sqlite.Options{Path: path, Signer: signer})
		if err != nil {
			b.Fatal(err)
		}
		j.Close()
	}
}
