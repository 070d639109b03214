package githubsim

import (
	"encoding/base64"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"
)

const maxValue = 48 << 10

func (s *Sim) getRepo(w http.ResponseWriter, _ *http.Request, r *repo) {
	answer(w, http.StatusOK, r.json())
}

func (r *repo) json() map[string]any {
	owner, name, _ := strings.Cut(r.name, "/")
	return map[string]any{"id": r.id, "name": name, "full_name": r.name, "default_branch": "main", "archived": r.archived,
		"owner": map[string]any{"login": owner}}
}

// listOrgRepos lists what the token can see of an organization. A person is
// none.
func (s *Sim) listOrgRepos(w http.ResponseWriter, req *http.Request) {
	owner := strings.ToLower(req.PathValue("owner"))
	if s.orgs[owner] == nil {
		notFound(w)
		return
	}
	s.answerRepos(w, req, func(name string) bool { return strings.HasPrefix(name, owner+"/") })
}

// listRepos lists what the token's own account can see.
func (s *Sim) listRepos(w http.ResponseWriter, req *http.Request) {
	s.answerRepos(w, req, func(string) bool { return true })
}

func (s *Sim) answerRepos(w http.ResponseWriter, req *http.Request, shown func(name string) bool) {
	all := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.repos)) {
		if shown(name) {
			all = append(all, s.repos[name].json())
		}
	}
	answer(w, http.StatusOK, page(w, req, all))
}

func (s *Sim) listEnvironments(w http.ResponseWriter, req *http.Request, r *repo) {
	all := []map[string]any{}
	for i, e := range r.envs {
		all = append(all, map[string]any{"id": i + 1, "name": e.name})
	}
	answer(w, http.StatusOK, map[string]any{"total_count": len(all), "environments": page(w, req, all)})
}

func (s *Sim) publicKey(w http.ResponseWriter, _ *http.Request, h *holder) {
	answer(w, http.StatusOK, map[string]string{"key_id": h.keyID, "key": base64.StdEncoding.EncodeToString(h.pub[:])})
}

func (s *Sim) listSecrets(w http.ResponseWriter, r *http.Request, h *holder) {
	all := []map[string]any{}
	for _, name := range h.names() {
		all = append(all, h.secrets[name].json(r))
	}
	answer(w, http.StatusOK, map[string]any{"total_count": len(all), "secrets": page(w, r, all)})
}

func (s *Sim) getSecret(w http.ResponseWriter, r *http.Request, h *holder) {
	found := h.secrets[strings.ToUpper(r.PathValue("name"))]
	if found == nil {
		notFound(w)
		return
	}
	answer(w, http.StatusOK, found.json(r))
}

// json never has the value.
func (s *secret) json(r *http.Request) map[string]any {
	all := map[string]any{"name": s.name, "created_at": s.created.Format(time.RFC3339), "updated_at": s.updated.Format(time.RFC3339)}
	if r.PathValue("repo") == "" {
		all["visibility"] = s.visibility
	}
	return all
}

func (s *Sim) deleteSecret(w http.ResponseWriter, r *http.Request, h *holder) {
	name := strings.ToUpper(r.PathValue("name"))
	if h.secrets[name] == nil {
		notFound(w)
		return
	}
	delete(h.secrets, name)
	w.WriteHeader(http.StatusNoContent)
}

type putBody struct {
	KeyID      string  `json:"key_id"`
	Encrypted  string  `json:"encrypted_value"`
	Visibility string  `json:"visibility"`
	Selected   []int64 `json:"selected_repository_ids"`
}

func (s *Sim) putSecret(w http.ResponseWriter, r *http.Request, h *holder) {
	var in putBody
	if err := decode(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	org := r.PathValue("repo") == ""
	value, why := h.open(r.PathValue("name"), in)
	if why == "" {
		why = s.sharing(org, in)
	}
	if why != "" {
		refuse(w, http.StatusUnprocessableEntity, why)
		return
	}
	created := h.set(r.PathValue("name"), value, s.now())
	if org {
		stored := h.secrets[strings.ToUpper(r.PathValue("name"))]
		stored.visibility, stored.selected = in.Visibility, in.Selected
	}
	if created {
		answer(w, http.StatusCreated, struct{}{})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// open decrypts what was sent, or says why it is refused.
func (h *holder) open(name string, in putBody) (value, why string) {
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name) || strings.HasPrefix(strings.ToUpper(name), "GITHUB_") {
		return "", "Secret name is invalid"
	}
	if in.KeyID != h.keyID {
		return "", "Bad request - Public key is not valid"
	}
	sealed, err := base64.StdEncoding.DecodeString(in.Encrypted)
	if err != nil || len(sealed) == 0 {
		return "", "Bad request - encrypted_value is not base64"
	}
	plain, ok := box.OpenAnonymous(nil, sealed, h.pub, h.priv)
	if !ok {
		return "", "Bad request - could not decrypt encrypted_value"
	}
	if len(plain) > maxValue {
		return "", "Secret value is too large"
	}
	return string(plain), ""
}

func (s *Sim) sharing(org bool, in putBody) (why string) {
	switch {
	case !org && (in.Visibility != "" || in.Selected != nil):
		return "visibility is not a permitted key"
	case !org:
		return ""
	case !slices.Contains([]string{"all", "private", "selected"}, in.Visibility):
		return "visibility is required: all, private or selected"
	case in.Visibility != "selected" && len(in.Selected) > 0:
		return "selected_repository_ids needs visibility selected"
	}
	for _, id := range in.Selected {
		if s.repoByID(id) == nil {
			return "selected_repository_ids names an unknown repository"
		}
	}
	return ""
}

func (s *Sim) repoByID(id int64) *repo {
	for _, r := range s.repos {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (s *Sim) listSelected(w http.ResponseWriter, r *http.Request, h *holder) {
	found := h.secrets[strings.ToUpper(r.PathValue("name"))]
	if found == nil || found.visibility != "selected" {
		refuse(w, http.StatusConflict, "Visibility is not set to selected")
		return
	}
	all := []map[string]any{}
	for _, id := range found.selected {
		all = append(all, s.repoByID(id).json())
	}
	answer(w, http.StatusOK, map[string]any{"total_count": len(all), "repositories": page(w, r, all)})
}
