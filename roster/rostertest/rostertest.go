// Package rostertest is the conformance suite of rosters: what [roster.Roster]
// promises, in one call.
package rostertest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/roster"
)

// Run runs the suite. Open returns an empty roster, which the suite closes.
func Run(t *testing.T, open func(t *testing.T) roster.Roster) {
	for name, f := range map[string]func(*testing.T, roster.Roster){
		"People": people, "Logins": logins, "Passkeys": passkeys, "Sessions": sessions, "Tokens": tokens, "Codes": codes, "OneWinner": oneWinner, "Editions": editions,
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			defer func() {
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}()
			f(t, r)
		})
	}
}

var day = time.Date(2026, 11, 23, 9, 0, 0, 123e6, time.UTC)

// want fails unless an error is of a kind.
func want(t *testing.T, what string, err error, kind pawl.Kind) {
	t.Helper()
	if err == nil || pawl.KindOf(err) != kind {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func hash(text string) roster.Hash { return roster.HashOf(pawl.NewSecret([]byte(text))) }

func add(t *testing.T, r roster.Roster, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must[roster.Person](t)(r.PutPerson(t.Context(), roster.Person{ID: id, Created: day}))
	}
}

func people(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	_, err := r.Person(ctx, "ana")
	want(t, "nobody", err, pawl.NotFound)
	ana := roster.Person{ID: "ana", Name: "Ana", Roles: []access.Role{access.Operator, access.Approver}, Teams: []string{"platform"},
		Logins: []roster.Login{{Issuer: "https://id.acme.example", Subject: "7"}}, Created: day}
	made := must[roster.Person](t)(r.PutPerson(ctx, ana))
	ana.Version = 1
	same(t, made, ana)
	same(t, must[roster.Person](t)(r.Person(ctx, "ana")), ana)

	_, err = r.PutPerson(ctx, roster.Person{ID: "ana"})
	want(t, "made twice", err, pawl.Conflict)
	change := ana
	change.Name, change.Disabled, change.Roles, change.Created = "Ana B.", true, nil, day.Add(time.Hour)
	made = must[roster.Person](t)(r.PutPerson(ctx, change))
	change.Version, change.Created = 2, day
	same(t, made, change)
	same(t, must[roster.Person](t)(r.Person(ctx, "ana")), change)
	_, err = r.PutPerson(ctx, ana)
	want(t, "changed from an old version", err, pawl.Conflict)
	_, err = r.PutPerson(ctx, roster.Person{ID: "eva", Version: 3})
	want(t, "changed, but never made", err, pawl.Conflict)

	for _, id := range []string{"", "Ana", "ana@host", "ana/ci", "-a", "a b", "a\nb", "абв", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		_, err := r.PutPerson(ctx, roster.Person{ID: id})
		want(t, fmt.Sprintf("%q", id), err, pawl.Invalid)
	}
	_, err = r.PutPerson(ctx, roster.Person{ID: "bo", Roles: []access.Role{"root"}})
	want(t, "an unknown role", err, pawl.Invalid)

	add(t, r, "bo", "a1")
	var ids []string
	for _, p := range must[[]roster.Person](t)(r.People(ctx)) {
		ids = append(ids, p.ID)
	}
	same(t, ids, []string{"a1", "ana", "bo"})
}

func logins(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	seven := roster.Login{Issuer: "https://id.acme.example", Subject: "7"}
	elsewhere := roster.Login{Issuer: "https://other.example", Subject: "7"}
	_, err := r.PersonOf(ctx, seven)
	want(t, "nobody's login", err, pawl.NotFound)
	ana := must[roster.Person](t)(r.PutPerson(ctx, roster.Person{ID: "ana", Logins: []roster.Login{seven, roster.UnixLogin("ana")}, Created: day}))
	same(t, must[roster.Person](t)(r.PersonOf(ctx, seven)), ana)
	same(t, must[roster.Person](t)(r.PersonOf(ctx, roster.UnixLogin("ana"))), ana)
	_, err = r.PersonOf(ctx, elsewhere)
	want(t, "the same subject elsewhere", err, pawl.NotFound)

	_, err = r.PutPerson(ctx, roster.Person{ID: "bo", Logins: []roster.Login{seven}, Created: day})
	want(t, "ana's login", err, pawl.Conflict)
	_, err = r.Person(ctx, "bo")
	want(t, "bo, of whom nothing is left", err, pawl.NotFound)
	ana.Logins = ana.Logins[:1]
	must[roster.Person](t)(r.PutPerson(ctx, ana))
	must[roster.Person](t)(r.PutPerson(ctx, roster.Person{ID: "bo", Logins: []roster.Login{roster.UnixLogin("ana")}, Created: day}))
	_, err = r.PutPerson(ctx, roster.Person{ID: "eva", Logins: []roster.Login{{Issuer: "https://id.acme.example"}}})
	want(t, "half a login", err, pawl.Invalid)
}

func passkeys(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	add(t, r, "ana", "bo")
	k := roster.Passkey{ID: []byte{1, 0, 2}, Person: "ana", Name: "laptop", Data: []byte("one"), Created: day}
	ok(t, r.AddPasskey(ctx, k))
	same(t, must[roster.Passkey](t)(r.Passkey(ctx, k.ID)), k)
	again := k
	again.Person = "bo"
	want(t, "twice", r.AddPasskey(ctx, again), pawl.Conflict)
	want(t, "of nobody", r.AddPasskey(ctx, roster.Passkey{ID: []byte{9}, Person: "eva"}), pawl.NotFound)
	_, err := r.Passkey(ctx, []byte{7})
	want(t, "an unknown one", err, pawl.NotFound)

	later := roster.Passkey{ID: []byte{3}, Person: "ana", Name: "phone", Created: day.Add(time.Second)}
	ok(t, r.AddPasskey(ctx, later))
	same(t, must[[]roster.Passkey](t)(r.PasskeysOf(ctx, "ana")), []roster.Passkey{k, later})
	same(t, must[[]roster.Passkey](t)(r.PasskeysOf(ctx, "bo")), []roster.Passkey{})

	ok(t, r.UsePasskey(ctx, k.ID, []byte("one"), []byte("two"), day.Add(time.Minute)))
	want(t, "with what was there", r.UsePasskey(ctx, k.ID, []byte("one"), []byte("three"), day), pawl.Conflict)
	want(t, "one that is not there", r.UsePasskey(ctx, []byte{7}, nil, nil, day), pawl.NotFound)
	k.Data, k.Used = []byte("two"), day.Add(time.Minute)
	same(t, must[roster.Passkey](t)(r.Passkey(ctx, k.ID)), k)

	want(t, "dropped by another", r.DropPasskey(ctx, "bo", k.ID), pawl.NotFound)
	ok(t, r.DropPasskey(ctx, "ana", k.ID))
	want(t, "dropped twice", r.DropPasskey(ctx, "ana", k.ID), pawl.NotFound)
}

func sessions(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	add(t, r, "ana", "bo")
	session := func(id, person string, at time.Time) roster.Session {
		return roster.Session{ID: id, Hash: hash(id), Person: person, Method: "passkey", Created: at, Seen: at, Proved: at.Add(-time.Minute), Agent: "Browser 1", From: "192.0.2.7"}
	}
	one := session("one", "ana", day)
	ok(t, r.AddSession(ctx, one, roster.Hash{}))
	same(t, must[roster.Session](t)(r.Session(ctx, one.Hash)), one)
	_, err := r.Session(ctx, hash("none"))
	want(t, "unknown", err, pawl.NotFound)
	want(t, "of nobody", r.AddSession(ctx, session("x", "eva", day), one.Hash), pawl.NotFound)
	must[roster.Session](t)(r.Session(ctx, one.Hash))

	two := session("two", "ana", day.Add(time.Minute))
	ok(t, r.AddSession(ctx, two, one.Hash))
	_, err = r.Session(ctx, one.Hash)
	want(t, "replaced", err, pawl.NotFound)
	three := session("three", "ana", day.Add(2*time.Minute))
	ok(t, r.AddSession(ctx, three, roster.Hash{}))
	ok(t, r.AddSession(ctx, session("bo", "bo", day.Add(2*time.Minute)), roster.Hash{}))
	ok(t, r.SeeSession(ctx, two.Hash, day.Add(20*time.Minute)))
	want(t, "one that is not there", r.SeeSession(ctx, one.Hash, day), pawl.NotFound)
	two.Seen = day.Add(20 * time.Minute)
	same(t, must[[]roster.Session](t)(r.SessionsOf(ctx, "ana")), []roster.Session{three, two})

	want(t, "ended by another", r.DropSession(ctx, "bo", "two"), pawl.NotFound)
	four := session("four", "ana", day.Add(40*time.Minute))
	ok(t, r.AddSession(ctx, four, roster.Hash{})) // three and bo's are over by now
	same(t, must[[]roster.Session](t)(r.SessionsOf(ctx, "ana")), []roster.Session{four, two})
	same(t, must[[]roster.Session](t)(r.SessionsOf(ctx, "bo")), []roster.Session{})
	ok(t, r.DropSession(ctx, "ana", "two"))
	ok(t, r.DropSession(ctx, "ana", ""))
	ok(t, r.DropSession(ctx, "ana", ""))
	same(t, must[[]roster.Session](t)(r.SessionsOf(ctx, "ana")), []roster.Session{})
}

func token(id string) roster.Token {
	return roster.Token{ID: id, Hash: hash(id), Name: id, Person: "ana", By: "ana", Roles: []access.Role{access.Operator},
		Scope: []access.Action{access.See, access.Plan}, Created: day, Expires: day.Add(roster.TokenFor)}
}

func tokens(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	ci := token("ci")
	ok(t, r.AddToken(ctx, ci))
	same(t, must[roster.Token](t)(r.Token(ctx, ci.Hash)), ci)
	_, err := r.Token(ctx, hash("none"))
	want(t, "unknown", err, pawl.NotFound)
	again := ci
	again.ID, again.Hash = "other", hash("other")
	want(t, "the name twice", r.AddToken(ctx, again), pawl.Conflict)
	again.By = "bo"
	ok(t, r.AddToken(ctx, again))
	again.ID, again.Name = "other2", "ci2"
	want(t, "the value twice", r.AddToken(ctx, again), pawl.Conflict)
	for what, spoil := range map[string]func(*roster.Token){
		"no role": func(t *roster.Token) { t.Roles = nil }, "a made-up role": func(t *roster.Token) { t.Roles = []access.Role{"root"} },
		"a made-up action": func(t *roster.Token) { t.Scope = []access.Action{"reveal"} }, "for ever": func(t *roster.Token) { t.Expires = t.Created.AddDate(3, 0, 0) },
		"for no time": func(t *roster.Token) { t.Expires = t.Created }, "a bad name": func(t *roster.Token) { t.Name = "x/y" }, "by nobody": func(t *roster.Token) { t.By = "" },
	} {
		bad := token("bad")
		spoil(&bad)
		want(t, what, r.AddToken(ctx, bad), pawl.Invalid)
	}

	ok(t, r.UseToken(ctx, "ci", day.Add(time.Minute)))
	ok(t, r.RevokeToken(ctx, "ci", day.Add(time.Hour)))
	ok(t, r.RevokeToken(ctx, "ci", day.Add(2*time.Hour)))
	want(t, "unknown", r.RevokeToken(ctx, "none", day), pawl.NotFound)
	want(t, "unknown", r.UseToken(ctx, "none", day), pawl.NotFound)
	ci.Used, ci.Revoked = day.Add(time.Minute), day.Add(time.Hour)
	same(t, must[roster.Token](t)(r.Token(ctx, ci.Hash)), ci)

	next := token("next") // a name is free again once its token is revoked
	next.Name, next.Scope, next.Person, next.Teams, next.Created = "ci", nil, "", []string{"platform"}, day.Add(time.Second)
	ok(t, r.AddToken(ctx, next))
	all := must[[]roster.Token](t)(r.Tokens(ctx))
	if len(all) != 3 || all[0].ID != "next" {
		t.Errorf("%+v", all)
	}
	same(t, all[0], next)
	if all[0].Scope != nil {
		t.Error("no scope has become an empty one, which allows nothing")
	}
	narrow := token("narrow")
	narrow.Scope = []access.Action{}
	ok(t, r.AddToken(ctx, narrow))
	if got := must[roster.Token](t)(r.Token(ctx, narrow.Hash)); got.Scope == nil {
		t.Error("an empty scope has become none, which allows everything")
	}
}

func codes(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	add(t, r, "ana")
	code := func(text, person string) roster.Code {
		return roster.Code{Hash: hash(text), Person: person, By: "bo", Created: day, Expires: day.Add(roster.FirstCodeFor)}
	}
	want(t, "for nobody", r.AddCode(ctx, code("x", "eva")), pawl.NotFound)
	first, ana := code("first", ""), code("ana", "ana")
	ana.Maker = "bo"
	ok(t, r.AddCode(ctx, first))
	ok(t, r.AddCode(ctx, ana))
	same(t, must[roster.Code](t)(r.TakeCode(ctx, ana.Hash, day)), ana)
	_, err := r.TakeCode(ctx, ana.Hash, day)
	want(t, "twice", err, pawl.NotFound)
	_, err = r.TakeCode(ctx, first.Hash, first.Expires)
	want(t, "late", err, pawl.NotFound)
	_, err = r.TakeCode(ctx, first.Hash, day)
	want(t, "tried late, and again with the clock set back", err, pawl.NotFound)

	ok(t, r.AddCode(ctx, code("one", "ana")))
	ok(t, r.AddCode(ctx, code("two", "ana")))
	_, err = r.TakeCode(ctx, hash("one"), day)
	want(t, "replaced by a newer one", err, pawl.NotFound)
	must[roster.Code](t)(r.TakeCode(ctx, hash("two"), day))
	codesOfBefore(t, r)
}

// codesOfBefore: a code lets in who somebody was when it was made, and nobody
// else, also once they are that again.
func codesOfBefore(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	for what, change := range map[string]func(p *roster.Person){
		"roles":    func(p *roster.Person) { p.Roles = []access.Role{access.Superadmin} },
		"teams":    func(p *roster.Person) { p.Teams = []string{"platform"} },
		"disabled": func(p *roster.Person) { p.Disabled = true },
	} {
		add(t, r, what)
		for _, person := range []string{what, "ana"} {
			ok(t, r.AddCode(ctx, roster.Code{Hash: hash(what + person), Person: person, By: "bo", Created: day, Expires: day.Add(time.Hour)}))
		}
		before := must[roster.Person](t)(r.Person(ctx, what))
		after := before
		change(&after)
		stale := after
		stale.Version += 7
		_, err := r.PutPerson(ctx, stale)
		want(t, "at another version", err, pawl.Conflict)
		after = must[roster.Person](t)(r.PutPerson(ctx, after))
		before.Version = after.Version
		must[roster.Person](t)(r.PutPerson(ctx, before)) // and back
		_, err = r.TakeCode(ctx, hash(what+what), day)
		want(t, what, err, pawl.NotFound)
		must[roster.Code](t)(r.TakeCode(ctx, hash(what+"ana"), day))
	}
	add(t, r, "eva")
	ok(t, r.AddCode(ctx, roster.Code{Hash: hash("eva"), Person: "eva", By: "bo", Created: day, Expires: day.Add(time.Hour)}))
	eva := must[roster.Person](t)(r.Person(ctx, "eva"))
	eva.Name = "Eva"
	must[roster.Person](t)(r.PutPerson(ctx, eva))
	must[roster.Code](t)(r.TakeCode(ctx, hash("eva"), day)) // a name is no right
}

// oneWinner: of many who do the same at once, one has done it.
func oneWinner(t *testing.T, r roster.Roster) {
	ctx := t.Context()
	add(t, r, "ana")
	ok(t, r.AddCode(ctx, roster.Code{Hash: hash("code"), Created: day, Expires: day.Add(time.Hour)}))
	ok(t, r.AddPasskey(ctx, roster.Passkey{ID: []byte{1}, Person: "ana", Data: []byte("0")}))
	for what, try := range map[string]func(i int) error{
		"a code is taken":   func(int) error { _, err := r.TakeCode(ctx, hash("code"), day); return err },
		"somebody is made":  func(int) error { _, err := r.PutPerson(ctx, roster.Person{ID: "bo", Created: day}); return err },
		"a passkey is used": func(i int) error { return r.UsePasskey(ctx, []byte{1}, []byte("0"), []byte(fmt.Sprint(i+1)), day) },
		"a login is claimed": func(i int) error {
			_, err := r.PutPerson(ctx, roster.Person{ID: fmt.Sprint("p", i), Logins: []roster.Login{roster.UnixLogin("x")}, Created: day})
			return err
		},
	} {
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				switch err := try(i); {
				case err == nil:
					won.Add(1)
				case !slices.Contains([]pawl.Kind{pawl.NotFound, pawl.Conflict}, pawl.KindOf(err)):
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%s: %d of 8", what, won.Load())
		}
	}
}
