package herokusim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// regeneratedTTL is how long a regenerated token lives, whatever the old one's
// life was.
// https://registry.terraform.io/providers/davidji99/herokux/latest/docs/resources/oauth_authorization
const regeneratedTTL = 28880 * time.Second

func (s *Sim) getAccount(x *exchange) answer {
	a := x.caller.account
	var idp any
	if a.federated {
		idp = map[string]any{"id": s.uuid(), "name": "acme-sso", "owner": map[string]any{"id": a.id, "name": "acme", "type": "team"}}
	}
	return ok(map[string]any{
		"id": a.id, "email": a.email, "name": nil, "allow_tracking": true, "beta": false,
		"created_at": a.created, "updated_at": a.created, "last_login": a.created,
		"federated": a.federated, "identity_provider": idp, "two_factor_authentication": true, "verified": true,
		"suspended_at": nil, "delinquent_at": nil, "sms_number": nil, "default_organization": nil, "default_team": nil,
	})
}

func (s *Sim) getRateLimits(*exchange) answer { return ok(map[string]int{"remaining": int(s.left)}) }

// present shows an authorization, with its token whole or as the account's
// kind has it.
func (s *Sim) present(a *authorization, whole bool) any {
	token := a.token
	if s.opt.MaskTokens && !whole {
		token = token[:5] + "**********" + token[len(token)-4:]
	}
	var left any
	if !a.expires.IsZero() {
		left = int(a.expires.Sub(s.opt.now()).Seconds())
	}
	return map[string]any{
		"id": a.id, "description": a.description, "scope": a.scope,
		"access_token":  map[string]any{"id": a.tokenID, "token": token, "expires_in": left},
		"refresh_token": nil, "client": nil, "grant": nil, "session": nil,
		"user":       map[string]any{"id": a.account.id, "email": a.account.email, "full_name": nil},
		"created_at": a.created, "updated_at": a.updated,
	}
}

func (s *Sim) listAuthorizations(x *exchange) answer {
	var own []*authorization
	for _, a := range s.auths {
		if s.exists(a) && a.account == x.caller.account {
			own = append(own, a)
		}
	}
	return page(s, x, "id", own, func(a *authorization) string { return a.id }, func(a *authorization) any { return s.present(a, false) })
}

func (s *Sim) createAuthorization(x *exchange) answer {
	var in struct {
		Description *string
		Scope       json.RawMessage
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if a, ok := x.decode(&in); !ok {
		return a
	}
	if x.caller.account.federated {
		return fail(http.StatusForbidden, "forbidden", "Accounts that sign in through an identity provider cannot create long-lived authorizations.")
	}
	scope, refused := scopeOf(in.Scope)
	if refused != "" {
		return invalid(refused)
	}
	ttl, refused := lifeOf(in.ExpiresIn)
	if refused != "" {
		return invalid(refused)
	}
	description := "Long-lived user authorization"
	if in.Description != nil {
		description = *in.Description
	}
	return answer{http.StatusCreated, s.present(s.authorize(x.caller.account, description, scope, ttl), true)}
}

// scopeOf reads the scope of a new authorization, which is global if it is
// left out, as the vendor's command line does.
func scopeOf(raw json.RawMessage) (scope []string, refused string) {
	if raw == nil {
		return []string{"global"}, ""
	}
	if json.Unmarshal(raw, &scope) != nil || len(scope) == 0 {
		return nil, "Require array: scope."
	}
	for _, name := range scope {
		if !allows(name, anyone) {
			return nil, "Unknown scope."
		}
	}
	return scope, ""
}

// lifeOf reads expires_in, a number, or a text with a number as the vendor's
// command line sends it.
func lifeOf(raw json.RawMessage) (ttl time.Duration, refused string) {
	if raw == nil || string(raw) == "null" {
		return 0, ""
	}
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 32)
	if err != nil || n < 1 {
		return 0, "Require positive number: expires_in."
	}
	return time.Duration(n) * time.Second, ""
}

// own returns the caller's authorization that the path names. There is none
// named "~", which would be the dashboard's API key.
func (s *Sim) own(x *exchange) (*authorization, bool) {
	i := slices.IndexFunc(s.auths, func(a *authorization) bool {
		return a.id == x.PathValue("id") && a.account == x.caller.account && s.exists(a)
	})
	if i < 0 {
		return nil, false
	}
	return s.auths[i], true
}

func noAuthorization() answer {
	return notFound("authorization", "Couldn't find that OAuth authorization.")
}

func (s *Sim) getAuthorization(x *exchange) answer {
	a, found := s.own(x)
	if !found {
		return noAuthorization()
	}
	return ok(s.present(a, false))
}

// updateAuthorization can change a description, and neither scope nor expiry.
func (s *Sim) updateAuthorization(x *exchange) answer {
	var in struct{ Description *string }
	if a, ok := x.decode(&in); !ok {
		return a
	}
	a, found := s.own(x)
	if !found {
		return noAuthorization()
	}
	if in.Description != nil {
		a.description, a.updated = *in.Description, s.opt.now()
	}
	return ok(s.present(a, false))
}

func (s *Sim) deleteAuthorization(x *exchange) answer {
	a, found := s.own(x)
	if !found {
		return noAuthorization()
	}
	a.revoked = s.opt.now()
	return ok(s.present(a, false))
}

// regenerate replaces the token in place. The old one is dead at once.
func (s *Sim) regenerate(x *exchange) answer {
	a, found := s.own(x)
	if !found {
		return noAuthorization()
	}
	now := s.opt.now()
	a.tokenID, a.token, a.updated, a.expires = s.uuid(), s.token(), now, now.Add(regeneratedTTL)
	return ok(s.present(a, true))
}

func (s *Sim) listSessions(*exchange) answer { return ok([]any{}) }

// deleteSession finds none: sessions come from password logins, which are not
// simulated.
func (s *Sim) deleteSession(*exchange) answer {
	return notFound("session", "Couldn't find that session.")
}
