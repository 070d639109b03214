package postmortem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/postmortem"
	"github.com/pawl-dev/pawl/rotation"
)

var (
	reported = time.Date(2026, 11, 25, 2, 11, 0, 0, time.UTC)
	ana      = pawl.Actor{Type: "user", ID: "ana@laptop-7"}
)

// told is the journal of a rotation after a leak, each event a minute after the
// one before it, the first ten minutes after the report.
func told(change func(*pawl.Plan), events ...pawl.Event) journal.Run {
	plan := pawl.Plan{Format: 1, Credential: "heroku-api-key", Reason: pawl.Leak, Issuer: pawl.Op{Name: "acme/token@1"},
		Incident: &pawl.Incident{Reported: reported, Why: "in a public issue"},
		Consumers: []pawl.Place{
			{ID: "store", Store: true, Op: pawl.Op{Name: "acme/store@1"}, Where: "vault KEY", Require: pawl.ReadBack},
			{ID: "api", Wave: 1, Op: pawl.Op{Name: "acme/app@1"}, Where: "acme-api KEY", Require: pawl.Running},
			{ID: "ci", Wave: 1, Op: pawl.Op{Name: "acme/ci@1"}, Where: "acme/api KEY", Require: pawl.Running},
		}}
	if change != nil {
		change(&plan)
	}
	all := append([]pawl.Event{{Type: pawl.EvPlanned, Plan: &plan}, {Type: pawl.EvDriving, Epoch: 1}}, events...)
	for i := range all {
		all[i].At, all[i].Actor = reported.Add(time.Duration(10+i)*time.Minute), ana
	}
	return journal.Run{ID: pawl.RotationID{Credential: "heroku-api-key", Number: 3}, Events: all}
}

var (
	checks = pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done, ID: "id-old", Findings: []string{"api: is slow", "ci: is slow",
		"api: holds the value in use under names that are not in the catalog: LEGACY_KEY; they will be cut off"}}
	minting = pawl.Event{Type: pawl.EvIntended, Step: pawl.StepMint, Attempt: 1, Label: "pawl/x/heroku-api-key/3/1"}
	minted  = pawl.Event{Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: 1, Result: pawl.Done, ID: "id-new"}
	revoke  = pawl.Event{Type: pawl.EvIntended, Step: pawl.StepRevoke, Side: pawl.Old, ID: "id-old", Attempt: 1, Evidence: make([]pawl.Evidence, 2)}
	revoked = pawl.Event{Type: pawl.EvEnded, Step: pawl.StepRevoke, Side: pawl.Old, ID: "id-old", Attempt: 1, Result: pawl.Done}
	refused = pawl.Event{Type: pawl.EvChecked, Side: pawl.Old, Attempt: 1, Kind: pawl.Denied.String()}
	dead    = pawl.Event{Type: pawl.EvWatching, Side: pawl.Old, Detail: "61s"}
	closed  = pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Completed}
)

func want(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l) {
			t.Errorf("no %q in\n%s", l, text)
		}
	}
}

func TestWhole(t *testing.T) {
	accept := pawl.Event{Type: pawl.EvAccepted, Consumer: "ci", Reason: "the vendor is down"}
	text := postmortem.Markdown(told(func(p *pawl.Plan) { p.Approval = &pawl.Approval{From: "security", Count: 1} },
		accept, checks, minting, minted, pawl.Event{Type: pawl.EvOwed, Detail: "leak: the approval of security is owed"},
		revoke, revoked, refused, refused, refused, dead, closed))
	want(t, text, "# Post-mortem: heroku-api-key/3",
		"| reported | 2026-11-25 02:11:00 |", "| what happened | in a public issue |", "| begun | 2026-11-25 02:21:00 by ana@laptop-7 |",
		"| **exposure** | **22m0s, from the report to proven dead** |",
		"| 2026-11-25 02:23:00 | 12m0s | **ci may break**, accepted by ana@laptop-7 (the vendor is down) |",
		"api, ci: is slow",
		"| 2026-11-25 02:26:00 | 15m0s | new key made: id-new |",
		"| revoke of the old key begun, resting on 2 proofs |", "the old key was refused for the first time", "the old key was refused, 3 times in a row",
		"**old key proved dead**, first refused 61s after the revoke",
		"* **ci**: accepted by ana@laptop-7 at 2026-11-25 02:23:00 (the vendor is down). It was not proved",
		"LEGACY\\_KEY; they will be cut off",
		"* [ ] the approval of security (1) is owed", "* [ ] ci is not proved on the new key", "* [ ] put into the catalog, or remove: api: holds")
}

// TestNotDead: as long as the old key is not proved dead the clock runs, and it
// is said what is known of it.
func TestNotDead(t *testing.T) {
	text := postmortem.Markdown(told(nil, checks, minting, minted))
	want(t, text, "14m0s so far: **the old key still works**", "| outcome | not finished |", "* [ ] finish it: `pawl resume heroku-api-key`")
	text = postmortem.Markdown(told(nil, checks, minting, minted, revoke, revoked))
	want(t, text, "16m0s so far: the old key is revoked, and not proved dead")
}

// TestDeadBefore: a key that somebody had revoked already was exposed until
// then, which is at most until it was seen.
func TestDeadBefore(t *testing.T) {
	gone := pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done}
	run := told(nil, refused, gone)
	want(t, postmortem.Markdown(run), "at most 12m0s: the old key was refused already when this began", "| old key | was refused already")
	if e := postmortem.Of(rotation.Fold(run.Events)); !e.Before || e.Lasts(reported.Add(time.Hour)) != 12*time.Minute {
		t.Errorf("exposure %+v", e)
	}
}

// TestTextsOfOthers: what a vendor or a person said is text, and breaks nothing
// out of its cell.
func TestTextsOfOthers(t *testing.T) {
	text := postmortem.Markdown(told(func(p *pawl.Plan) { p.Incident.Why = "a | b\n## c <script> `x` [y](z) \x1b[31m" },
		pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Detail: "no\n| way | out |\n\n# now"}, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Failed}))
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "## c") || strings.HasPrefix(line, "# now") || strings.Contains(line, "<script>") || strings.Contains(line, "\x1b") || strings.Contains(strings.ReplaceAll(line, `\]`, ""), "](z)") {
			t.Errorf("a text means more than itself: %q", line)
		}
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") > 4 {
			t.Errorf("a cell too many: %q", line)
		}
	}
	want(t, text, "failed: the old key was kept")
}

func TestNothingToSay(t *testing.T) {
	text := postmortem.Markdown(told(func(p *pawl.Plan) { p.Incident, p.Consumers = nil, p.Consumers[:1] }))
	want(t, text, "Nothing that is known of.", "| reported | 2026-11-25 02:21:00 |")
}
