package heroku

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/pawl-dev/pawl"
)

// lately is how many releases are looked at.
const lately = 10

// Observe reads the config vars, the newest releases and the dynos.
//
// The look is Proved, as Running, if the keys hold what is wanted, a release
// that has it succeeded, and every dyno of whatever kind runs on that release
// or a later one and is up. It is Refuted if each release that has it failed:
// then the keys show the value, but nothing runs with it.
func (v *configVars) Observe(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	const op = "heroku.Observe"
	want, err := desired(v.set.Keys, l.Want)
	if err != nil {
		return pawl.Observation{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	s, early, err := v.follow(ctx, op, l.Mark)
	if err != nil || early != nil {
		return deref(early), err
	}
	o := pawl.Observation{Holds: v.holds(s.vars, want, l.Not), Mark: newestMark(s.releases)}
	if o.Holds != pawl.HoldsWant {
		o.Detail = v.set.Where() + " " + otherwise(o.Holds)
		return o, nil
	}
	if o.Verdict, o.Detail, err = v.running(ctx, op, s, l.Mark); err != nil {
		return pawl.Observation{}, err
	}
	if o.Verdict == pawl.Proved {
		o.Class = pawl.Running
	}
	return o, nil
}

// follow sees what is to be seen. While our own write is on its way (there is a
// mark) most looks end with the release or with the dynos: what comes after
// could not change the answer, so it is not asked for. What the keys hold is
// read last then, so that nobody has changed it back meanwhile.
func (v *configVars) follow(ctx context.Context, op, mark string) (s sight, early *pawl.Observation, err error) {
	if mark == "" {
		s, err = v.sight(ctx, op)
		return s, nil, err
	}
	if s.releases, err = v.c.releases(ctx, op, v.set.App, lately); err != nil {
		return s, nil, v.explain(err)
	}
	if early, err := v.notYet(s, mark, op, false); early != nil || err != nil {
		return s, early, err
	}
	if s.dynos, err = v.c.dynos(ctx, op, v.set.App); err != nil {
		return s, nil, v.explain(err)
	}
	if early, err := v.notYet(s, mark, op, true); early != nil || err != nil {
		return s, early, err
	}
	s.vars, err = v.vars(ctx, op)
	return s, nil, v.explain(err)
}

// notYet returns the observation if what was seen so far has to be waited for.
func (v *configVars) notYet(s sight, mark, op string, dynos bool) (*pawl.Observation, error) {
	floor, err := v.floor(s.releases, mark)
	if err != nil {
		return nil, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	live, verdict, detail := deployed(s.releases, floor)
	if live.Version != 0 && dynos && len(s.dynos) > 0 {
		verdict, detail = judge(s.dynos, live)
	} else if live.Version != 0 {
		return nil, nil
	}
	if verdict != pawl.Waiting || newestMark(s.releases) != mark {
		return nil, nil // somebody else was there too: what the keys hold has to be seen
	}
	return &pawl.Observation{Detail: detail, Mark: newestMark(s.releases)}, nil
}

// newestMark is the mark of what the app has now.
func newestMark(all []release) string { return mark(newestOf(all)) }

func deref(o *pawl.Observation) pawl.Observation {
	if o == nil {
		return pawl.Observation{}
	}
	return *o
}

// sight is what one look saw.
type sight struct {
	vars     vars
	releases []release
	dynos    []dyno
}

func (v *configVars) sight(ctx context.Context, op string) (s sight, err error) {
	var errs [3]error
	var wg sync.WaitGroup
	wg.Go(func() { s.vars, errs[0] = v.vars(ctx, op) })
	wg.Go(func() { s.releases, errs[1] = v.c.releases(ctx, op, v.set.App, lately) })
	wg.Go(func() { s.dynos, errs[2] = v.c.dynos(ctx, op, v.set.App) })
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return sight{}, v.explain(err)
		}
	}
	return s, nil
}

// holds names the generation that is there, for all keys together: a mixture
// is neither.
func (v *configVars) holds(now, want vars, not pawl.Secret) pawl.Holds {
	switch {
	case now.equal(want):
		return pawl.HoldsWant
	case len(now) == 0:
		return pawl.HoldsNothing
	case now.equal(every(v.set.Keys, not)):
		return pawl.HoldsNot
	}
	return pawl.HoldsOther
}

func otherwise(h pawl.Holds) string {
	switch h {
	case pawl.HoldsNothing:
		return "is not set"
	case pawl.HoldsNot:
		return "holds the other generation"
	}
	return "holds something else"
}

// running judges whether what the app holds is what it runs with.
func (v *configVars) running(ctx context.Context, op string, s sight, mark string) (pawl.Verdict, string, error) {
	floor, err := v.floor(s.releases, mark)
	if err != nil {
		return "", "", &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	live, verdict, detail := deployed(s.releases, floor)
	if live.Version == 0 {
		return verdict, detail, nil
	}
	if len(s.dynos) > 0 {
		verdict, detail = judge(s.dynos, live)
		return verdict, detail, nil
	}
	idle, err := v.c.scaledToZero(ctx, op, v.set.App)
	switch {
	case err != nil:
		return "", "", v.explain(err)
	case !idle:
		return pawl.Waiting, fmt.Sprintf("release v%d succeeded, no dyno is there yet", live.Version), nil
	}
	return pawl.Proved, fmt.Sprintf("release v%d succeeded, no dynos", live.Version), nil
}

// floor returns the version below which no release is known to have what the
// app holds: the mark of the write, or a later release that says that it
// changed our keys. Without a mark it is the newest release that may have
// changed them at all.
func (v *configVars) floor(all []release, mark string) (int, error) {
	floor := 0
	if mark != "" {
		n, err := strconv.Atoi(mark)
		if err != nil {
			return 0, fmt.Errorf("%q is not the number of a release", mark)
		}
		floor = n
	}
	for _, r := range all {
		if mark == "" && !r.onlyCode() || r.wrote(v.set.Keys) {
			floor = max(floor, r.Version)
		}
	}
	return floor, nil
}

// deployed returns the earliest release from floor on that succeeded. If there
// is none it returns what that means.
func deployed(all []release, floor int) (live release, _ pawl.Verdict, detail string) {
	pending, failed := 0, 0
	for _, r := range slices.Backward(all) { // the oldest first
		switch {
		case r.Version < floor:
		case r.succeeded():
			return later(all, r)
		case r.pending():
			pending = r.Version
		default:
			failed = r.Version
		}
	}
	switch {
	case pending > 0:
		return release{}, pawl.Waiting, fmt.Sprintf("release v%d is pending", pending)
	case failed > 0 && all[len(all)-1].Version <= floor: // else there are earlier ones, not looked at
		return release{}, pawl.Refuted, fmt.Sprintf("release v%d failed, so the app still runs with what it held before: mend its release phase and deploy", failed)
	}
	return release{}, pawl.Waiting, fmt.Sprintf("no release from v%d on has succeeded yet", floor)
}

// later makes sure that the app did not go back behind r.
func later(all []release, r release) (release, pawl.Verdict, string) {
	current := 0
	for _, other := range all {
		if other.Current {
			current = max(current, other.Version)
		}
	}
	if current > 0 && current < r.Version {
		return release{}, pawl.Waiting, fmt.Sprintf("release v%d succeeded, but v%d is still the current one", r.Version, current)
	}
	return r, pawl.Proved, ""
}
