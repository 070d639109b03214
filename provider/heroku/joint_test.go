package heroku_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
	"github.com/pawl-dev/pawl/sim"
)

const (
	second = "ACME_DEPLOY_KEY"
	third  = "ACME_CI_KEY"
)

// joint opens consumers of the app through one connection, one a key.
func (a *account) joint(t *testing.T, url string, keys ...string) (all []pawl.Consumer) {
	t.Helper()
	p, client := open(t, url, a.token, a.clock.now)
	for _, k := range keys {
		c, err := p.Consumers[0].New(client, encode(t, heroku.ConfigVar{App: app, Keys: []string{k}}))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// jointly writes values to keys of one app, each by a consumer of its own.
func jointly(t *testing.T, a *account, url string, writes map[string]pawl.Write) map[string]pawl.Joined {
	t.Helper()
	keys := slices.Sorted(maps.Keys(writes))
	var all []pawl.Joint
	for i, c := range a.joint(t, url, keys...) {
		all = append(all, pawl.Joint{Consumer: c, Write: writes[keys[i]]})
	}
	got := map[string]pawl.Joined{}
	for i, j := range all[0].Consumer.(pawl.Joiner).SetJointly(t.Context(), all) {
		got[keys[i]] = j
	}
	return got
}

func TestSetJointlyIsOnePatch(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	got := jointly(t, a, a.url, map[string]pawl.Write{key: {To: is(newer)}, second: {To: is("CANARY-2")}, third: {To: is("CANARY-3")}})
	for k, j := range got {
		if j.Err != nil || !j.Receipt.Changed || j.Receipt.Mark != "2" {
			t.Errorf("%s: %+v, %v; want changed with mark 2", k, j.Receipt, j.Err)
		}
	}
	if n := count(a.Requests(), patch); n != 1 {
		t.Errorf("%d PATCHes, want 1", n)
	}
	want := map[string]string{key: newer, second: "CANARY-2", third: "CANARY-3", "DATABASE_URL": "postgres://CANARY-db"}
	if got := a.Config(app); !maps.Equal(got, want) {
		t.Errorf("the app holds other config vars than it should: %d of %d", len(got), len(want))
	}
	for _, k := range []string{key, second, third} { // each one's look accepts the release that all share
		o, err := a.consumer(t, k).Observe(t.Context(), pawl.Look{Want: is(want[k]), Not: secret("CANARY-not"), Mark: "2"})
		if err != nil || o.Verdict != pawl.Proved || o.Class != pawl.Running {
			t.Errorf("%s: %+v, %v; want proved by running", k, o, err)
		}
	}
}

// TestSetJointlyComparesEach: what somebody else changed is a conflict of its
// own write; the others are made.
func TestSetJointlyComparesEach(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.Redeploy(app, map[string]string{second: foreign})
	got := jointly(t, a, a.url, map[string]pawl.Write{key: {To: is(newer), Over: []pawl.Content{is(a.old)}}, second: {To: is("CANARY-2"), Over: []pawl.Content{is("CANARY-1")}}})
	if j := got[key]; j.Err != nil || !j.Receipt.Changed {
		t.Errorf("%s: %+v, %v; want changed", key, j.Receipt, j.Err)
	}
	if k := pawl.KindOf(got[second].Err); k != pawl.Conflict {
		t.Errorf("%s: %v, want a conflict", second, got[second].Err)
	}
	if now := a.Config(app); now[key] != newer || now[second] != foreign {
		t.Error("the wrong ones were written")
	}
}

func TestSetJointlyOfWhatIsThere(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.Redeploy(app, map[string]string{second: "CANARY-2"})
	got := jointly(t, a, a.url, map[string]pawl.Write{key: {To: is(newer)}, second: {To: is("CANARY-2")}})
	if j := got[key]; j.Err != nil || !j.Receipt.Changed {
		t.Errorf("%s: %+v, %v; want changed", key, j.Receipt, j.Err)
	}
	if j := got[second]; j.Err != nil || j.Receipt.Changed || j.Receipt.Mark != "2" {
		t.Errorf("%s: %+v, %v; want unchanged with mark 2", second, j.Receipt, j.Err)
	}
}

// TestSetJointlySplitsARefusal: the API takes all or nothing. What makes it
// refuse holds nobody else up.
func TestSetJointlySplitsARefusal(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	huge := make([]byte, 40<<10)
	for i := range huge {
		huge[i] = 'x'
	}
	got := jointly(t, a, a.url, map[string]pawl.Write{key: {To: is(newer)}, second: {To: is(string(huge))}})
	if j := got[key]; j.Err != nil || !j.Receipt.Changed {
		t.Errorf("%s: %+v, %v; want changed", key, j.Receipt, j.Err)
	}
	if k := pawl.KindOf(got[second].Err); k != pawl.Invalid {
		t.Errorf("%s: %v, want Invalid", second, got[second].Err)
	}
}

// TestSetJointlyUnknown: a lost answer is unknown for all that was in the call,
// and a conflict stays a conflict.
func TestSetJointlyUnknown(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.Redeploy(app, map[string]string{third: foreign})
	rules := &sim.Rules{}
	rules.Add(sim.Rule{Match: sim.Match{Method: http.MethodPatch}, Fault: sim.Lose})
	got := jointly(t, a, serve(t, sim.Front("heroku", a.Sim, rules)), map[string]pawl.Write{key: {To: is(newer)}, second: {To: is("CANARY-2")}, third: {To: is("CANARY-3"), Over: []pawl.Content{is("CANARY-1")}}})
	for k, want := range map[string]pawl.Kind{key: pawl.Unknown, second: pawl.Unknown, third: pawl.Conflict} {
		if kind := pawl.KindOf(got[k].Err); kind != want {
			t.Errorf("%s: %v, want %v", k, got[k].Err, want)
		}
	}
}

// TestSetJointlyOfOthers: what does not belong together is refused for itself.
func TestSetJointlyOfOthers(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	c := a.joint(t, a.url, key)[0]
	got := c.(pawl.Joiner).SetJointly(t.Context(), []pawl.Joint{{Consumer: c, Write: pawl.Write{To: is(newer)}}, {Consumer: c, Write: pawl.Write{To: is("CANARY-2")}}, {Write: pawl.Write{To: is("CANARY-3")}}})
	if got[0].Err != nil || pawl.KindOf(got[1].Err) != pawl.Invalid || pawl.KindOf(got[2].Err) != pawl.Invalid {
		t.Errorf("got %v, %v, %v; want only the first", got[0].Err, got[1].Err, got[2].Err)
	}
	if now := a.Config(app)[key]; now != newer {
		t.Error("the app does not hold the first one's value")
	}
}
