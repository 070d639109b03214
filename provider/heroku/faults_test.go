package heroku_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// losing applies the first request of a method and drops its answer.
type losing struct {
	http.Handler
	method string
	fired  atomic.Bool
}

func (l *losing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == l.method && l.fired.CompareAndSwap(false, true) {
		l.Handler.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	l.Handler.ServeHTTP(w, r)
}

func TestLostMintIsFoundByItsLabel(t *testing.T) {
	a := newAccount(t, herokusim.Options{MaskTokens: true})
	front := &losing{Handler: a.Sim, method: "POST"}
	i := openIssuer(t, serve(t, front), a.token, a.clock.now, heroku.Authorization{Description: stem})
	_, err := i.Mint(t.Context(), "pawl-x1")
	wantKind(t, err, pawl.Unknown)
	if !front.fired.Load() {
		t.Fatal("the fault did not fire")
	}
	all, err := i.(pawl.Lister).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var orphans []string
	for _, g := range all {
		if strings.HasSuffix(g.Label, " pawl-x1") {
			orphans = append(orphans, g.ID)
		}
	}
	if len(orphans) != 1 {
		t.Fatalf("orphans = %q, want one", orphans)
	}
	if err := i.Revoke(t.Context(), orphans[0]); err != nil || len(a.Authorizations()) != 2 {
		t.Errorf("Revoke = %v, %d authorizations left, want 2", err, len(a.Authorizations()))
	}
}

func TestLostSetIsSettledByAnother(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	front := &losing{Handler: a.Sim, method: "PATCH"}
	c := openConsumer(t, serve(t, front), a.token, heroku.ConfigVar{App: app, Keys: []string{key}})
	w := pawl.Write{To: is(newer), Over: []pawl.Content{is(a.old)}}
	_, err := c.Set(t.Context(), w)
	wantKind(t, err, pawl.Unknown)
	r, err := c.Set(t.Context(), w)
	if err != nil || r.Changed || r.Mark != "2" || !front.fired.Load() {
		t.Fatalf("Set = %+v, %v; want unchanged with mark 2", r, err)
	}
	if n := count(a.Requests(), patch); n != 1 {
		t.Errorf("%d PATCHes, want 1: the app restarts once", n)
	}
}

func TestLostRevokeIsRepeated(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	front := &losing{Handler: a.Sim, method: "DELETE"}
	i := openIssuer(t, serve(t, front), a.token, a.clock.now, heroku.Authorization{Description: stem})
	wantKind(t, i.Revoke(t.Context(), a.oldID), pawl.Unknown)
	if err := i.Revoke(t.Context(), a.oldID); err != nil || !front.fired.Load() {
		t.Fatalf("Revoke = %v, want nil", err)
	}
}

func TestLostReadsChangeNothing(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	front := &losing{Handler: a.Sim, method: "GET"}
	i := openIssuer(t, serve(t, front), a.token, a.clock.now, heroku.Authorization{Description: stem})
	wantKind(t, i.Check(t.Context(), secret(a.old)), pawl.Unavailable)
}

func TestEndedContext(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	i, c := a.issuer(t, heroku.Authorization{Description: stem}), a.consumer(t)
	_, err := i.Mint(ctx, "a1")
	wantKind(t, err, pawl.Unavailable) // nothing was sent
	_, err = c.Set(ctx, pawl.Write{To: is(newer)})
	wantKind(t, err, pawl.Unavailable)
	_, err = c.Observe(ctx, pawl.Look{Want: is(newer)})
	wantKind(t, err, pawl.Unavailable)
	if got := a.Requests(); len(got) != 0 {
		t.Errorf("requests = %q, want none", got)
	}
}

func TestConcurrentCalls(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	i, c := a.issuer(t, heroku.Authorization{Description: stem}), a.consumer(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Set(t.Context(), pawl.Write{To: is(newer)}); err != nil {
				t.Error(err)
			}
			if _, err := c.Observe(t.Context(), pawl.Look{Want: is(newer)}); err != nil {
				t.Error(err)
			}
			if err := i.Check(t.Context(), secret(a.old)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
