package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pawl-dev/pawl/sim/world"
)

const actionDir = "../../action"

// composite is an action.yml.
type composite struct {
	Inputs map[string]struct {
		Description string
		Required    bool
		Default     string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

type step struct {
	ID, If, Uses, Shell, Run, Name string
	With                           map[string]any
	Env                            map[string]string
}

func readAction(t *testing.T) composite {
	t.Helper()
	var a composite
	readYAML(t, filepath.Join(actionDir, "action.yml"), &a)
	return a
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(file, err)
	}
}

// A job of the action, on a runner that keeps to what GitHub documents.
type runner struct {
	t       *testing.T
	f       *fire
	binary  string // what is built; the pawl of this test
	temp    string
	action  composite
	log     string // of the last use
	summary string
	outputs map[string]string
	code    int
}

func newRunner(t *testing.T) *runner {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	self, err := exec.LookPath("pawl")
	if err != nil {
		t.Fatal(err)
	}
	return &runner{t: t, f: f, binary: self, temp: t.TempDir(), action: readAction(t)}
}

var expression = regexp.MustCompile(`\$\{\{ *([\w.-]+) *\}\}`)

// use runs the action with these inputs. Where it would install Go and build
// pawl, the pawl of this test stands on the PATH as a "go" that builds it.
func (r *runner) use(with map[string]string) {
	r.t.Helper()
	r.log, r.summary, r.outputs, r.code = "", "", nil, 0
	known := map[string]string{"github.action_path": abs(r.t, actionDir)}
	for name, in := range r.action.Inputs {
		known["inputs."+name] = in.Default
	}
	for name, value := range with {
		if _, ok := r.action.Inputs[name]; !ok {
			r.t.Fatalf("the action has no input %s", name)
		}
		known["inputs."+name] = value
	}
	fill := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string { return known[expression.FindStringSubmatch(e)[1]] })
	}
	for _, s := range r.action.Runs.Steps {
		if s.Run == "" || r.code != 0 {
			continue
		}
		out := r.step(s, fill)
		for name, value := range out {
			known["steps."+s.ID+".outputs."+name] = value
		}
	}
	r.outputs = map[string]string{}
	for name, o := range r.action.Outputs {
		r.outputs[name] = fill(o.Value)
	}
}

// step runs one step as GitHub's runner does, and reads what it set.
func (r *runner) step(s step, fill func(string) string) map[string]string {
	r.t.Helper()
	script, output, summary, path := r.file("script.sh", s.Run), r.file("output", ""), r.file("summary", ""), r.file("path", "")
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = r.temp
	cmd.Env = []string{"HOME=" + r.f.home, "PATH=" + r.fakeGo() + ":" + os.Getenv("PATH"), "RUNNER_TEMP=" + r.temp,
		"GITHUB_ACTION_PATH=" + abs(r.t, actionDir), "GITHUB_OUTPUT=" + output, "GITHUB_STEP_SUMMARY=" + summary, "GITHUB_PATH=" + path}
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		cmd.Env = append(cmd.Env, name+"="+fill(s.Env[name]))
	}
	log, _ := cmd.CombinedOutput()
	r.f.Write(log)
	r.log += string(log)
	r.summary += read(r.t, summary)
	r.code = cmd.ProcessState.ExitCode()
	set := map[string]string{}
	for line := range strings.Lines(read(r.t, output)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok || !regexp.MustCompile(`^[a-z-]+$`).MatchString(name) {
			r.t.Errorf("GITHUB_OUTPUT has the line %q", line)
		}
		set[name] = value
	}
	return set
}

func (r *runner) file(name, text string) string {
	path := filepath.Join(r.temp, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// fakeGo is a folder with a "go" that builds nothing, but copies what is built.
func (r *runner) fakeGo() string {
	dir := filepath.Join(r.temp, "fake")
	script := "#!/bin/sh\n[ \"$1\" = build ] || exit 9\nwhile [ \"$1\" != -o ]; do shift; done\nexec cp '" + r.binary + "' \"$2\"\n"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700); err != nil {
		r.t.Fatal(err)
	}
	return dir
}

func abs(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (r *runner) want(code int, inSummary ...string) {
	r.t.Helper()
	if r.code != code || r.outputs["exit-code"] != "" && r.outputs["exit-code"] != "0" != (code != 0) {
		r.t.Errorf("exit %d (output %q), want %d\n%s", r.code, r.outputs["exit-code"], code, r.log)
	}
	for _, text := range inSummary {
		if !strings.Contains(r.summary, text) {
			r.t.Errorf("no %q in the summary:\n%s", text, r.summary)
		}
	}
	if strings.Contains(r.summary+r.log, "CANARY") {
		r.t.Error("a secret is in the log or the summary")
	}
}

// TestAction uses the action as a workflow does, against a simulated company.
func TestAction(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	state, key := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "key")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	r.use(map[string]string{"mode": "validate", "catalog": r.f.catalog})
	r.want(0, "### pawl validate: exit 0", "ok: 1 credential")

	r.use(map[string]string{"mode": "plan", "catalog": r.f.catalog})
	r.want(0, "revoke   "+r.f.w.OldID)
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(r.outputs["digest"]) {
		t.Errorf("digest = %q", r.outputs["digest"])
	}
	if body := read(t, r.outputs["comment"]); !strings.HasPrefix(body, "<!-- pawl plan -->\n") || body != r.summary {
		t.Errorf("comment:\n%s", body)
	}
	if live := r.f.w.Check(); len(live) > 0 {
		t.Errorf("a plan changed something: %q", live)
	}

	rotate := map[string]string{"mode": "rotate", "catalog": r.f.catalog, "names": world.Credential, "state": state, "key-file": key, "timeout": "60s"}
	r.use(rotate)
	r.want(5, "every required consumer is proved")
	r.use(map[string]string{"mode": "resume", "catalog": r.f.catalog, "names": world.Credential, "state": state, "key-file": key, "auto-revoke": "true"})
	r.want(0, "heroku-api-key/1 is done")
	r.use(map[string]string{"mode": "verify", "catalog": r.f.catalog, "state": state})
	r.want(0)
	r.use(map[string]string{"mode": "due", "catalog": r.f.catalog, "state": state})
	r.want(0)
	if strings.Contains(r.summary, world.Credential) {
		t.Errorf("rotated just now, and due:\n%s", r.summary)
	}
	r.use(map[string]string{"mode": "due", "catalog": r.f.catalog, "state": state, "within": "100d"})
	r.want(0, world.Credential)
	if wrong := r.f.w.Check(); len(wrong) > 0 {
		t.Errorf("at the end: %q", wrong)
	}
}

// TestActionCommands: which command each mode is, word for word, and that what it
// exits with is the step's own.
func TestActionCommands(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.binary = r.file("words", "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 8\n")
	if err := os.Chmod(r.binary, 0o700); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	for want, with := range map[string]map[string]string{
		"<validate>":                        {"mode": "validate"},
		"<plan><--><a><b-2>":                {"mode": "plan", "names": " a\n b-2 "},
		"<due><--exit-code><--within><14d>": {"mode": "due"},
		"<verify><-->":                      {"mode": "verify"},
		"<rotate><--yes><--reason><leak><--no-input><--timeout><5m><--auto-revoke><--><a>": {"mode": "rotate", "names": "a", "state": state, "reason": "leak", "timeout": "5m", "auto-revoke": "true"},
		"<resume><--no-input><--timeout><30m><--><a><b>":                                   {"mode": "resume", "names": "a b", "state": state},
	} {
		global := "<--catalog><c d>"
		with["catalog"] = "c d"
		if with["state"] != "" {
			global += "<--state><" + state + ">"
		}
		r.use(with)
		if r.code != 8 || r.outputs["exit-code"] != "8" || !strings.Contains(r.log, global+want+"\n") {
			t.Errorf("%v: exit %d (output %q), want %s\n%s", with, r.code, r.outputs["exit-code"], want, r.log)
		}
	}
}

// TestActionRefuses: what it is given is what it says, or nothing is run.
func TestActionRefuses(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	state := t.TempDir()
	for name, with := range map[string]map[string]string{
		"mode":                  {"mode": "validate; touch broken-in"},
		"no mode":               {"mode": ""},
		"names: substitution":   {"mode": "plan", "names": "$(touch broken-in)"},
		"names: backticks":      {"mode": "plan", "names": "`touch broken-in`"},
		"names: quotes":         {"mode": "plan", "names": `a"; touch broken-in; "`},
		"names: a flag":         {"mode": "rotate", "names": "--yes", "state": state},
		"names: a pattern":      {"mode": "plan", "names": "*"},
		"names: two lines":      {"mode": "plan", "names": "heroku-api-key\n$(touch broken-in)"},
		"within":                {"mode": "due", "within": "14d; touch broken-in"},
		"reason":                {"mode": "rotate", "names": "heroku-api-key", "state": state, "reason": "--auto-revoke"},
		"timeout":               {"mode": "rotate", "names": "heroku-api-key", "state": state, "timeout": "$(touch broken-in)"},
		"auto-revoke":           {"mode": "rotate", "names": "heroku-api-key", "state": state, "auto-revoke": "yes"},
		"rotate without state":  {"mode": "rotate", "names": "heroku-api-key"},
		"rotate, state nowhere": {"mode": "rotate", "names": "heroku-api-key", "state": state + "/none"},
		"rotate, state here":    {"mode": "rotate", "names": "heroku-api-key", "state": "."},
		"rotate nothing":        {"mode": "rotate", "state": state},
		"resume nothing":        {"mode": "resume", "state": state},
		"version":               {"mode": "validate", "version": "v1.2.3/../../evil", "sha256": strings.Repeat("0", 64)},
		"version without sum":   {"mode": "validate", "version": "v1.2.3"},
		"sum without version":   {"mode": "validate", "sha256": strings.Repeat("0", 64)},
	} {
		with["catalog"] = r.f.catalog
		r.use(with)
		if r.code != 2 || !strings.Contains(r.log, "pawl action: ") {
			t.Errorf("%s: exit %d\n%s", name, r.code, r.log)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(r.temp, "broken-in")); len(found) > 0 {
		t.Error("an input was run")
	}
	if wrong := r.f.w.Check(); len(wrong) > 0 {
		t.Errorf("something was changed: %q", wrong)
	}
}

// TestActionQuotesTheCatalog: the text of a catalog that anybody may have written
// is no command of the runner, and no markup of the summary.
func TestActionQuotesTheCatalog(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	moved := filepath.Join(t.TempDir(), "a folder; $(touch broken-in) `touch broken-in` 'x\" --yes")
	if err := os.Rename(r.f.catalog, moved); err != nil {
		t.Fatal(err)
	}
	r.f.catalog = moved
	r.use(map[string]string{"mode": "validate", "catalog": moved})
	r.want(0, "ok: 1 credential")

	r.f.edit("owner: platform", "ownr: \"</pre><img src=x> @everyone & ```\"\n::add-mask::x: \"::stop-commands::x\"")
	r.use(map[string]string{"mode": "plan", "catalog": moved})
	r.want(2, "&lt;/pre&gt;&lt;img", "did you mean")
	if strings.Count(r.summary, "</pre>") != 1 || strings.Contains(r.summary, "<img") {
		t.Errorf("the summary has markup of the catalog's:\n%s", r.summary)
	}
	begin := regexp.MustCompile(`(?m)^::stop-commands::([0-9a-f]{32})$`).FindStringSubmatch(r.log)
	if begin == nil || !strings.HasSuffix(strings.TrimSpace(r.log), "::"+begin[1]+"::") || strings.Index(r.log, "::add-mask::") < strings.Index(r.log, begin[0]) {
		t.Errorf("the runner takes commands from the catalog:\n%s", r.log)
	}
	if r.outputs["digest"] != "" {
		t.Errorf("digest = %q", r.outputs["digest"])
	}
}

// TestActionDownloads: a release is run if it is the one that is meant, only.
func TestActionDownloads(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	curl := "#!/bin/sh\nwhile [ \"$1\" != --output ]; do shift; done\nprintf 'echo ran >\"$RUNNER_TEMP/ran\"' >\"$2\"\n"
	if err := os.WriteFile(filepath.Join(r.fakeGo(), "curl"), []byte(curl), 0o700); err != nil {
		t.Fatal(err)
	}
	r.use(map[string]string{"mode": "validate", "catalog": r.f.catalog, "version": "v1.2.3", "sha256": strings.Repeat("0", 64)})
	if r.code != 2 || !strings.Contains(r.log, "nothing of it was run") {
		t.Errorf("exit %d\n%s", r.code, r.log)
	}
	left, _ := os.ReadDir(filepath.Join(r.temp, "pawl-bin"))
	if len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

// workflow is what of a workflow's file is checked.
type workflowFile struct {
	On          map[string]any
	Permissions map[string]string
	Concurrency map[string]any
	Jobs        map[string]struct {
		Environment string
		Permissions map[string]string
		Steps       []step
	}
}

// TestWorkflowsAreSafe holds the action and the workflows that one may copy to
// what their comments say.
func TestWorkflowsAreSafe(t *testing.T) {
	t.Parallel()
	a := readAction(t)
	used := strings.Join(checkSteps(t, "action.yml", a.Runs.Steps), " ")
	for name := range a.Inputs {
		if !strings.Contains(used+" ", "inputs."+name+" ") {
			t.Errorf("action.yml: input %s is not used", name)
		}
	}
	files, err := filepath.Glob("../../examples/github/*.yml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d workflows, %v", len(files), err)
	}
	for _, file := range files {
		var w workflowFile
		readYAML(t, file, &w)
		if w.Permissions == nil || slices.ContainsFunc(slices.Collect(maps.Values(w.Permissions)), func(p string) bool { return p != "read" }) {
			t.Errorf("%s: permissions are %v; want none, or to read", file, w.Permissions)
		}
		if _, bad := w.On["pull_request_target"]; bad {
			t.Errorf("%s: runs a pull request with the base's secrets", file)
		}
		for name, job := range w.Jobs {
			checkSteps(t, filepath.Base(file)+" "+name, job.Steps)
			for _, s := range job.Steps {
				checkUse(t, file, a, s)
				if s.With["mode"] != nil && (s.With["mode"] == "plan" || strings.Contains(s.With["mode"].(string), "inputs")) && job.Environment == "" {
					t.Errorf("%s: job %s has secrets and no environment that protects them", file, name)
				}
			}
		}
	}
}

// checkSteps returns the expressions that are used.
func checkSteps(t *testing.T, where string, steps []step) (used []string) {
	pinned := regexp.MustCompile(`^(\./.*|[\w.-]+(/[\w.-]+)+@[0-9a-f]{40})$`)
	for i, s := range steps {
		if s.Uses != "" && !pinned.MatchString(s.Uses) {
			t.Errorf("%s: step %d uses %s, which is not pinned by a commit", where, i+1, s.Uses)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: step %d has an expression in its script; hand it over as a variable", where, i+1)
		}
		if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
			t.Errorf("%s: step %d leaves the job's token in the working copy", where, i+1)
		}
		if where == "action.yml" && s.Run != "" && s.Shell == "" {
			t.Errorf("%s: step %d has no shell", where, i+1)
		}
		used = append(used, strings.Fields(s.If)...)
		for _, value := range s.Env {
			for _, e := range expression.FindAllStringSubmatch(value, -1) {
				used = append(used, e[1])
			}
		}
	}
	return used
}

// checkUse looks that a use of the action gives inputs that there are.
func checkUse(t *testing.T, file string, a composite, s step) {
	if !strings.HasPrefix(s.Uses, "pawl-dev/pawl/action@") {
		return
	}
	for name := range s.With {
		if _, ok := a.Inputs[name]; !ok {
			t.Errorf("%s: the action has no input %s", file, name)
		}
	}
	for name, in := range a.Inputs {
		if in.Required && s.With[name] == nil {
			t.Errorf("%s: the input %s is missing", file, name)
		}
	}
}
