package infisicalsim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// write is one change, now or when it is approved.
type write struct {
	method string
	at     ref
	value  string
}

func (s *Sim) get(w http.ResponseWriter, r *http.Request, p params) {
	got := s.secrets[p.at]
	if got == nil {
		s.noSecret(w, p.at)
		return
	}
	n := len(got.versions)
	if v := r.URL.Query().Get("version"); v != "" {
		i, err := strconv.Atoi(v)
		if err != nil || i < 1 || i > n {
			s.noSecret(w, p.at)
			return
		}
		n = i
	}
	hidden := s.opt.Hidden || r.URL.Query().Get("viewSecretValue") == "false"
	reply(w, map[string]any{"secret": s.shown(p.at, n, got.versions[n-1], hidden)})
}

func (s *Sim) noSecret(w http.ResponseWriter, at ref) {
	if s.opt.V3Only {
		s.missing(w, "Secret not found")
		return
	}
	s.missing(w, "Secret with name '"+at.key+"' not found")
}

// write is POST, PATCH and DELETE.
func (s *Sim) write(w http.ResponseWriter, r *http.Request, p params) {
	exists := s.secrets[p.at] != nil
	switch {
	case s.opt.ReadOnly:
		refuse(w, http.StatusForbidden, "PermissionDenied", "You are not allowed to edit on secrets")
	case r.Method == http.MethodPost && exists:
		refuse(w, http.StatusBadRequest, "BadRequest", "Secret already exist")
	case r.Method != http.MethodPost && !exists:
		s.noSecret(w, p.at)
	case r.Method == http.MethodPost && p.value == nil:
		refuse(w, http.StatusUnprocessableEntity, "ValidationFailure", "Required")
	default:
		s.accept(w, r.Method, p)
	}
}

func (s *Sim) accept(w http.ResponseWriter, method string, p params) {
	change := write{method: method, at: p.at}
	switch {
	case p.value != nil:
		change.value = *p.value
	case method == http.MethodPatch:
		change.value = s.secrets[p.at].current().value
	}
	if s.opt.Approval {
		s.waiting = append(s.waiting, change)
		slug := fmt.Sprintf("change-%d", len(s.waiting))
		reply(w, map[string]any{"approval": map[string]any{"id": slug, "slug": slug, "status": "open", "hasMerged": false}})
		return
	}
	reply(w, map[string]any{"secret": s.apply(change)})
}

// apply makes a change and returns the secret as the answer shows it.
func (s *Sim) apply(c write) map[string]any {
	if c.method == http.MethodDelete {
		gone := s.secrets[c.at]
		delete(s.secrets, c.at)
		if gone == nil {
			return nil
		}
		return s.shown(c.at, len(gone.versions), gone.current(), s.opt.Hidden)
	}
	s.put(c.at, c.value)
	got := s.secrets[c.at]
	return s.shown(c.at, len(got.versions), got.current(), s.opt.Hidden)
}

func (s *Sim) shown(at ref, n int, v version, hidden bool) map[string]any {
	value := v.value
	if hidden {
		value = "<hidden-by-infisical>"
	}
	out := map[string]any{
		"id": "secret-" + at.key, "_id": "secret-" + at.key,
		"workspace": s.opt.Project, "environment": at.env, "secretPath": at.path, "type": "shared",
		"version": n, "secretKey": at.key, "secretValue": value, "secretComment": "",
		"createdAt": v.at.UTC().Format(time.RFC3339Nano), "updatedAt": v.at.UTC().Format(time.RFC3339Nano),
	}
	if !s.opt.V3Only {
		out["secretValueHidden"], out["isRotatedSecret"] = hidden, false
	}
	return out
}

// trim is what the server does to every value that it is given.
func trim(value string) string {
	const space = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
	out := strings.Trim(value, space)
	if strings.HasSuffix(value, "\n") {
		out += "\n"
	}
	return out
}
