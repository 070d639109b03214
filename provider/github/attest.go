package github

import (
	"context"
	"errors"
	"regexp"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/health"
	"github.com/pawl-dev/pawl/probe/attest"
)

// WorkflowAttest says how a run tells which value it used. It is given a nonce,
// and names a job, or a step, "pawl-attest=" and the HMAC of it, in hex. See
// docs/attest.md.
//
// The name of a job is chosen because the token can read it: it needs no more
// than the run itself does, comes as JSON from the API's own host, and can be
// computed by an earlier job (https://docs.github.com/en/actions/reference/workflows-and-actions/contexts).
// Logs and artifacts come by a redirect to another host, and nothing here
// follows one; annotations need a permission that fine-grained tokens cannot
// have; the name of the run is made before the run has any secret.
type WorkflowAttest struct {
	Nonce     bool   `json:"nonce" doc:"The run is given a fresh nonce and shows which value it used. Only true." required:"true"`
	Input     string `json:"input,omitempty" doc:"Input of the workflow that takes the nonce. If not given, nonce."`
	Exercises bool   `json:"exercises,omitempty" doc:"The workflow also signs in with the value, and fails if it does not work: then it is exercised, and not only attested."`
}

func (a *WorkflowAttest) input() string {
	if a == nil {
		return ""
	}
	if a.Input == "" {
		return "nonce"
	}
	return a.Input
}

func (a *WorkflowAttest) class() pawl.Class {
	if a == nil || a.Exercises {
		return pawl.Exercised
	}
	return pawl.Attested
}

func (s *WorkflowSettings) checkAttest() error {
	a := s.Attest
	if a == nil {
		return nil
	}
	_, taken := s.Inputs[a.input()]
	switch {
	case !a.Nonce:
		return errors.New("attest.nonce: only true; what a run attests without a nonce may be from another run")
	case taken:
		return errors.New("attest: the input " + a.input() + " is given below inputs already")
	case a.input() == s.Correlate:
		return errors.New("attest: the input " + a.input() + " is given by correlate already")
	case s.Secret == "":
		return errors.New("attest: needs secret, the name that the workflow attests the value under")
	}
	return secretName(s.Secret)
}

// Shows implements [provider.Showing].
func (s *WorkflowSettings) Shows() pawl.Class { return s.Attest.class() }

// question is what a run with this nonce is asked. GitHub tells lower from upper
// case neither in repositories nor in secrets.
func (w *workflow) question(nonce string) attest.Question {
	return attest.Question{Context: strings.ToLower(w.s.Repo), Name: strings.ToUpper(w.s.Secret), Nonce: nonce}
}

// ask adds a new question to the inputs and returns its nonce; where nothing is
// to be attested, none.
func (w *workflow) ask(op string, inputs map[string]any, l pawl.Look) (nonce string, err error) {
	if w.s.Attest == nil {
		return "", nil
	}
	if !l.Want.Snapshot && attest.Guessable(l.Want.Secret) {
		return "", &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("the value is so short that what attests it gives it away to whoever sees the run"),
			Hint: "take attest away from this proof"}
	}
	nonce = attest.Ask("", "").Nonce
	inputs[w.s.Attest.input()] = nonce
	return nonce, nil
}

// attested says what a run that succeeded shows of the value that it used. What
// a snapshot stands for cannot be compared; then all that counts is that it is
// not the other generation.
func (w *workflow) attested(ctx context.Context, op string, run *gh.WorkflowRun, nonce string, l pawl.Look) (pawl.Observation, error) {
	name, q := w.called(run), w.question(nonce)
	refuted := func(h pawl.Holds, why string) (pawl.Observation, error) {
		return pawl.Observation{Verdict: pawl.Refuted, Holds: h, Detail: name + " " + why + ": " + link(run)}, nil
	}
	if !health.ValidNonce(nonce) {
		return refuted(pawl.HoldsUnknown, "was started without a nonce, and shows nothing")
	}
	answers, over, err := w.answers(ctx, op, run.GetID())
	if err != nil {
		return pawl.Observation{}, err
	}
	shows := func(value pawl.Secret) bool {
		for _, a := range answers {
			if q.Shows(a, value) {
				return true
			}
		}
		return false
	}
	switch {
	case !over:
		return pawl.Observation{Detail: name + " succeeded; not all of its jobs are listed as completed yet"}, nil
	case shows(l.Not) && !l.Not.Equal(l.Want.Secret):
		return refuted(pawl.HoldsNot, "used the other generation, though it was started after the write; look for a secret of the same name that wins")
	case l.Want.Snapshot:
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.NoEvidence, Detail: name + " succeeded: " + link(run)}, nil
	case shows(l.Want.Secret):
		return pawl.Observation{Verdict: pawl.Proved, Class: w.s.Attest.class(), Holds: pawl.HoldsWant, Detail: name + " succeeded and attests the value: " + link(run)}, nil
	case len(answers) == 0:
		return refuted(pawl.HoldsUnknown, "succeeded, but no job or step of it is named pawl-attest=HMAC")
	}
	return refuted(pawl.HoldsOther, "attests a value that is of neither generation, or attests it as another secret or repository")
}

var attestation = regexp.MustCompile(`pawl-attest=([0-9A-Fa-f]{64})\b`)

// answers reads what the names of a run's jobs and steps attest, and reports
// whether all jobs are over: until then one may be missing.
//
// API: https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
func (w *workflow) answers(ctx context.Context, op string, run int64) (answers []attest.Answer, over bool, err error) {
	add := func(name string) {
		if found := attestation.FindStringSubmatch(name); found != nil {
			if a, ok := attest.Parse(found[1]); ok {
				answers = append(answers, a)
			}
		}
	}
	over = true
	count := 0
	err = pages(w.c, op, func(o gh.ListOptions) (*gh.Jobs, *gh.Response, error) {
		return w.c.Actions.ListWorkflowJobs(ctx, w.owner, w.repo, run, &gh.ListWorkflowJobsOptions{Filter: "latest", ListOptions: o})
	}, func(list *gh.Jobs) error {
		if list.TotalCount == nil && list.Jobs == nil {
			return incomplete(op)
		}
		for _, job := range list.Jobs {
			count++
			over = over && job.GetStatus() == "completed"
			add(job.GetName())
			for _, step := range job.Steps {
				add(step.GetName())
			}
		}
		return nil
	})
	return answers, over && count > 0, hinted(err, w.hints())
}
