package infisical_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/sim"
)

// broken returns a place whose server lets f happen to the first request of
// this method about a secret.
func broken(t *testing.T, s *infisicalsim.Sim, method string, f sim.Fault) (place, *sim.Server) {
	t.Helper()
	srv := sim.New(t, s)
	srv.DripEvery = time.Microsecond
	srv.BreakOn(sim.Match{Method: method, Path: "/api/*/secrets/**"}, f)
	t.Cleanup(func() {
		if srv.Fired(f) != 1 {
			t.Errorf("%s did not happen to a %s", f, method)
		}
		if srv.Strayed() != 0 {
			t.Error("a redirect was followed")
		}
	})
	return connect(t, srv.URL, nil, settings), srv
}

func TestBrokenUpdates(t *testing.T) {
	const ok = pawl.Other // no error at all
	for _, tt := range []struct {
		fault   sim.Fault
		kind    pawl.Kind
		applied bool // so that there is nothing left to send
	}{
		{sim.Refuse, pawl.Unknown, false},
		{sim.Fail, pawl.Unknown, false},
		{sim.FailApplied, pawl.Unknown, true},
		{sim.Deny, ok, true}, // signs in anew
		{sim.Forbid, pawl.Forbidden, false},
		{sim.Throttle, pawl.Throttled, false},
		{sim.Drop, pawl.Unknown, false},
		{sim.Lose, pawl.Unknown, true},
		{sim.Late, pawl.Unknown, true},
		{sim.Twice, ok, true}, // two versions, both ours
		{sim.Garble, pawl.Unknown, true},
		{sim.Slow, ok, true},
		{sim.HTML, pawl.Unknown, false},
		{sim.Huge, pawl.Unknown, false},
		{sim.Gzip, pawl.Unknown, false},
		{sim.Redirect, pawl.Invalid, false},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			s := infisicalsim.New(infisicalsim.Options{})
			s.Put(env, "/", key, oldText)
			p, srv := broken(t, s, http.MethodPatch, tt.fault)
			_, err := p.Set(t.Context(), write(newText, oldText))
			if tt.kind != ok {
				wantKind(t, err, tt.kind)
			} else if err != nil {
				t.Error(err)
			}
			srv.Settle()
			got := must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
			if got.Changed == tt.applied {
				t.Errorf("then %+v", got)
			}
			if text, _, _ := s.Get(env, "/", key); text != newText {
				t.Error("the value is not there")
			}
		})
	}
}

func TestBrokenReadsChangeNothing(t *testing.T) {
	for fault, kind := range map[sim.Fault]pawl.Kind{
		sim.Refuse: pawl.Unavailable, sim.Drop: pawl.Unavailable, sim.Lose: pawl.Unavailable, sim.Garble: pawl.Unavailable,
		sim.HTML: pawl.Unavailable, sim.Huge: pawl.Unavailable, sim.Gzip: pawl.Unavailable,
		sim.Throttle: pawl.Throttled, sim.Forbid: pawl.Forbidden, sim.Redirect: pawl.Invalid,
	} {
		t.Run(string(fault), func(t *testing.T) {
			s := infisicalsim.New(infisicalsim.Options{})
			s.Put(env, "/", key, oldText)
			p, _ := broken(t, s, http.MethodGet, fault)
			_, err := p.Set(t.Context(), write(newText, oldText))
			wantKind(t, err, kind)
			wantStored(t, s, oldText, 1)
		})
	}
}

// lostWrite drops the answer to a write and checks that the next Set settles
// what became of it.
func lostWrite(t *testing.T, s *infisicalsim.Sim, method string, fault sim.Fault, w pawl.Write) {
	t.Helper()
	p, _ := broken(t, s, method, fault)
	_, err := p.Set(t.Context(), w)
	wantKind(t, err, pawl.Unknown)
	got := must[pawl.Receipt](t)(p.Set(t.Context(), w))
	if got.Changed != (fault == sim.Drop) {
		t.Errorf("%s after %s: then %+v", method, fault, got)
	}
}

func TestLostCreationsAndDeletions(t *testing.T) {
	absent := pawl.Content{Secret: pawl.NewSecret([]byte(`{"absent":true}`)), Snapshot: true}
	for _, fault := range []sim.Fault{sim.Lose, sim.Drop} {
		bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
			s := infisicalsim.New(o)
			lostWrite(t, s, http.MethodPost, fault, pawl.Write{To: value(oldText), Over: []pawl.Content{absent}})
			wantStored(t, s, oldText, 1)
			lostWrite(t, s, http.MethodPatch, fault, write(newText, oldText))
			wantStored(t, s, newText, 2) // written once, whatever happened
			lostWrite(t, s, http.MethodDelete, fault, pawl.Write{To: absent, Over: []pawl.Content{value(newText)}})
			if _, _, there := s.Get(env, "/", key); there {
				t.Error("the secret is still there")
			}
		})
	}
}

func TestBrokenSignIn(t *testing.T) {
	for fault, kind := range map[sim.Fault]pawl.Kind{
		sim.Refuse: pawl.Unavailable, sim.Lose: pawl.Unavailable, sim.Garble: pawl.Unavailable, sim.HTML: pawl.Unavailable,
		sim.Throttle: pawl.Throttled, sim.Redirect: pawl.Invalid,
	} {
		t.Run(string(fault), func(t *testing.T) {
			s := infisicalsim.New(infisicalsim.Options{})
			s.Put(env, "/", key, oldText)
			srv := sim.New(t, s)
			srv.BreakOn(sim.Match{Path: "/**/login"}, fault)
			p := connect(t, srv.URL, nil, settings)
			_, err := p.Set(t.Context(), write(newText, oldText))
			wantKind(t, err, kind)
			if srv.Fired(fault) != 1 || srv.Strayed() != 0 {
				t.Errorf("fired %d, strayed %d", srv.Fired(fault), srv.Strayed())
			}
			must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText))) // it is not remembered as refused
		})
	}
}
