package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/sim/world"
)

func TestDueNow(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.furthers("deploy-key", "metrics-key")
	f.edit("schedule: {every: 90d}", `schedule: {every: 90d, window: "Tue-Thu 09:00-16:00 Europe/Paris"}`)
	cat, problems := catalog.Load(f.catalog, all.Providers())
	if problems != nil {
		t.Fatal(problems)
	}
	tuesday := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	days := func(n int) time.Time { return tuesday.AddDate(0, 0, -n) }
	for name, tt := range map[string]struct {
		now    time.Time
		last   map[string]time.Time
		names  []string
		due    []string
		closed string
	}{
		"never rotated":         {now: tuesday, due: []string{"deploy-key", world.Credential, "metrics-key"}},
		"the longest one first": {now: tuesday, last: map[string]time.Time{"deploy-key": days(91), world.Credential: days(1), "metrics-key": days(400)}, due: []string{"metrics-key", "deploy-key"}},
		"to the moment":         {now: tuesday, last: map[string]time.Time{"deploy-key": days(90), world.Credential: days(1), "metrics-key": days(90).Add(time.Second)}, due: []string{"deploy-key"}},
		"outside of its window": {now: tuesday.Add(12 * time.Hour), names: []string{world.Credential},
			closed: "heroku-api-key is due, but its window (Tue-Thu 09:00-16:00 Europe/Paris) is closed; it opens Wed 2026-11-25 09:00 CET"},
		"overdue before it opens again": {now: tuesday.AddDate(0, 0, 2), names: []string{world.Credential}, // Thursday; the next window is on Tuesday
			last: map[string]time.Time{world.Credential: days(86)}, due: []string{world.Credential}},
		"soon, but it opens again before": {now: tuesday, names: []string{world.Credential}, last: map[string]time.Time{world.Credential: days(88)}},
		"named twice":                     {now: tuesday, names: []string{"deploy-key", "deploy-key"}, due: []string{"deploy-key"}},
	} {
		due, closed, err := dueNow(cat, tt.names, tt.last, tt.now)
		if err != nil || !slices.Equal(due, tt.due) || strings.Join(closed, "|") != tt.closed {
			t.Errorf("%s: due %q, closed %q, %v; want %q, %q", name, due, closed, err, tt.due, tt.closed)
		}
	}
	if _, _, err := dueNow(cat, []string{"no-such"}, nil, tuesday); err == nil {
		t.Error("an unknown name is no error")
	}
}
