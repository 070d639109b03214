package heroku

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

var (
	_ pawl.Instructor = (*issuer)(nil)
	_ pawl.Parser     = (*issuer)(nil)
	_ pawl.Labeller   = (*issuer)(nil)
	_ pawl.Instructor = (*configVars)(nil)
)

// described is the description of what carries this label.
func (i *issuer) described(label string) string {
	return i.set.Description + " " + i.c.now().UTC().Format(time.DateOnly) + " " + label
}

// creation is the body of the request that makes an authorization.
type creation struct {
	Description string   `json:"description"`
	Scope       []string `json:"scope"`
}

// Instruct says how an authorization is made by hand. The token of the person
// goes by way of stdin: not into argv, which everybody on the machine can read.
func (i *issuer) Instruct(label string) []pawl.Instruction {
	description := i.described(label)
	body, err := json.Marshal(creation{description, i.set.scope()})
	if err != nil { // texts always marshal
		return nil
	}
	return []pawl.Instruction{{
		Title:   "Heroku's command line",
		Command: "env -u HEROKU_API_KEY heroku authorizations:create --description " + shell(description) + " --scope " + strings.Join(i.set.scope(), ",") + " --json",
		Prints:  true,
		Note:    "HEROKU_API_KEY is left out so that your own login makes it, and not the key that is replaced.",
	}, {
		Title: "REST",
		Command: "read -rs TOKEN && printf 'Authorization: Bearer %s' \"$TOKEN\" | curl -sS -H @- " + accept + " -H 'Content-Type: application/json' --data " +
			shell(string(body)) + " " + shell(i.c.url+authorizations),
		Prints: true,
		Note:   "It waits for a token of your own login (heroku auth:token), which is not shown.",
	}}
}

// Instruct says how config vars are set by hand. `heroku config:set` is not
// among the ways: it has the value in argv, and prints it.
func (v *configVars) Instruct(string) []pawl.Instruction {
	var pairs []string
	for _, k := range v.set.Keys {
		pairs = append(pairs, `"`+k+`":"%s"`)
	}
	return []pawl.Instruction{{
		Title: "REST, with the login in ~/.netrc",
		Command: "read -rs VALUE && printf '{" + strings.Join(pairs, ",") + "}'" + strings.Repeat(` "$VALUE"`, len(pairs)) +
			" | curl -sS -n -o /dev/null -w '%{http_code}\\n' -X PATCH " + accept + " -H 'Content-Type: application/json' --data @- " + shell(v.c.url+"/apps/"+v.set.App+"/config-vars"),
		Note: "It waits for the value, which is not shown, and prints 200. The app restarts. Not heroku config:set: that shows the value to everybody on the machine.",
	}, {
		Title: "Heroku's dashboard",
		Note:  "https://dashboard.heroku.com/apps/" + v.set.App + "/settings, Config Vars: " + strings.Join(v.set.Keys, ", "),
	}}
}

// shell quotes a text for a shell.
func shell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// Parse reads what `heroku authorizations:create` prints, with --json, with
// --short or with neither, and what the API answers.
func (i *issuer) Parse(printed pawl.Secret) (pawl.Generation, error) {
	text := bytes.TrimSpace(printed.Reveal())
	switch {
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return parseJSON(text)
	case bytes.Contains(text, []byte("\n")):
		return parseBlock(text)
	}
	return bare("", pawl.NewSecret(text))
}

const parseOp = "supply"

// parseJSON never quotes: what cannot be read may well hold the token.
func parseJSON(text []byte) (pawl.Generation, error) {
	var a authorization
	if json.Unmarshal(text, &a) != nil {
		return pawl.Generation{}, notToken("that begins like JSON and is not an authorization of Heroku's, or not all of it")
	}
	value, whole := a.token().whole()
	if !whole || !validID.MatchString(a.ID) {
		return pawl.Generation{}, notToken("that answer has no authorization with its whole token; the token is shown only when it is made")
	}
	return bare(a.ID, value)
}

// parseBlock reads "ID: …" and "Token: …" lines.
func parseBlock(text []byte) (pawl.Generation, error) {
	id, token := "", []byte(nil)
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := bytes.Cut(lines.Bytes(), []byte(":"))
		switch value = bytes.TrimSpace(value); string(bytes.TrimSpace(key)) {
		case "ID":
			id = string(value)
		case "Token":
			token = bytes.Clone(value)
		}
	}
	if len(token) == 0 || id != "" && !validID.MatchString(id) {
		return pawl.Generation{}, notToken("there is more than one line, and no Token: among them")
	}
	return bare(id, pawl.NewSecret(token))
}

// bare refuses what cannot be a token: it would be sent to the vendor, and
// some other secret may have been pasted in its place.
func bare(id string, value pawl.Secret) (pawl.Generation, error) {
	text := value.Reveal()
	odd := bytes.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
	switch {
	case shown{value}.masked():
		return pawl.Generation{}, notToken("that is a masked token: it is shown whole only when it is made")
	case odd:
		return pawl.Generation{}, notToken("a token has no spaces and no letters beyond ASCII")
	case len(text) < minToken:
		return pawl.Generation{}, notToken("that is too short for a token")
	}
	return pawl.Generation{ID: id, Value: value}, nil
}

// minToken is less than any token of Heroku's ever had: the oldest are UUIDs.
const minToken = 20

func notToken(why string) error {
	return &pawl.Error{Op: parseOp, Kind: pawl.Invalid, Err: errors.New(why), Hint: "give the token, or all that `heroku authorizations:create --json` prints"}
}

// Relabel changes the description to the one that Mint gives.
func (i *issuer) Relabel(ctx context.Context, id, label string) error {
	const op = "heroku.Relabel"
	if !validID.MatchString(id) {
		return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("not the id of an authorization")}
	}
	body := struct {
		Description string `json:"description"`
	}{i.described(label)}
	_, err := i.c.do(ctx, call{op: op, method: http.MethodPatch, path: authorizations + "/" + id, body: body, mutates: true}, nil)
	return err
}
