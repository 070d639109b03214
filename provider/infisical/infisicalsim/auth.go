package infisicalsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

const attempts = 3

// login is universal auth. Wrong attempts lock the identity out, also for the
// right secret.
func (s *Sim) login(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ClientID     *string `json:"clientId"`
		ClientSecret *string `json:"clientSecret"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.ClientID == nil || in.ClientSecret == nil {
		refuse(w, http.StatusUnprocessableEntity, "ValidationFailure", "Required")
		return
	}
	now := s.opt.Now()
	if now.Before(s.locked) {
		refuse(w, http.StatusUnauthorized, "UnauthorizedError", "This identity auth method is temporarily locked, please try again later")
		return
	}
	if strings.TrimSpace(*in.ClientID) != s.opt.ClientID || strings.TrimSpace(*in.ClientSecret) != s.opt.ClientSecret {
		if s.wrong++; s.wrong >= attempts {
			s.wrong, s.locked = 0, now.Add(s.opt.Lockout)
		}
		refuse(w, http.StatusUnauthorized, "UnauthorizedError", "Invalid credentials")
		return
	}
	s.wrong = 0
	reply(w, map[string]any{
		"accessToken":       s.newToken(),
		"expiresIn":         int(s.opt.TokenTTL.Seconds()),
		"accessTokenMaxTTL": int(s.opt.TokenTTL.Seconds()),
		"tokenType":         "Bearer",
	})
}

// signedIn lets through only requests with a token that is valid.
func (s *Sim) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		until, known := s.tokens[token]
		switch {
		case !ok:
			refuse(w, http.StatusUnauthorized, "UnauthorizedError", "Token missing")
		case !known && s.opt.V3Only:
			refuse(w, http.StatusInternalServerError, "JsonWebTokenError", "jwt malformed")
		case !known:
			refuse(w, http.StatusUnauthorized, "UnauthorizedError", "No matching access token found")
		case !s.opt.Now().Before(until):
			refuse(w, http.StatusForbidden, "TokenError", "Your token has expired. Please re-authenticate.")
		default:
			next(w, r)
		}
	}
}

// params are what every call has to say, in its query or body.
type params struct {
	at    ref
	value *string
}

type handler func(w http.ResponseWriter, r *http.Request, p params)

// inProject lets through only requests for a folder that exists.
func (s *Sim) inProject(project string, next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, ok := readParams(r)
		if !ok || in[project] == "" || in["environment"] == "" || !slices.Contains([]string{"", "shared"}, in["type"]) {
			refuse(w, http.StatusUnprocessableEntity, "ValidationFailure", "Required")
			return
		}
		at := ref{in["environment"], folder(in["secretPath"]), r.PathValue("name")}
		switch {
		case in[project] != s.opt.Project:
			s.missing(w, "Project with ID '"+in[project]+"' not found")
		case !slices.Contains(s.opt.Envs, at.env) || at.path != "/" && !s.folders[ref{at.env, at.path, ""}]:
			s.missing(w, "Folder with path '"+at.path+"' in environment with slug '"+at.env+"' not found")
		default:
			p := params{at: at}
			if value, ok := in["secretValue"]; ok {
				p.value = &value
			}
			next(w, r, p)
		}
	}
}

func readParams(r *http.Request) (map[string]string, bool) {
	in := map[string]string{}
	if r.Method != http.MethodGet {
		return in, json.NewDecoder(r.Body).Decode(&in) == nil
	}
	for key, values := range r.URL.Query() {
		in[key] = values[0]
	}
	return in, true
}

func folder(path string) string {
	if path = strings.TrimRight(strings.TrimSpace(path), "/"); path != "" {
		return path
	}
	return "/"
}

// missing says that something of the project does not exist.
func (s *Sim) missing(w http.ResponseWriter, message string) {
	if s.opt.V3Only {
		refuse(w, http.StatusBadRequest, "BadRequest", message)
		return
	}
	refuse(w, http.StatusNotFound, "NotFound", message)
}

func noRoute(w http.ResponseWriter, r *http.Request) {
	reply(status(w, http.StatusNotFound), map[string]any{
		"statusCode": http.StatusNotFound, "error": "Not Found", "message": "Route " + r.Method + ":" + r.URL.Path + " not found",
	})
}

func refuse(w http.ResponseWriter, code int, name, message string) {
	reply(status(w, code), map[string]any{"reqId": "req-sim", "statusCode": code, "message": message, "error": name})
}

// status makes the header's type known before it is sent.
func status(w http.ResponseWriter, code int) http.ResponseWriter {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	return w
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(body)
}
