package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/sim/world"
)

// TestFolio: a server goes by what is in the folder now, and by what was there
// before as long as that has a mistake.
func TestFolio(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	var said bytes.Buffer
	a := &app{env: env{err: &said, getenv: func(string) string { return "" }}, catalogDir: f.catalog}
	a.logger = newLogger(&said, true, false)
	o, err := a.openFolio()
	if err != nil {
		t.Fatal(err)
	}
	first := o.Catalog()
	if o.look(); o.Catalog() != first {
		t.Error("it was read again without a change")
	}
	write := func(text string) {
		if err := os.WriteFile(f.catalog+"/freezes.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o.look()
	}
	write("version: 1\nfreezes:\n  - {from: 2026-12-18 18:00 UTC, until: 2027-01-04 08:00 UTC, why: Holidays.}\n")
	second := o.Catalog()
	if len(second.Freezes()) != 1 || o.Wrong() != nil {
		t.Fatalf("%v %v", second.Freezes(), o.Wrong())
	}
	write("version: 1\nfreezes:\n  - {from: 2026-12-18 18:00 UTC, until: 2027-01-04 08:00 UTC, wy: Holidays. CANARY}\n")
	if o.Catalog() != second || o.Wrong() == nil || !strings.Contains(said.String(), `missing key \"why\"`) {
		t.Errorf("%v, said %s", o.Wrong(), said.String())
	}
	if err := o.Fresh(); err == nil || !strings.Contains(err.Error(), `missing key "why"`) {
		t.Errorf("something would be begun from it: %v", err)
	}
	if o.look(); strings.Count(said.String(), "ERROR") != 1 {
		t.Errorf("said again: %s", said.String())
	}
	write("version: 1\nfreezes:\n  - {from: 2026-12-18 18:00 UTC, until: 2027-01-04 08:00 UTC, why: Holidays!}\n")
	if o.Catalog() == second || o.Wrong() != nil {
		t.Errorf("the mended catalog is not used: %v", o.Wrong())
	}

	// Without a log it is said where the server was started.
	a.logger = nil
	said.Reset()
	write("version: 1\nfreezes: 1\n")
	if !strings.Contains(said.String(), "the catalog has a mistake") || !strings.Contains(said.String(), "freezes.yaml:2") {
		t.Errorf("said %q", said.String())
	}
	write("version: 1\nfreezes:\n  - {from: 2026-12-18 18:00 UTC, until: 2027-01-04 08:00 UTC, why: Holidays.}\n")
	if !strings.Contains(said.String(), "no mistake any more") || o.Fresh() != nil {
		t.Errorf("said %q", said.String())
	}

	// What was just changed is what a plan is made of, without waiting for the next look.
	last := o.Catalog()
	if err := os.WriteFile(f.catalog+"/freezes.yaml", []byte("version: 1\nfreezes:\n  - {from: 2026-12-18 18:00 UTC, until: 2027-01-04 08:00 UTC, why: Again.}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := o.Fresh(); err != nil || o.Catalog() == last {
		t.Errorf("the old one is used: %v", err)
	}
}
