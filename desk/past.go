package desk

import (
	"context"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/history"
)

// Past is what recorded rotations of a credential show: how long they took, and
// when it was last shown to work.
func (d *Desk) Past(ctx context.Context, who access.Subject, name string) (api.Past, error) {
	h, err := d.history(ctx, who, name)
	if err != nil {
		return api.Past{}, err
	}
	cred, err := d.cfg.Catalog().Credential(name)
	if err != nil {
		return api.Past{}, err
	}
	took, valid := h.Took(), h.Validated()
	past := api.Past{Took: took.Median, Of: took.N, Method: string(valid.Method), Validated: valid.At,
		Age: string(valid.Age(cred.StaleAfter, d.now())), Runs: []api.Bar{}}
	if !valid.At.IsZero() {
		past.By = valid.Run.ID.String()
	}
	for _, run := range slices.Backward(h.Runs) {
		past.Runs = append(past.Runs, api.Bar{ID: run.ID.String(), Outcome: string(run.Outcome), At: run.Started, Took: run.Driven})
	}
	return past, nil
}

// Steps are the parts of a rotation, in the order in which they were begun,
// each beside what it usually takes.
func (d *Desk) Steps(ctx context.Context, who access.Subject, id pawl.RotationID) ([]api.Step, error) {
	h, err := d.history(ctx, who, id.Credential)
	if err != nil {
		return nil, err
	}
	run, err := d.cfg.Journal.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	// What it took itself is no measure of what it usually takes.
	h.Runs = slices.DeleteFunc(h.Runs, func(r history.Run) bool { return r.ID == id })
	steps := []api.Step{}
	for _, s := range history.One(run).Steps {
		usual := h.Step(s.Name)
		steps = append(steps, api.Step{Name: s.Name, Begun: s.Begun, Took: s.Took, Done: s.Done, Person: s.Person, Usually: usual.Median, Of: usual.N})
	}
	return steps, nil
}

func (d *Desk) history(ctx context.Context, who access.Subject, name string) (history.History, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, name); err != nil {
		return history.History{}, err
	}
	runs, err := d.cfg.Journal.Recent(ctx, name, history.Enough)
	return history.Of(runs), err
}
