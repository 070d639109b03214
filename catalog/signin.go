package catalog

import (
	"net/url"
	"slices"

	"github.com/pawl-dev/pawl/secretref"
)

const signInFile = "sign-in.yaml"

// A SignIn is an OpenID provider by which people sign in to a server.
type SignIn struct {
	Name     string // in addresses: /sign-in/oidc/NAME
	Title    string // on the button
	Issuer   string // exactly as the provider says it
	ClientID string
	Secret   secretref.Ref
}

// Host returns the host[:port] of the issuer.
func (s SignIn) Host() string {
	u, err := url.Parse(s.Issuer)
	if err != nil { // it was checked when it was read
		return ""
	}
	return u.Host
}

type signInKeys struct {
	Version version        `json:"version" required:"true" doc:"Format of this file: 1."`
	Entries []providerKeys `json:"providers" required:"true" doc:"OpenID providers by which people sign in to the server."`
}

type providerKeys struct {
	Name     nameKey   `json:"name" required:"true" doc:"In addresses; what the provider sends people back to is ORIGIN/sign-in/oidc/NAME/callback."`
	Title    string    `json:"title" doc:"On the button; the name if not given."`
	Issuer   issuerKey `json:"issuer" required:"true" doc:"Exactly as the provider says it, as https://id.acme.example."`
	ClientID string    `json:"client_id" required:"true" doc:"What the provider calls this server."`
	Secret   secretKey `json:"client_secret" required:"true"`
}

// SignIns returns the providers in the order of the file.
func (c *Catalog) SignIns() []SignIn { return slices.Clone(c.signIns) }

// readSignIn reads sign-in.yaml, which need not be there.
func (l *loader) readSignIn(c *Catalog) Problems {
	s := &source{file: signInFile, guarded: true}
	r, root := l.optional(s, "sign-in.yml", "signin.yaml")
	if root == nil {
		return s.problems
	}
	var keys signInKeys
	r.mapping(root, layout{into: []any{&keys}})
	known := map[string]bool{}
	for i, k := range keys.Entries {
		name := string(k.Name)
		if known[name] && name != "" {
			r.report(root.get("providers").items[i].get("name").at, "", "two providers are called %s", clip(name, 60))
		}
		known[name] = true
		c.signIns = append(c.signIns, SignIn{Name: name, Title: k.Title, Issuer: string(k.Issuer), ClientID: k.ClientID, Secret: k.Secret.ref})
	}
	return s.problems
}

// nameKey is a name of ours.
type nameKey string

func (k *nameKey) readNode(r *reader, n *node) {
	if r.is(n, textNode) {
		r.checkName(n, "the name of a provider")
		*k = nameKey(n.text)
	}
}

func (*nameKey) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": namePattern.String(), "maxLength": maxName}
}

// issuerKey is the address of an OpenID provider.
type issuerKey string

func (k *issuerKey) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	u, err := url.Parse(n.text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		r.report(n.at, "", "not the address of a provider, as https://id.acme.example")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		r.report(n.at, "", "it has to begin with https")
	}
	*k = issuerKey(n.text)
}

func (*issuerKey) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": `^https?://[^?#@ ]+$`}
}

// secretKey is a reference to a secret.
type secretKey struct{ ref secretref.Ref }

func (k *secretKey) readNode(r *reader, n *node) { k.ref, _ = r.secretRef("client_secret", n) }

func (*secretKey) jsonSchema(*schemas) object { return reference("") }
