package infisical_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
)

func TestSetIsReadBack(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		got := must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
		if !got.Changed || got.Pending != "" || got.Mark != "2" || got.Moved.IsZero() {
			t.Errorf("got %+v", got)
		}
		wantStored(t, s, newText, 2)
		seen := must[pawl.Observation](t)(p.Observe(t.Context(), pawl.Look{Want: value(newText), Not: secret(oldText), Mark: "2"}))
		if seen.Verdict != pawl.Proved || seen.Class != pawl.ReadBack || seen.Holds != pawl.HoldsWant || seen.Mark != "2" {
			t.Errorf("got %+v", seen)
		}
	})
}

func TestSetOfWhatIsThereSendsNothing(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		got := must[pawl.Receipt](t)(p.Set(t.Context(), write(oldText)))
		if got.Changed || got.Mark != "1" {
			t.Errorf("got %+v", got)
		}
		if wrote(s) {
			t.Errorf("sent %v", s.Requests())
		}
	})
}

func TestSetOverAnUnexpectedValueIsRefused(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		s.Edit(env, "/", key, "HRKU-third-CANARY")
		_, err := p.Set(t.Context(), write(newText, oldText))
		wantKind(t, err, pawl.Conflict)
		wantStored(t, s, "HRKU-third-CANARY", 2)
	})
}

func TestSetOverNothing(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		s.Delete(env, "/", key)
		absent := must[pawl.Secret](t)(p.Snapshot(t.Context()))

		_, err := p.Set(t.Context(), write(newText, oldText))
		wantKind(t, err, pawl.Conflict)
		if wrote(s) {
			t.Fatalf("sent %v", s.Requests())
		}

		was := pawl.Content{Secret: absent, Snapshot: true}
		got := must[pawl.Receipt](t)(p.Set(t.Context(), pawl.Write{To: value(newText), Over: []pawl.Content{was}}))
		if !got.Changed || got.Mark != "1" {
			t.Errorf("got %+v", got)
		}
		wantStored(t, s, newText, 1)

		got = must[pawl.Receipt](t)(p.Set(t.Context(), pawl.Write{To: was, Over: []pawl.Content{value(newText)}}))
		if _, _, there := s.Get(env, "/", key); there || !got.Changed {
			t.Errorf("the undoing left the secret: %v, %+v", there, got)
		}
		seen := must[pawl.Observation](t)(p.Observe(t.Context(), pawl.Look{Want: was, Not: secret(newText)}))
		if seen.Verdict != pawl.Proved || seen.Holds != pawl.HoldsWant {
			t.Errorf("got %+v", seen)
		}
	})
}

func TestSnapshotIsPutBack(t *testing.T) {
	for _, before := range []string{oldText, "", "CANARY \"${REF}\" \\ é\u2028 <&>\n", strings.Repeat("CANARY", 10_000)} {
		p, s := open(t, infisicalsim.Options{})
		s.Put(env, "/", key, before)
		snap := must[pawl.Secret](t)(p.Snapshot(t.Context()))
		must[pawl.Receipt](t)(p.Set(t.Context(), write(newText)))
		must[pawl.Receipt](t)(p.Set(t.Context(), pawl.Write{To: pawl.Content{Secret: snap, Snapshot: true}, Over: []pawl.Content{value(newText)}}))
		wantStored(t, s, before, 4)
	}
}

func TestRead(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		if got := must[pawl.Secret](t)(p.Read(t.Context())); !got.Equal(secret(oldText)) {
			t.Error("another value")
		}
		s.Delete(env, "/", key)
		_, err := p.Read(t.Context())
		wantKind(t, err, pawl.NotFound)
	})
}

func TestApprovalIsNoSuccess(t *testing.T) {
	p, s := open(t, infisicalsim.Options{Approval: true})
	got := must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
	if !strings.Contains(got.Pending, "approve the change request change-1 in Infisical") || got.Mark != "" {
		t.Errorf("got %+v", got)
	}
	wantStored(t, s, oldText, 1)

	look := pawl.Look{Want: value(newText), Not: secret(oldText), Since: time.Now()}
	seen := must[pawl.Observation](t)(p.Observe(t.Context(), look))
	if seen.Verdict != pawl.Waiting || seen.Holds != pawl.HoldsNot || !strings.Contains(seen.Detail, "change request") {
		t.Errorf("got %+v", seen)
	}
	if s.Approve() != 1 {
		t.Fatal("no change request waited")
	}
	if seen = must[pawl.Observation](t)(p.Observe(t.Context(), look)); seen.Verdict != pawl.Proved {
		t.Errorf("after the approval: %+v", seen)
	}
}

func TestValuesThatWouldBeTrimmed(t *testing.T) {
	for _, bad := range []string{" CANARY", "CANARY ", "CANARY\n\n", "CANARY\r\n", "\tCANARY", "CANARY\ufeff", "\u00a0CANARY", "CANARY\xff"} {
		p, s := open(t, infisicalsim.Options{})
		_, err := p.Set(t.Context(), write(bad))
		wantKind(t, err, pawl.Invalid)
		if len(s.Requests()) > 0 {
			t.Errorf("%q: sent %v", bad, s.Requests())
		}
	}
	for _, good := range []string{"CANARY", "CANARY\n", "-----BEGIN-----\nCANARY\n-----END-----\n", "CANARY\u0085", "CAN ARY"} {
		p, s := open(t, infisicalsim.Options{})
		if _, err := p.Set(t.Context(), write(good)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
		wantStored(t, s, good, 2)
	}
}

func TestHiddenValue(t *testing.T) {
	p, s := open(t, infisicalsim.Options{Hidden: true})
	_, err := p.Read(t.Context())
	wantKind(t, err, pawl.Forbidden)
	_, err = p.Snapshot(t.Context())
	wantKind(t, err, pawl.Forbidden)
	if findings := must[[]string](t)(p.Preflight(t.Context())); len(findings) != 1 {
		t.Errorf("got %v", findings)
	}

	got := must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
	if !got.Changed || got.Mark != "2" {
		t.Errorf("got %+v", got)
	}
	wantStored(t, s, newText, 2)

	look := pawl.Look{Want: value(newText), Not: secret(oldText), Mark: got.Mark}
	seen := must[pawl.Observation](t)(p.Observe(t.Context(), look))
	if seen.Verdict != pawl.Proved || seen.Class != pawl.Timestamp || seen.Holds != pawl.HoldsUnknown {
		t.Errorf("got %+v", seen)
	}
	if seen = must[pawl.Observation](t)(p.Observe(t.Context(), pawl.Look{Want: value(newText)})); seen.Verdict == pawl.Proved {
		t.Errorf("proved without a version: %+v", seen)
	}
	if seen = must[pawl.Observation](t)(p.Observe(t.Context(), pawl.Look{Want: value("<hidden-by-infisical>")})); seen.Verdict == pawl.Proved {
		t.Errorf("the placeholder is taken for a value: %+v", seen)
	}
	s.Edit(env, "/", key, "HRKU-third-CANARY")
	if seen = must[pawl.Observation](t)(p.Observe(t.Context(), look)); seen.Verdict != pawl.Waiting || seen.Holds != pawl.HoldsOther {
		t.Errorf("after an edit: %+v", seen)
	}
}

func TestObserve(t *testing.T) {
	look := pawl.Look{Want: value(newText), Not: secret(oldText)}
	for _, tt := range []struct {
		name string
		now  func(*infisicalsim.Sim)
		want pawl.Holds
	}{
		{"Other", func(s *infisicalsim.Sim) { s.Edit(env, "/", key, "HRKU-third-CANARY") }, pawl.HoldsOther},
		{"Empty", func(s *infisicalsim.Sim) { s.Edit(env, "/", key, "") }, pawl.HoldsNothing},
		{"Not", func(s *infisicalsim.Sim) {}, pawl.HoldsNot},
		{"Nothing", func(s *infisicalsim.Sim) { s.Delete(env, "/", key) }, pawl.HoldsNothing},
		{"Elsewhere", func(s *infisicalsim.Sim) { s.Put("dev", "/", key, newText); s.Put(env, "/web", key, newText) }, pawl.HoldsNot},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s := open(t, infisicalsim.Options{})
			tt.now(s)
			got := must[pawl.Observation](t)(p.Observe(t.Context(), look))
			if got.Verdict != pawl.Waiting || got.Holds != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			if wrote(s) {
				t.Errorf("sent %v", s.Requests())
			}
		})
	}
}

func TestEmptyValueIsNoGeneration(t *testing.T) {
	p, s := open(t, infisicalsim.Options{})
	s.Put(env, "/", key, "")
	got := must[pawl.Observation](t)(p.Observe(t.Context(), pawl.Look{Want: value(newText)})) // and Not is unknown
	if got.Verdict != pawl.Waiting || got.Holds != pawl.HoldsNothing {
		t.Errorf("got %+v", got)
	}
	_, err := p.Read(t.Context())
	wantKind(t, err, pawl.NotFound)
	_, err = p.Set(t.Context(), write(newText, oldText))
	wantKind(t, err, pawl.Conflict)
	_, err = p.Set(t.Context(), write(""))
	wantKind(t, err, pawl.Invalid)
}

// on returns a hook that does something once, when a request of this method
// about a secret arrives.
func on(method string, do func(*infisicalsim.Sim)) func(*infisicalsim.Sim, *http.Request) {
	done := false
	return func(s *infisicalsim.Sim, r *http.Request) {
		if !done && r.Method == method && strings.Contains(r.URL.Path, "/secrets/") {
			done = true
			do(s)
		}
	}
}

func TestSomebodyElseWrites(t *testing.T) {
	edit := func(s *infisicalsim.Sim) { s.Edit(env, "/", key, "HRKU-third-CANARY") }
	afterPatch := func() func(*infisicalsim.Sim, *http.Request) {
		patched, done := false, false
		return func(s *infisicalsim.Sim, r *http.Request) {
			if patched && !done && r.Method == "GET" {
				done = true
				edit(s)
			}
			patched = patched || r.Method == "PATCH"
		}
	}
	for _, tt := range []struct {
		name string
		hook func(*infisicalsim.Sim, *http.Request)
	}{
		{"BeforeOurs", on("PATCH", edit)},
		{"AfterOurs", afterPatch()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := open(t, infisicalsim.Options{}, tt.hook)
			_, err := p.Set(t.Context(), write(newText, oldText))
			wantKind(t, err, pawl.Unknown) // something was written
			if !strings.Contains(err.Error(), pawl.Conflict.String()) || pawl.HintOf(err) == "" {
				t.Errorf("does not tell why: %v", err)
			}
		})
	}
}

func TestSecretComesOrGoesMeanwhile(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, _ := open(t, o, on("PATCH", func(s *infisicalsim.Sim) { s.Delete(env, "/", key) }))
		_, err := p.Set(t.Context(), write(newText, oldText))
		wantKind(t, err, pawl.Conflict)

		p, s := open(t, o, on("POST", func(s *infisicalsim.Sim) { s.Edit(env, "/", key, "HRKU-third-CANARY") }))
		s.Delete(env, "/", key)
		_, err = p.Set(t.Context(), write(newText))
		wantKind(t, err, pawl.Conflict)
		wantStored(t, s, "HRKU-third-CANARY", 1)

		p, s = open(t, o, on("POST", func(s *infisicalsim.Sim) { s.Edit(env, "/", key, newText) }))
		s.Delete(env, "/", key)
		if got := must[pawl.Receipt](t)(p.Set(t.Context(), write(newText))); got.Changed || got.Mark != "1" {
			t.Errorf("another write of ours was faster: %+v", got)
		}
	})
}

func TestVersionsBetweenThatAreNobodyElses(t *testing.T) {
	for _, between := range []string{oldText, newText} {
		bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
			p, _ := open(t, o, on("PATCH", func(s *infisicalsim.Sim) { s.Edit(env, "/", key, between) }))
			if got := must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText))); !got.Changed || got.Mark != "3" {
				t.Errorf("got %+v", got)
			}
		})
	}
	p, _ := open(t, infisicalsim.Options{}, on("PATCH", func(s *infisicalsim.Sim) {
		for range 20 {
			s.Edit(env, "/", key, oldText)
		}
	}))
	_, err := p.Set(t.Context(), write(newText, oldText)) // too many to look at
	wantKind(t, err, pawl.Unknown)
}

func TestPreflight(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		if got := must[[]string](t)(p.Preflight(t.Context())); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		s.Delete(env, "/", key)
		if got := must[[]string](t)(p.Preflight(t.Context())); len(got) != 1 || !strings.Contains(got[0], "will be created") {
			t.Errorf("got %v", got)
		}
		if wrote(s) {
			t.Errorf("sent %v", s.Requests())
		}
	})
}
