package connect_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/secretref"
	"github.com/pawl-dev/pawl/sim/world"
)

// opened is an opener for the simulated company, and its plan.
func opened(t *testing.T) (*connect.Opener, pawl.Plan) {
	t.Helper()
	dir := t.TempDir()
	if err := world.New(world.Options{}).WriteCatalog(dir, world.Addresses(1)); err != nil {
		t.Fatal(err)
	}
	cat, problems := catalog.Load(dir, all.Providers())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := cat.Plan(world.Credential, pawl.Manual)
	if err != nil {
		t.Fatal(err)
	}
	return &connect.Opener{Catalog: cat, Providers: all.Providers(), Resolver: &secretref.Resolver{Dir: dir}}, plan
}

func TestOpensEveryPlace(t *testing.T) {
	o, plan := opened(t)
	h, err := o.Open(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if h.Issuer == nil {
		t.Error("no issuer")
	}
	for i, c := range plan.Consumers {
		if (h.Consumers[i] == nil) != (c.Human != nil) {
			t.Errorf("%s: consumer %v", c.ID, h.Consumers[i])
		}
		if len(h.Proofs[i]) != len(c.Proofs) {
			t.Errorf("%s: %d proofs, want %d", c.ID, len(h.Proofs[i]), len(c.Proofs))
		}
		if c.Human != nil && c.Human.Notify != nil && h.Notifiers[i] == nil {
			t.Errorf("%s: nobody is told", c.ID)
		}
	}
}

// TestUnknownOperation: a rotation that was begun by a newer pawl is not
// touched by one that does not know what it asks for.
func TestUnknownOperation(t *testing.T) {
	o, plan := opened(t)
	plan.Consumers[1].Op.Name = "heroku/config-var@99"
	_, err := o.Open(t.Context(), plan)
	if pawl.KindOf(err) != pawl.Invalid || !strings.Contains(err.Error(), "heroku/config-var@99") || pawl.HintOf(err) == "" {
		t.Errorf("Open = %v (hint %q), want Invalid that names the operation", err, pawl.HintOf(err))
	}
}

func TestUnknownSetting(t *testing.T) {
	o, plan := opened(t)
	plan.Consumers[1].Op.Config = json.RawMessage(`{"app":"acme-api-prod","keys":["K"],"newer":true}`)
	if _, err := o.Open(t.Context(), plan); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("Open = %v, want Invalid", err)
	}
}

// TestAllThatIsMissing: every connection that cannot be opened is named, not
// only the first.
func TestAllThatIsMissing(t *testing.T) {
	o, plan := opened(t)
	o.Resolver = &secretref.Resolver{Dir: t.TempDir()}
	_, err := o.Open(t.Context(), plan)
	if pawl.KindOf(err) != pawl.Denied {
		t.Fatalf("Open = %v, want Denied", err)
	}
	for _, name := range []string{"heroku", "infisical", "github", "slack"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %q", name, err)
		}
	}
}

// TestAcceptedPlaceCannotBeOpened: after a leak, a place that may break keeps
// nobody from opening the others; what is asked of it says why.
func TestAcceptedPlaceCannotBeOpened(t *testing.T) {
	o, plan := opened(t)
	i := slices.IndexFunc(plan.Consumers, func(c pawl.Place) bool { return c.ID == "ci" })
	plan.Consumers[i].Op.Name = "github/actions-secret@99"
	if _, err := o.Open(t.Context(), plan); err == nil {
		t.Fatal("it was opened although nobody accepted that it breaks")
	}
	plan.Consumers[i].Accepted = true
	h, err := o.Open(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Consumers[i].Set(t.Context(), pawl.Write{})
	if pawl.KindOf(err) != pawl.Invalid || !strings.Contains(err.Error(), "actions-secret@99") {
		t.Errorf("Set = %v, want why it cannot be reached", err)
	}
	if len(h.Proofs[i]) != len(plan.Consumers[i].Proofs) {
		t.Errorf("%d proofs, want %d", len(h.Proofs[i]), len(plan.Consumers[i].Proofs))
	}
}
