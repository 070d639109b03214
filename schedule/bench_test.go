package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/schedule"
)

// BenchmarkDecide is a decision about ten thousand credentials, each with a
// window, a few of them due.
func BenchmarkDecide(b *testing.B) {
	w, err := catalog.ParseWindow("Tue-Thu 09:00-16:00 Europe/Paris")
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	var all []schedule.Credential
	for i := range 10_000 {
		c := schedule.Credential{Name: fmt.Sprint("key-", i), Rule: schedule.Rule{Schedule: catalog.Schedule{Every: 90 * 24 * time.Hour, Window: w}},
			Mode: "automated", Last: now.Add(-time.Duration(i%95) * 24 * time.Hour), Shares: []string{fmt.Sprint("app-", i%500)}}
		c.From, c.To = c.Rule.Meant(c.Last)
		all = append(all, c)
	}
	for b.Loop() {
		schedule.Decide(all, nil, nil, schedule.Limits{}, now)
	}
}

func BenchmarkMeant(b *testing.B) {
	w, err := catalog.ParseWindow("Tue-Thu 09:00-16:00 Europe/Paris")
	if err != nil {
		b.Fatal(err)
	}
	r := schedule.Rule{Schedule: catalog.Schedule{Every: 90 * 24 * time.Hour, Window: w}}
	last := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for b.Loop() {
		r.Meant(last)
	}
}
