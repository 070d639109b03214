package team

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
)

// me is what lets oneself and one's programs in.
func (t *Team) me(r *http.Request, who access.Subject, p *page) error {
	p.Roles, p.Actions = texts(who.Roles), texts(access.Actions())
	all, err := t.cfg.Team.Tokens(r.Context(), who)
	if err != nil {
		return err
	}
	for _, tok := range all {
		if tok.By == who.Actor.ID && tok.State == "good" {
			p.Tokens = append(p.Tokens, tok)
		}
	}
	p.Sessions, err = t.cfg.Team.Sessions(r.Context(), who, who.Actor.ID)
	return err
}

func (t *Team) makeToken(r *http.Request, who access.Subject, p *page) error {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > 366 {
		return &pawl.Error{Op: "team", Kind: pawl.Invalid, Err: errors.New("a token is good for 1 to 366 days")}
	}
	ask := desk.TokenAsk{Name: strings.TrimSpace(r.PostFormValue("name")), Roles: as[access.Role](r.PostForm["role"]), For: time.Duration(days) * 24 * time.Hour}
	if scope := r.PostForm["scope"]; len(scope) > 0 {
		ask.Scope = as[access.Action](scope)
	}
	made, value, err := t.cfg.Team.MakeToken(r.Context(), who, ask)
	if err != nil {
		return err
	}
	p.Secret, p.Of = reveal(value), "The token "+made.Name+", good until "+made.Expires.UTC().Format("2 Jan 2006 15:04 UTC")+". Put it where it belongs now."
	return nil
}

func (t *Team) revokeToken(r *http.Request, who access.Subject, _ *page) error {
	_, err := t.cfg.Team.RevokeToken(r.Context(), who, r.PostFormValue("id"))
	return err
}

// endSession ends one of one's own sessions. Without an id it would be all of
// them: that is another button.
func (t *Team) endSession(r *http.Request, who access.Subject, _ *page) error {
	id := r.PostFormValue("id")
	if id == "" && r.PostFormValue("all") == "" {
		return &pawl.Error{Op: "team", Kind: pawl.Invalid, Err: errors.New("this form is not whole"), Hint: "open the page again"}
	}
	return t.cfg.Team.EndSession(r.Context(), who, who.Actor.ID, id)
}

// reveal is what is shown once to who has just made it.
func reveal(s pawl.Secret) string { return string(s.Reveal()) }
