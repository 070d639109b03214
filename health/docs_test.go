package health_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pawl-dev/pawl/health"
)

// What docs/attest.md computes its vectors from.
const (
	exampleValue = "HRKU-CANARY-example"
	exampleName  = "HEROKU_API_KEY"
	exampleNonce = "0123456789abcdef0123456789abcdef"
)

func readDoc(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestVectorsOfTheDocument(t *testing.T) {
	doc := readDoc(t, "../docs/attest.md")
	rows := regexp.MustCompile("(?m)^\\| (?:`([a-z-]*)` )?\\| `([0-9a-f]{64})` \\|$").FindAllStringSubmatch(doc, -1)
	if len(rows) != 2 {
		t.Fatalf("%d vectors", len(rows))
	}
	for _, row := range rows {
		if got := health.MAC([]byte(exampleValue), row[1], exampleName, exampleNonce); got != row[2] {
			t.Errorf("context %q: %s, the document says %s", row[1], got, row[2])
		}
	}
	for _, said := range []string{exampleValue, exampleName, exampleNonce} {
		if !strings.Contains(doc, "`"+said+"`") {
			t.Errorf("the document does not say that it is %q", said)
		}
	}
}

// TestProgramsOfTheDocument runs those whose language is installed here. That
// they are there at all is checked in any case.
func TestProgramsOfTheDocument(t *testing.T) {
	doc := readDoc(t, "../docs/attest.md")
	for _, l := range []struct{ fence, command, flag, call string }{
		{"python", "python3", "-c", "import sys; sys.stdout.write(attest(b'%v', '%c', '%n', '%x'))"},
		{"js", "node", "-e", "process.stdout.write(attest('%v', '%c', '%n', '%x'))"},
		{"ruby", "ruby", "-e", "$stdout.write(attest('%v', '%c', '%n', '%x'))"},
	} {
		_, program, found := strings.Cut(doc, "```"+l.fence+"\n")
		program, _, closed := strings.Cut(program, "\n```")
		if !found || !closed {
			t.Errorf("the document has no program in %s", l.fence)
			continue
		}
		run := func(value, nonce string) (string, error) {
			call := strings.NewReplacer("%v", value, "%c", "acme-api-prod", "%n", exampleName, "%x", nonce).Replace(l.call)
			out, err := exec.Command(l.command, l.flag, program+"\n"+call).Output()
			return string(out), err
		}
		if exec.Command(l.command, "--version").Run() != nil {
			continue
		}
		want := health.MAC([]byte(exampleValue), "acme-api-prod", exampleName, exampleNonce)
		if got, err := run(exampleValue, exampleNonce); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %s", l.fence, got, err, want)
		}
		if got, err := run(exampleValue, exampleNonce+" "); err == nil {
			t.Errorf("%s: what is no nonce is answered: %q", l.fence, got)
		}
	}
}

// TestWorkflowOfTheExamples: what it computes is what is specified, and the
// second job is named as it is looked for.
func TestWorkflowOfTheExamples(t *testing.T) {
	var w struct {
		Jobs map[string]struct {
			Name  string
			Steps []struct {
				Shell, Run string
				Env        map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readDoc(t, "../examples/github/pawl-attest.yml")), &w); err != nil {
		t.Fatal(err)
	}
	if got := w.Jobs["show"].Name; got != "pawl-attest=${{ needs.attest.outputs.mac }}" {
		t.Errorf("the job is named %q", got)
	}
	s := w.Jobs["attest"].Steps[0]
	if s.Shell != "python" || s.Env["NONCE"] != "${{ inputs.nonce }}" || s.Env["VALUE"] != "${{ secrets.HEROKU_API_KEY }}" || strings.Contains(s.Run, "${{") {
		t.Errorf("the step is %+v", s)
	}
	if exec.Command("python3", "--version").Run() != nil {
		return
	}
	out := t.TempDir() + "/output"
	cmd := exec.Command("python3", "-c", s.Run)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GITHUB_OUTPUT=" + out, "GITHUB_REPOSITORY=Acme/API",
		"NAME=" + exampleName, "VALUE=" + exampleValue, "NONCE=" + exampleNonce}
	if printed, err := cmd.CombinedOutput(); err != nil || bytes.Contains(printed, []byte("CANARY")) {
		t.Fatalf("%s, %v", printed, err)
	}
	if got, want := readDoc(t, out), "mac="+health.MAC([]byte(exampleValue), "acme/api", exampleName, exampleNonce)+"\n"; got != want {
		t.Errorf("it set %q, want %q", got, want)
	}
}
