package infisical

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// What a refusal is about, where more than its status is needed.
var (
	errSession = errors.New("the access token was refused")
	errAbsent  = errors.New("there is no such secret")
	errVague   = errors.New("there is no such thing")
	errFolder  = errors.New("there is no such project, environment or path")
	errRoute   = errors.New("the server does not know this part of the API")
	errExists  = errors.New("the secret exists already")
)

// answer is a refusal. Its text is only ever looked at, never passed on.
//
// A server of today sends {reqId, statusCode, message, error}, the error being
// NotFound, TokenError and the like; for a route that it does not have,
// {statusCode, message: "Route GET:/… not found", error: "Not Found"}. One of
// July 2024 sends 400 with "Secret not found", and 500 with "jwt malformed".
type answer struct {
	status int
	name   string // the error's name
	text   string // what it says, in lower case
}

func readAnswer(status int, body []byte) answer {
	var in struct {
		Error   any `json:"error"`
		Message any `json:"message"` // a list where validation failed
	}
	if json.Unmarshal(body, &in) != nil {
		return answer{status: status, text: strings.ToLower(string(bytes.TrimSpace(body)))}
	}
	name, _ := in.Error.(string)
	text, _ := in.Message.(string)
	if text == "" {
		text = name
	}
	return answer{status, name, strings.ToLower(text)}
}

// about tells what the refusal is about, or nil if its status says it all. The
// status alone does not tell a missing secret from a missing folder, or from a
// server that has no such route.
func (a answer) about(key string) error {
	switch {
	case a.status == http.StatusUnauthorized, a.name == "TokenError", a.status >= 500 && strings.HasPrefix(a.text, "jwt "):
		return errSession
	case a.status == http.StatusBadRequest && a.says("already exist"):
		return errExists
	case a.status == http.StatusBadRequest && a.isMissing():
		if missing := a.missing(key); missing != errVague {
			return missing
		}
	case a.status == http.StatusNotFound && a.isMissing():
		return a.missing(key)
	case a.status == http.StatusNotFound:
		return errRoute
	}
	return nil
}

// isMissing reports whether it is Infisical that says that something of its own
// does not exist: not its router, nor a proxy in front of it.
func (a answer) isMissing() bool {
	if strings.HasPrefix(a.text, "<") || strings.HasPrefix(a.text, "404 ") || a.says("route", "/api/") {
		return false
	}
	return a.says("not found", "not exist", "n't exist", "no secret")
}

// missing tells what does not exist.
func (a answer) missing(key string) error {
	switch {
	case strings.HasPrefix(a.text, "secret path"):
		return errFolder
	case strings.HasPrefix(a.text, "secret"), a.says("'"+strings.ToLower(key)+"'", `"`+strings.ToLower(key)+`"`):
		return errAbsent
	case a.says("folder", "project", "environment", "workspace", "path"):
		return errFolder
	case a.says("secret"):
		return errAbsent
	}
	return errVague
}

func (a answer) says(words ...string) bool {
	for _, s := range words {
		if strings.Contains(a.text, s) {
			return true
		}
	}
	return false
}

// stored is a secret as the API shows it.
type stored struct {
	Version     int    `json:"version"`
	Value       *held  `json:"secretValue"`
	ValueHidden bool   `json:"secretValueHidden"`
	UpdatedAt   string `json:"updatedAt"`
}

// hiddenValue stands where the value is not shown.
func hiddenValue() pawl.Secret { return pawl.NewSecret([]byte("<hidden-by-infisical>")) }

func (s *stored) state() (state, error) {
	got := state{version: s.Version, hidden: s.ValueHidden || s.Value != nil && s.Value.Equal(hiddenValue())}
	if t, err := time.Parse(time.RFC3339, s.UpdatedAt); err == nil {
		got.updated = t
	}
	if got.hidden {
		return got, nil
	}
	if s.Value == nil {
		return state{}, errors.New("the answer holds no value and does not say that it is hidden")
	}
	got.value, got.empty = s.Value.Secret, s.Value.IsZero()
	return got, nil
}

// held is a JSON string that becomes a [pawl.Secret] at once.
type held struct{ pawl.Secret }

// UnmarshalJSON implements [json.Unmarshaler]. Its errors quote nothing.
func (h *held) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) != nil {
		return errors.New("not a string")
	}
	h.Secret = pawl.NewSecret([]byte(s))
	return nil
}
