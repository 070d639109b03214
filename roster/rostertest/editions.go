package rostertest

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl/roster"
)

// editions: the number grows with what changes who may come in, and with nothing
// else.
func editions(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	at := must[roster.Edition](t)(r.Edition(ctx))
	if at.ID == "" || at.Number != 0 {
		t.Fatalf("a new one is %+v", at)
	}
	person := func(p roster.Person) error { _, err := r.PutPerson(ctx, p); return err }
	taken := func(text string) error { _, err := r.TakeCode(ctx, hash(text), day); return err }
	code := func(text, person string) roster.Code {
		return roster.Code{Hash: hash(text), Person: person, By: "bo", Created: day, Expires: day.Add(time.Hour)}
	}
	key := roster.Passkey{ID: []byte{1}, Person: "ana", Data: []byte("one")}
	for _, c := range []struct {
		what    string
		grows   bool
		refused bool
		do      func() error
	}{
		{"a code for the first admin", false, false, func() error { return r.AddCode(ctx, code("first", "")) }},
		{"which is taken", false, false, func() error { return taken("first") }},
		{"somebody", true, false, func() error { return person(roster.Person{ID: "ana"}) }},
		{"somebody twice", false, true, func() error { return person(roster.Person{ID: "ana"}) }},
		{"disabled", true, false, func() error { return person(roster.Person{ID: "ana", Disabled: true, Version: 1}) }},
		{"a code", true, false, func() error { return r.AddCode(ctx, code("ana", "ana")) }},
		{"which is taken", true, false, func() error { return taken("ana") }},
		{"twice", false, true, func() error { return taken("ana") }},
		{"a passkey", true, false, func() error { return r.AddPasskey(ctx, key) }},
		{"used", false, false, func() error { return r.UsePasskey(ctx, key.ID, []byte("one"), []byte("two"), day) }},
		{"dropped", true, false, func() error { return r.DropPasskey(ctx, "ana", key.ID) }},
		{"a session", false, false, func() error {
			return r.AddSession(ctx, roster.Session{ID: "s", Hash: hash("s"), Person: "ana", Created: day, Seen: day}, roster.Hash{})
		}},
		{"seen", false, false, func() error { return r.SeeSession(ctx, hash("s"), day) }},
		{"ended", true, false, func() error { return r.DropSession(ctx, "ana", "") }},
		{"none ended", false, false, func() error { return r.DropSession(ctx, "ana", "") }},
		{"a token", true, false, func() error { return r.AddToken(ctx, token("ci")) }},
		{"used", false, false, func() error { return r.UseToken(ctx, "ci", day) }},
		{"revoked", true, false, func() error { return r.RevokeToken(ctx, "ci", day) }},
		{"one that is not there", false, true, func() error { return r.RevokeToken(ctx, "none", day) }},
	} {
		if err := c.do(); (err != nil) != c.refused {
			t.Fatalf("%s: %v", c.what, err)
		}
		now := must[roster.Edition](t)(r.Edition(ctx))
		if now.ID != at.ID || (now.Number > at.Number) != c.grows {
			t.Errorf("%s: %+v, before it %+v", c.what, now, at)
		}
		at = now
	}
	again := must[roster.Edition](t)(r.Renew(ctx))
	if again.ID == at.ID || again.Number <= at.Number {
		t.Errorf("renewed: %+v, before it %+v", again, at)
	}
	same(t, must[roster.Edition](t)(r.Edition(ctx)), again)
	must[roster.Person](t)(r.Person(ctx, "ana"))
}
