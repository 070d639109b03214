package world_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/sim/world"
)

func TestAnOrdinaryDayIsWell(t *testing.T) {
	if wrong := world.New(world.Options{}).Check(); len(wrong) != 0 {
		t.Errorf("Check = %q", wrong)
	}
}

// TestCheckFinds spoils the world in each way that Check is there for.
func TestCheckFinds(t *testing.T) {
	for want, spoil := range map[string]func(w *world.World){
		"store's value is not valid": func(w *world.World) { w.Infisical.Put("prod", "/", world.Key, "HRKU-CANARY-typo") },
		"acme-api-prod is configured with another": func(w *world.World) {
			w.Heroku.Redeploy(world.Apps[1], map[string]string{world.Key: "HRKU-CANARY-third"})
		},
		"of acme-console-prod runs on a dead value": func(w *world.World) {
			w.Heroku.Redeploy(world.Apps[2], map[string]string{world.Key: "HRKU-CANARY-dead"})
		},
		"GitHub holds another value": func(w *world.World) { w.GitHub.SetSecret(world.Repo, "", world.Key, "CANARY") },
		"2 authorizations": func(w *world.World) {
			w.Heroku.AddAuthorization(world.Account, world.Stem+" orphan", nil)
		},
	} {
		w := world.New(world.Options{})
		spoil(w)
		if wrong := strings.Join(w.Check(), "\n"); !strings.Contains(wrong, want) {
			t.Errorf("Check = %q, want %q", wrong, want)
		}
	}
}

type health struct {
	HerokuAPI   string `json:"heroku_api"`
	Credentials map[string]struct{ SHA256 string }
}

func ask(t *testing.T, url string) (status int, h health) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	json.NewDecoder(resp.Body).Decode(&h)
	return resp.StatusCode, h
}

// TestHealthIsThatOfTheProcess: what an app says of itself follows what its
// process booted with, not what its config vars are.
func TestHealthIsThatOfTheProcess(t *testing.T) {
	var later atomic.Int64
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return start.Add(time.Duration(later.Load())) }
	w := world.New(world.Options{Now: now, ReleaseDelay: time.Minute, BootDelay: time.Minute})
	ctx, stop := context.WithCancel(t.Context())
	urls, wait, err := w.Serve(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); wait() })
	url := urls["apps"] + "/" + world.Apps[0] + "/health"
	_, before := ask(t, url)
	w.Heroku.Redeploy(world.Apps[0], map[string]string{world.Key: "HRKU-CANARY-dead"})
	_, during := ask(t, url)
	later.Store(int64(time.Hour))
	_, after := ask(t, url)
	digest := func(h health) string { return h.Credentials[world.Key].SHA256 }
	if before.HerokuAPI != "ok" || during.HerokuAPI != "ok" || after.HerokuAPI != "error" ||
		digest(before) == "" || digest(before) != digest(during) || digest(after) == digest(before) {
		t.Errorf("before %+v, during %+v, after %+v", before, during, after)
	}
	if status, _ := ask(t, urls["apps"]+"/acme-other/health"); status != http.StatusNotFound {
		t.Errorf("an app that is not there: %d", status)
	}
}

func TestCatalogIsValid(t *testing.T) {
	w := world.New(world.Options{})
	dir := filepath.Join(t.TempDir(), "catalog")
	if err := w.WriteCatalog(dir, world.Addresses(47290)); err != nil {
		t.Fatal(err)
	}
	c, problems := catalog.Load(dir, all.Providers())
	if problems != nil || !slices.Equal(c.Names(), []string{world.Credential}) {
		t.Fatalf("names = %q, problems %v", c.Names(), problems)
	}
	for _, name := range []string{"heroku", "github", "infisical", "slack"} {
		info, err := os.Stat(filepath.Join(dir, "secrets", name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("secrets/%s: %v, %v", name, info, err)
		}
	}
}
