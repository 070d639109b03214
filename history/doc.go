// Package history reads what recorded rotations show: how long they took, step
// by step, when a runbook was last shown to work and how, and what the proof
// was. Everything is computed from the journal's events; nothing is typed in,
// and nothing here writes. It is pure: the same runs give the same answers.
//
//	runs, err := j.Recent(ctx, "heroku-api-key", history.Enough)
//	h := history.Of(runs)
//	h.Took()              // median and p90 of the completed rotations
//	h.Step("api-prod")    // what that step usually takes
//	h.Validated()         // when, and by what
package history
