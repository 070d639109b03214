package runbook

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
)

// What recorded runs show stands between these in the text, and below the
// second one's key in the front matter, so that a comparison can leave it out.
const (
	recordBegin = "<!-- recorded -->"
	recordEnd   = "<!-- /recorded -->"
)

// recorded are the keys of the front matter that come from runs.
var recorded = []string{"last_validated", "validated_by", "validation", "duration_median", "duration_p90", "duration_runs"}

func (w *writer) frontMatter() {
	c := w.Credential
	key := func(name, value string) {
		if value != "" {
			w.line("%s: %s", name, yamlText(value))
		}
	}
	w.line("---")
	w.line("# Written by pawl docs from the catalog and recorded runs. Only what stands between notes markers is kept.")
	key("rotation", c.Name)
	key("mode", string(w.Mode))
	key("owner", c.Owner)
	key("role_required", c.Role)
	if len(c.AppliesTo) > 0 {
		w.line("applies_to: [%s]", yamlList(c.AppliesTo))
	}
	stale := c.StaleAfter
	if stale == 0 {
		stale = history.DefaultStale
	}
	key("stale_after", catalog.FormatDuration(stale))
	key("catalog_digest", w.Plan.Digest())
	v := w.Validation
	if v.Method == history.ReadOnly {
		key("last_validated", "never")
	} else {
		key("last_validated", v.At.UTC().Format(time.RFC3339))
	}
	key("validated_by", string(v.Method))
	key("validation", shown(v))
	if t := w.History.Took(); t.N > 0 {
		key("duration_median", short(t.Median))
		key("duration_p90", short(t.P90))
		w.line("duration_runs: %d", t.N)
	}
	w.line("---")
}

func shown(v history.Validation) string {
	r := v.Run
	if v.Method == history.ReadOnly || r.Required == 0 {
		return ""
	}
	text := fmt.Sprintf("%s: %d of %d places proved", r.ID, r.Proved, r.Required)
	switch {
	case r.Revoked && r.Outcome == pawl.Completed:
		text += "; old one refused " + short(r.ToDeath) + " after the revoke"
	case v.Method == history.Rehearsed:
		text += "; everything put back, nothing left over"
	}
	return text
}

func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return catalog.FormatDuration(d.Round(time.Second))
}

func (w *writer) lastRuns() {
	w.line("%s\n## Last runs\n", recordBegin)
	if len(w.History.Runs) == 0 {
		w.line("None is recorded.\n\n%s\n", recordEnd)
		return
	}
	w.line("| run | reason | outcome | begun | took | proved | old one dead after | by |\n|---|---|---|---|---|---|---|---|")
	for _, r := range w.History.Runs[:min(5, len(w.History.Runs))] {
		outcome, dead := string(r.Outcome), ""
		if outcome == "" {
			outcome = "open"
		}
		if r.Revoked && r.Outcome == pawl.Completed {
			dead = short(r.ToDeath)
		}
		w.line("| %s | %s | %s | %s | %s | %d/%d | %s | %s |", r.ID, r.Reason, outcome, r.Started.UTC().Format("2006-01-02 15:04Z"), short(r.Driven),
			r.Proved, r.Required, dead, cell(r.By.ID))
	}
	if usual := w.usual(); usual != "" {
		w.line("\nUsually takes: %s.", usual)
	}
	w.line("\n%s\n", recordEnd)
}

// usual says what each step usually takes.
func (w *writer) usual() string {
	var all []string
	names := []string{history.StepChecks, history.StepMint}
	for _, c := range w.Plan.Consumers {
		names = append(names, c.ID)
	}
	for _, name := range append(names, history.StepRevoke, history.StepDead) {
		if s := w.History.Step(name); s.N > 0 {
			all = append(all, name+" "+short(s.Median))
		}
	}
	return strings.Join(all, ", ")
}

func (w *writer) contacts() {
	c := w.Credential
	w.line("## Contacts\n")
	w.line("| who | for |\n|---|---|")
	if c.Owner != "" {
		w.line("| %s | owns it |", cell(c.Owner))
	}
	if c.Approval != nil {
		w.line("| %s | agrees to the revoke |", cell(c.Approval.From))
	}
	for _, p := range w.Plan.Consumers {
		if p.Human == nil {
			continue
		}
		for _, who := range p.Human.People {
			w.line("| %s | `%s` |", cell(who), p.ID)
		}
	}
	w.line("")
}

func cell(text string) string { return strings.ReplaceAll(oneLine(text), "|", "\\|") }

var yamlPlain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 _./@-]*[A-Za-z0-9]$|^sha256:[0-9a-f]+$|^[0-9]+[dhms]([0-9]+[hms])*$|^\d{4}-\d\d-\d\dT[\d:]+Z$`)

// yamlText is a text as YAML takes it. JSON's quotes are YAML's.
func yamlText(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off":
	default:
		if yamlPlain.MatchString(text) {
			return text
		}
	}
	quoted, _ := json.Marshal(text) // a text always can be
	return string(quoted)
}

func yamlList(all []string) string {
	out := make([]string, len(all))
	for i, text := range all {
		out[i] = yamlText(text)
	}
	return strings.Join(out, ", ")
}
