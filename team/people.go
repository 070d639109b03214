package team

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// A page is what the template shows.
type page struct {
	Me      string // who asks
	Here    string // the page's path
	Problem string
	Stale   bool   // they only have to say once more who they are
	Again   string // where they do
	Secret  string // that was just made, and is shown once
	Of      string // what it is

	People []person
	Grants []string // roles that they may give

	Tokens   []api.Token
	Sessions []api.Session
	Roles    []string // of oneself, for a token
	Actions  []string
}

// A person is somebody as who asks sees them.
type person struct {
	api.Person
	Below bool // who asks may change them
}

// people is everybody, and what may be done about them.
func (t *Team) people(r *http.Request, who access.Subject, p *page) error {
	all, err := t.cfg.Team.People(r.Context(), who)
	if err != nil {
		return err
	}
	p.Grants = grants(who)
	for _, one := range all {
		below := len(p.Grants) > 0 && one.ID != who.Actor.ID
		for _, role := range one.Roles {
			below = below && slices.Contains(p.Grants, role)
		}
		p.People = append(p.People, person{one, below})
	}
	return nil
}

// grants lists the roles that somebody may give; none if they may not let
// anybody in.
func grants(who access.Subject) []string {
	who.Fresh = true // it is asked for once they do
	if access.Check(who, access.Request{Action: access.People}) != nil {
		return nil
	}
	var all []string
	for _, r := range access.Roles() {
		if who.MayGrant(r) {
			all = append(all, string(r))
		}
	}
	return all
}

func (t *Team) invite(r *http.Request, who access.Subject, p *page) error {
	ask := desk.Invite{ID: strings.TrimSpace(r.PostFormValue("id")), Name: strings.TrimSpace(r.PostFormValue("name")), Roles: as[access.Role](r.PostForm["role"]), Teams: words(r.PostFormValue("teams"))}
	code, err := t.cfg.Team.Invite(r.Context(), who, ask)
	if err != nil {
		return err
	}
	p.Secret, p.Of = reveal(code), "The code of "+ask.ID+". Whoever gives it on the sign-in page within three days is "+ask.ID+"; send it by a way that only they read."
	return nil
}

func (t *Team) change(r *http.Request, who access.Subject, _ *page) error {
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil || version < 1 {
		return &pawl.Error{Op: "team", Kind: pawl.Invalid, Err: errors.New("this form is not whole"), Hint: "open the page again"}
	}
	to := desk.Change{Name: strings.TrimSpace(r.PostFormValue("name")), Roles: as[access.Role](r.PostForm["role"]), Teams: words(r.PostFormValue("teams")), Disabled: r.PostFormValue("disabled") != ""}
	_, err = t.cfg.Team.Change(r.Context(), who, r.PostFormValue("id"), version, to)
	return err
}

// A tick is one box of a list of roles.
type tick struct {
	Name string
	On   bool
}

// ticks are boxes for the roles that may be given, ticked where somebody has
// one.
func ticks(may, has []string) []tick {
	var all []tick
	for _, name := range may {
		all = append(all, tick{name, slices.Contains(has, name)})
	}
	return all
}

// words splits a list that people type.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func as[T ~string](all []string) []T {
	var out []T
	for _, s := range all {
		out = append(out, T(s))
	}
	return out
}

func texts[T ~string](all []T) []string {
	var out []string
	for _, s := range all {
		out = append(out, string(s))
	}
	return out
}
