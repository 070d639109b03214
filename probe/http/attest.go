package httpprobe

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"

	"github.com/pawl-dev/pawl/health"
	"github.com/pawl-dev/pawl/provider"
)

var (
	_ provider.Shorthand = (*Attest)(nil)
	_ json.Marshaler     = (*Attest)(nil)
	_ json.Unmarshaler   = (*Attest)(nil)
)

// Attest says how an answer shows the value in use. A text alone is an
// expression that gives the plain digest. All of its methods take nil, which
// attests nothing.
type Attest struct {
	Nonce   bool   `json:"nonce,omitempty" doc:"Ask with a fresh nonce each time, as the parameter nonce of the address, and take nothing but the HMAC of it for an answer. See docs/attest.md."`
	Name    string `json:"name,omitempty" doc:"Name that the application attests the value under. If not given, what follows .credentials in expr."`
	Context string `json:"context,omitempty" doc:"Context that the application attests in, such as its own name. If not given, none."`
	Expr    string `json:"expr,omitempty" doc:"jq expression over the answer that gives what attests the value, in hex. With a nonce, .credentials[NAME].hmac_sha256 if not given."`
}

// Short implements [provider.Shorthand].
func (a *Attest) Short(text string) { *a = Attest{Expr: text} }

func (a *Attest) short() bool { return *a == Attest{Expr: a.Expr} }

// MarshalJSON writes what can be written as a text as one: so it was written
// before there was anything else, and plans of then have the same digest.
func (a *Attest) MarshalJSON() ([]byte, error) {
	if a.short() {
		return json.Marshal(a.Expr)
	}
	type plain Attest
	return json.Marshal((*plain)(a))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (a *Attest) UnmarshalJSON(text []byte) error {
	var expr string
	if json.Unmarshal(text, &expr) == nil {
		a.Short(expr)
		return nil
	}
	type plain Attest
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(a))
}

func (a *Attest) asks() bool { return a != nil && a.Nonce }

// key is what its expression is called.
func (a *Attest) key() string {
	if a != nil && !a.short() {
		return "attest.expr"
	}
	return "attest"
}

// expr is empty if nothing is attested.
func (a *Attest) expr() string {
	switch {
	case a == nil:
		return ""
	case a.Expr == "" && a.Nonce:
		quoted, _ := json.Marshal(a.Name) // a valid name has nothing that JSON and jq do not share
		return ".credentials[" + string(quoted) + "].hmac_sha256"
	}
	return a.Expr
}

// name is what the value is attested under.
func (a *Attest) name() string {
	if a.Name != "" {
		return a.Name
	}
	if m := regexp.MustCompile(`^\.credentials\.([A-Za-z_][A-Za-z0-9_]*)\.`).FindStringSubmatch(a.Expr); m != nil {
		return m[1]
	}
	return ""
}

func (a *Attest) check(address string) error {
	switch {
	case a == nil:
		return nil
	case !a.Nonce && a.Name != "":
		return errors.New("attest.name: a plain digest has no name; it needs nonce: true")
	case !a.Nonce && a.Context != "":
		return errors.New("attest.context: a plain digest has no context; it needs nonce: true")
	case !a.Nonce:
		return nil
	case a.name() == "":
		return errors.New("attest: with a nonce, give the name that the application attests the value under, as name: HEROKU_API_KEY")
	case !health.ValidName(a.Name):
		return errors.New("attest.name: at most 128 letters, digits and -_./: only")
	case !health.ValidName(a.Context):
		return errors.New("attest.context: at most 128 letters, digits and -_./: only")
	}
	if u, err := url.Parse(address); err == nil && u.Query().Has("nonce") {
		return errors.New("http: the nonce is added to the address; do not give one")
	}
	return nil
}
