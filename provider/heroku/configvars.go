package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl"
)

var (
	_ pawl.Consumer    = (*configVars)(nil)
	_ pawl.Joiner      = (*configVars)(nil)
	_ pawl.Reader      = (*configVars)(nil)
	_ pawl.Snapshotter = (*configVars)(nil)
	_ pawl.Preflighter = (*configVars)(nil)
)

// configVars are the config vars of one app that hold a value.
type configVars struct {
	c   *client
	set ConfigVar
}

func configVarsOf(app string) string { return "/apps/" + app + "/config-vars" }

// Set writes all keys in one request, which makes one release and one restart.
//
// The API's answer does not name the release. Mark is the newest one after the
// write: ours, or a later one, which holds our values as well.
func (v *configVars) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	got := v.SetJointly(ctx, []pawl.Joint{{Consumer: v, Write: w}})[0]
	return got.Receipt, got.Err
}

// look reads the config vars and the newest release, at once.
func (v *configVars) look(ctx context.Context, op string) (now vars, newest int, err error) {
	var rels []release
	var varsErr, relsErr error
	var wg sync.WaitGroup
	wg.Go(func() { now, varsErr = v.vars(ctx, op) })
	wg.Go(func() { rels, relsErr = v.c.releases(ctx, op, v.set.App, 1) })
	wg.Wait()
	if varsErr != nil {
		return nil, 0, varsErr
	}
	return now, newestOf(rels), relsErr
}

func (v *configVars) vars(ctx context.Context, op string) (vars, error) {
	s := state{keys: v.set.Keys}
	_, err := v.read(ctx, op, &s)
	return s.ours, err
}

// Elsewhere implements [pawl.Searcher]: the app's other config vars that hold
// the value.
func (v *configVars) Elsewhere(ctx context.Context, value pawl.Secret) ([]string, error) {
	s := state{keys: v.set.Keys, sought: value}
	_, err := v.read(ctx, "heroku.Elsewhere", &s)
	for i, key := range s.found {
		s.found[i] = v.set.App + "/" + key
	}
	return s.found, err
}

func (v *configVars) read(ctx context.Context, op string, s *state) (http.Header, error) {
	if err := v.set.Validate(); err != nil { // nothing is asked of a path that means something else
		return nil, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	resp, err := v.c.shared(ctx, call{op: op, path: configVarsOf(v.set.App)}, s)
	return resp.Header, v.explain(err)
}

// explain says what to do about an app that is not there.
func (v *configVars) explain(err error) error {
	if e, ok := errors.AsType[*pawl.Error](err); ok && e.Kind == pawl.NotFound && e.Hint == "" {
		e.Hint = fmt.Sprintf("There is no app %s that connection %s can see. Check the name, and that its account is a collaborator of the app.", v.set.App, v.c.name)
	}
	return err
}

// unchanged is the receipt for what the app holds already. The releases are
// read once more, now that it is known to hold it: an earlier look could have
// missed the release that a lost write made.
func (v *configVars) unchanged(ctx context.Context) (pawl.Receipt, error) {
	rels, err := v.c.releases(ctx, "heroku.Set", v.set.App, 1)
	if err != nil {
		return pawl.Receipt{}, err
	}
	return pawl.Receipt{Mark: mark(newestOf(rels))}, nil
}

// mayOverwrite reports whether what is there is among over.
func (v *configVars) mayOverwrite(now vars, over []pawl.Content) bool {
	if over == nil {
		return true
	}
	for _, c := range over {
		if known, err := desired(v.set.Keys, c); err == nil && now.equal(known) {
			return true
		}
	}
	return false
}

// patch writes, and returns what the answer says that the app then holds.
func (v *configVars) patch(ctx context.Context, want vars) (vars, error) {
	got := state{keys: v.set.Keys}
	_, err := v.c.do(ctx, call{op: "heroku.Set", method: http.MethodPatch, path: configVarsOf(v.set.App), body: want.patch(v.set.Keys), mutates: true}, &got)
	return got.ours, v.explain(err)
}

// markAfter returns the mark of a write that was made after release before was
// the newest. The write is done whatever happens here, so where its release
// cannot be seen yet the mark is the first number that it can have.
func (v *configVars) markAfter(ctx context.Context, before int) string {
	rels, err := v.c.releases(ctx, "heroku.Set", v.set.App, 1)
	if err != nil {
		return mark(before + 1)
	}
	return mark(max(newestOf(rels), before+1))
}

func mark(version int) string {
	if version <= 0 {
		return ""
	}
	return strconv.Itoa(version)
}

// Snapshot writes down what each key holds, or that it is not there.
func (v *configVars) Snapshot(ctx context.Context) (pawl.Secret, error) {
	const op = "heroku.Snapshot"
	now, err := v.vars(ctx, op)
	if err != nil {
		return pawl.Secret{}, err
	}
	s, err := now.snapshot(v.set.Keys)
	if err != nil {
		return pawl.Secret{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("what the app holds cannot be written down")}
	}
	return s, nil
}

// Read returns the value if all keys hold the same. Keys that differ are a
// Conflict.
func (v *configVars) Read(ctx context.Context) (pawl.Secret, error) {
	const op = "heroku.Read"
	now, err := v.vars(ctx, op)
	if err != nil {
		return pawl.Secret{}, err
	}
	value, ok := now[v.set.Keys[0]]
	switch {
	case len(now) == 0 || ok && len(value.Reveal()) == 0:
		return pawl.Secret{}, &pawl.Error{Op: op, Kind: pawl.NotFound, Err: fmt.Errorf("%s is not set", v.set.Where())}
	case !now.equal(every(v.set.Keys, value)):
		return pawl.Secret{}, &pawl.Error{Op: op, Kind: pawl.Conflict, Err: fmt.Errorf("%s do not all hold the same", v.set.Where()),
			Hint: "Look at each of them, and set all to the value that is right."}
	}
	return value, nil
}

// The size that all config vars of an app may have together, and of a token.
// https://devcenter.heroku.com/articles/config-vars#limits
const (
	maxVars   = 32 << 10
	tokenSize = 65
)

// Preflight makes sure that the config vars can be read and that there is room
// for one more value.
func (v *configVars) Preflight(ctx context.Context) ([]string, error) {
	const op = "heroku.Preflight"
	s := state{keys: v.set.Keys}
	header, err := v.read(ctx, op, &s)
	findings := warnings(header)
	for _, k := range v.set.Keys {
		if strings.HasPrefix(k, "HEROKU_") || strings.HasPrefix(k, "__") {
			findings = append(findings, fmt.Sprintf("Heroku keeps names that begin with HEROKU_ or __ for itself; %s works, but is against its advice", k))
		}
	}
	if err != nil {
		return findings, err
	}
	if size := s.grown(); size > maxVars {
		return findings, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: fmt.Errorf("the config vars of %s would take %d bytes of the %d that an app has", v.set.App, size, maxVars),
			Hint: "Remove config vars that nobody uses."}
	}
	return findings, nil
}

// grown returns the size once each key holds a token of today's length.
func (s *state) grown() int {
	size := s.size
	for _, k := range s.keys {
		value, ok := s.ours[k]
		if !ok {
			size += len(k)
		}
		size += max(tokenSize-len(value.Reveal()), 0)
	}
	return size
}
