package runbook_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	httpprobe "github.com/pawl-dev/pawl/probe/http"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/slack"
	"github.com/pawl-dev/pawl/runbook"
	"pgregory.net/rapid"
)

func vendors() []provider.Provider {
	return []provider.Provider{heroku.Provider(), github.Provider(), infisical.Provider(), slack.Provider(), httpprobe.Provider(nil)}
}

func subject(t testing.TB) runbook.Subject {
	t.Helper()
	cat, problems := catalog.LoadFS(os.DirFS("../examples/acme"), vendors())
	if problems != nil {
		t.Fatal(problems)
	}
	cred, err := cat.Credential("heroku-api-key")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := cat.Plan(cred.Name, pawl.Manual)
	if err != nil {
		t.Fatal(err)
	}
	return runbook.Subject{Credential: cred, Plan: plan, Mode: audit.Automated, Validation: history.Validation{Method: history.ReadOnly}, Providers: vendors()}
}

var fence = regexp.MustCompile("(?s)```sh\n(.*?)```")

// commands are the shell lines of a runbook.
func commands(text []byte) (all []string) {
	for _, m := range fence.FindAllSubmatch(text, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

func TestSections(t *testing.T) {
	text := string(runbook.Write(subject(t)))
	at := -1
	for _, want := range []string{"In one sentence", "Before you start", "Steps", "Stop and undo", "Prove", "Revoke", "If it went wrong", "Contacts", "Last runs", "Notes"} {
		i := strings.Index(text, "\n## "+want+"\n")
		if i < 0 || i < at {
			t.Errorf("section %q is missing, or not in its place", want)
		}
		at = i
	}
	if !runbook.Ours([]byte(text)) || runbook.Ours([]byte("# Somebody's\n")) {
		t.Error("what it wrote is not told from what somebody else wrote")
	}
}

// Each place has a way to be written and one to be proved by hand: the runbook
// is for when pawl is the thing that is broken.
func TestEveryPlaceByHand(t *testing.T) {
	s := subject(t)
	text := string(runbook.Write(s))
	for _, c := range s.Plan.Consumers {
		_, part, ok := strings.Cut(text, "`"+c.ID+"`")
		part, _, _ = strings.Cut(part, "\n### ")
		if !ok || c.Human == nil && (len(commands([]byte(part))) < 2 || !strings.Contains(part, "$NEW")) {
			t.Errorf("%s cannot be done by hand:\n%s", c.ID, part)
		}
	}
	if strings.Contains(strings.Join(commands([]byte(text)), "\n"), "pawl ") {
		t.Error("a command needs pawl")
	}
}

// TestCommandsAreShell has bash read all of them.
func TestCommandsAreShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, text := range commands(runbook.Write(subject(t))) {
		cmd := exec.Command(bash, "-n")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v %s\n%s", err, out, text)
		}
	}
}

// A value is only ever an argument of the shell's own words: those start no
// process, so that nobody sees them in a list of processes.
func TestNoValueInArguments(t *testing.T) {
	value := regexp.MustCompile(`\$\{?(NEW|OLD|OUT|SECRET|INFISICAL_TOKEN)\b`)
	builtin := regexp.MustCompile(`printf (?:%s|'[^']*')(?: "\$\w+")* ?$|\$\{#?$|= ?$`)
	for _, text := range commands(runbook.Write(subject(t))) {
		for line := range strings.Lines(text) {
			for _, at := range value.FindAllStringIndex(line, -1) {
				before := strings.TrimSuffix(line[:at[0]], `"`)
				if !builtin.MatchString(before) && !strings.HasPrefix(line[at[0]:], "${#") {
					t.Errorf("a value may be an argument of a program: %s", line)
				}
			}
		}
	}
}

// What somebody wrote in the catalog cannot become a part of the document.
func TestTextsStayTexts(t *testing.T) {
	s := subject(t)
	cred := *s.Credential
	cred.Title, cred.Why, cred.Owner = "x\n---\n# y", "<!-- notes -->\n## z", "a|b\nmode: manual"
	s.Credential = &cred
	for i := range s.Plan.Consumers {
		if h := s.Plan.Consumers[i].Human; h != nil {
			human := *h
			human.Ask = "do\n```sh\nrm -rf x\n```\n<!-- recorded -->"
			s.Plan.Consumers[i].Human = &human
		}
	}
	text := runbook.Write(s)
	if got := strings.Count(string(text), "\n<!-- notes -->\n"); got != 1 {
		t.Errorf("%d notes, want 1", got)
	}
	if slices.ContainsFunc(commands(text), func(c string) bool { return strings.Contains(c, "rm -rf") }) || strings.Contains(string(text), "\nmode: manual") {
		t.Error("a text of the catalog has become something else")
	}
	if _, err := runbook.Merge(text, text); err != nil {
		t.Error(err)
	}
}

func TestRecordedRuns(t *testing.T) {
	s := subject(t)
	at := time.Date(2026, 8, 20, 7, 41, 12, 0, time.UTC)
	r := history.Run{ID: pawl.RotationID{Credential: "heroku-api-key", Number: 11}, Reason: pawl.Scheduled, Outcome: pawl.Completed, Method: history.RealRun,
		Started: at, Ended: at.Add(11 * time.Minute), Driven: 11 * time.Minute, Proved: 6, Required: 6, Revoked: true, ToDeath: 1200 * time.Millisecond,
		Steps: []history.Step{{Name: "api-prod", Took: 37 * time.Second, Done: true}}}
	s.History, s.Validation = history.History{Runs: []history.Run{r}, Total: 11}, history.Validation{Method: history.RealRun, At: r.Ended, Run: r}
	text := string(runbook.Write(s))
	for _, want := range []string{"last_validated: 2026-08-20T07:52:12Z\n", "validated_by: real-run\n", "duration_median: 11m\n", "duration_runs: 1\n",
		"6 of 6 places proved; old one refused 1.2s after the revoke", "| heroku-api-key/11 | scheduled | done |", "Usually takes: api-prod 37s."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if lines := runbook.Differ([]byte(text), runbook.Write(subject(t))); lines != nil {
		t.Errorf("a run made it differ from the catalog: %q", lines)
	}
}

func TestDiffer(t *testing.T) {
	want := runbook.Write(subject(t))
	for name, have := range map[string]string{
		"role":  strings.Replace(string(want), "role_required: superadmin", "role_required: anybody", 1),
		"step":  strings.Replace(string(want), "acme-api-prod/config-vars", "acme-api-old/config-vars", 1),
		"short": strings.Replace(string(want), "## Contacts", "", 1),
		"none":  "",
	} {
		if lines := runbook.Differ([]byte(have), want); lines == nil {
			t.Errorf("%s: no difference is seen", name)
		}
	}
}

// TestNotesSurvive moves notes about, several of them, and writes the runbook
// anew: none is lost, doubled or changed, it stays in its section, and to write
// it once more changes nothing.
func TestNotesSurvive(t *testing.T) {
	fresh := runbook.Write(subject(t))
	body := rapid.SliceOfN(rapid.SampledFrom([]string{"ask ana", "## not a section", "- a list", "```", "", "x | y", "---"}), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(string(fresh), "\n")
		var put []string
		for n := range rapid.IntRange(1, 4).Draw(t, "notes") {
			text := "note " + string(rune('A'+n)) + "\n" + strings.TrimSpace(strings.Join(body.Draw(t, "text"), "\n"))
			text = strings.TrimSpace(text)
			put = append(put, text)
			at := rapid.IntRange(0, len(lines)-1).Filter(func(i int) bool { return outside(lines, i) }).Draw(t, "at")
			lines = slices.Insert(lines, at, strings.Split("<!-- notes -->\n"+text+"\n<!-- /notes -->", "\n")...)
		}
		edited := []byte(strings.Join(lines, "\n"))
		if lines := runbook.Differ(edited, fresh); lines != nil {
			t.Fatalf("a note is a difference: %q", lines)
		}
		merged, err := runbook.Merge(fresh, edited)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range put {
			if strings.Count(string(merged), "<!-- notes -->\n"+text+"\n<!-- /notes -->") != 1 {
				t.Fatalf("%q is in\n%s", text, merged)
			}
		}
		if again, err := runbook.Merge(fresh, merged); err != nil || string(again) != string(merged) {
			t.Fatalf("written again it is another: %v", err)
		}
	})
}

// outside reports whether a line lies in no fence and no notes.
func outside(lines []string, at int) bool {
	fences, notes := 0, 0
	for _, l := range lines[:at] {
		switch {
		case strings.HasPrefix(l, "```") && notes == 0:
			fences++
		case l == "<!-- notes -->":
			notes++
		case l == "<!-- /notes -->":
			notes--
		}
	}
	return fences%2 == 0 && notes == 0
}

// A note whose step is gone goes to the end, and says where it was.
func TestNoteOfAStepThatIsGone(t *testing.T) {
	s := subject(t)
	edited := strings.Replace(string(runbook.Write(s)), "### 8. `console`\n", "### 8. `console`\n\n<!-- notes -->\nits owner is bo\n<!-- /notes -->\n", 1)
	s.Plan.Consumers = slices.DeleteFunc(slices.Clone(s.Plan.Consumers), func(p pawl.Place) bool { return p.ID == "api-staging" })
	merged, err := runbook.Merge(runbook.Write(s), []byte(edited))
	if err != nil || !regexp.MustCompile("(?s)### 7\\. `console`\n.*its owner is bo.*### 8\\. ").Match(merged) {
		t.Errorf("a note did not follow its step, which has another number now: %v", err)
	}
	s.Plan.Consumers = slices.DeleteFunc(slices.Clone(s.Plan.Consumers), func(p pawl.Place) bool { return p.ID == "console" })
	merged, err = runbook.Merge(runbook.Write(s), []byte(edited))
	if err != nil || !strings.Contains(string(merged), "## Notes\n\n<!-- notes -->\n(was below “`console`”)\nits owner is bo\n<!-- /notes -->\n") {
		t.Errorf("a note is lost: %v", err)
	}
}

func TestBrokenMarkers(t *testing.T) {
	fresh := runbook.Write(subject(t))
	for _, text := range []string{"a\n<!-- notes -->\nb\n", "a\n<!-- /notes -->\n", "<!-- notes -->\n<!-- notes -->\n<!-- /notes -->\n"} {
		if _, err := runbook.Merge(fresh, []byte(text)); err == nil || !strings.Contains(err.Error(), "without its other half") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestHTML(t *testing.T) {
	s := subject(t)
	cred := *s.Credential
	cred.Why = `<script>alert(1)</script>`
	s.Credential = &cred
	page, err := runbook.HTML(runbook.Write(s))
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if strings.Contains(text, "<script") || !strings.Contains(text, "<title>Heroku Platform API token used by deploys</title>") || strings.Contains(text, "raw HTML omitted -->\n<h2") {
		t.Errorf("%.2000s", text)
	}
}

func FuzzMerge(f *testing.F) {
	fresh := runbook.Write(subject(f))
	f.Add(string(fresh))
	f.Add("# x\n<!-- notes -->\nkeep\n<!-- /notes -->\n")
	f.Fuzz(func(t *testing.T, earlier string) {
		once, err := runbook.Merge(fresh, []byte(earlier))
		if err != nil {
			return
		}
		if twice, err := runbook.Merge(fresh, once); err != nil || string(twice) != string(once) {
			t.Errorf("written again it is another, %v", err)
		}
	})
}
