package archtest

import (
	"go/ast"
	"slices"
	"strconv"
	"testing"
)

// revealers are the files that may call Secret.Reveal, and what for. Adding a
// line here is a decision to be reviewed: from there on the value is bytes that
// anything can print.
var revealers = map[string]string{
	"secret.go": "the door itself, and the comparison in constant time",

	"seal/seal.go":    "encrypts values, and makes their keyed digests",
	"seal/kek.go":     "the key that wraps the keyset is a Secret too",
	"seal/keyfile.go": "writes that key to its 0600 file",
	"audit/sign.go":   "reads the key that signs the log",
	"engine/scrub.go": "looks for values in texts, to take them out",

	"probe/http/client.go":        "puts the token of an endpoint into the Authorization header",
	"probe/http/digest.go":        "digests the value, to compare it with what a consumer attests",
	"probe/attest/attest.go":      "keys the HMAC with the value, to compare it with what a consumer attests",
	"deliver/deliver.go":          "encrypts a value to a person",
	"deliver/block.go":            "writes a value into a file of a person's, who asked for it",
	"cmd/pawl/token.go":           "prints a token to who makes it, once; and reads one to check its form",
	"cmd/pawl/people.go":          "prints a code to who invites somebody, once",
	"cmd/pawl/claim.go":           "shows a value on the terminal of who asked for it and typed its name",
	"cmd/pawl/env.go":             "puts a value into the environment of the command that somebody asked for",
	"engine/take.go":              "tells how long a value is that was pasted, and its vendor's mark",
	"cmd/pawl/serve_listen.go":    "prints the code that lets the first admin in, once",
	"cmd/pawl/serve_demo_door.go": "prints the links that let the demo's people in, and signs them in again",

	"roster/person.go":   "hashes tokens and codes",
	"roster/token.go":    "looks at the form of a token",
	"signin/provider.go": "hands the client secret to the library that sends it to the provider",
	"team/me.go":         "shows a token or a code to who has just made it, once",
	"signin/session.go":  "puts the secret of a session into its cookie",

	"api/client.go":             "puts the token into the Authorization header",
	"api/work.go":               "sends the value that a person has made into the one request that takes it",
	"desk/desktest/desktest.go": "a simulated vendor and its places",

	"notify/webhook/webhook.go":     "keys the signature of a webhook with the secret",
	"notify/pagerduty/pagerduty.go": "puts the integration key into the event",
	"notify/slack/slack.go":         "hands the tokens to the client library",
	"notify/mail/mail.go":           "signs in to the mail server",

	"trace/otlp/send.go": "puts the headers of a collector into the requests to it",

	"provider/wire/do.go":              "puts the token into the Authorization header",
	"provider/heroku/vars.go":          "puts the value into a config var, and compares what is there",
	"provider/heroku/byhand.go":        "reads what the vendor's tools print of a new token",
	"provider/heroku/configvars.go":    "looks at the length of values",
	"provider/heroku/authorization.go": "matches a value with the masked token that the API shows",
	"provider/github/client.go":        "puts the token into the Authorization header",
	"provider/github/secret.go":        "encrypts the value for the repository",
	"provider/infisical/client.go":     "signs in",
	"provider/infisical/routes.go":     "puts the value into a request",
	"provider/infisical/value.go":      "compares what is there, and makes snapshots, which are Secrets again",
	"provider/slack/slack.go":          "hands the bot token to the client library",
	"provider/providertest/issuer.go":  "looks for the mark of simulated values",
}

// TestReveal finds the calls by the method's name: there is no other method of
// that name, and a value of an interface that has one would need it as well.
func TestReveal(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if !reveals(n) {
				return true
			}
			used[s.name] = true
			if revealers[s.name] == "" {
				t.Errorf("%s: may not reveal secrets; if it has to, give the reason in internal/archtest", s.at(n))
			}
			return true
		})
	}
	for name := range revealers {
		if !used[name] {
			t.Errorf("%s reveals nothing any more; take it from the list", name)
		}
	}
}

// reveals reports whether a node names Reveal, by itself or for reflection.
func reveals(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		return n.Sel.Name == "Reveal"
	case *ast.InterfaceType:
		return slices.ContainsFunc(n.Methods.List, func(f *ast.Field) bool {
			return slices.ContainsFunc(f.Names, func(id *ast.Ident) bool { return id.Name == "Reveal" })
		})
	case *ast.BasicLit:
		text, err := strconv.Unquote(n.Value)
		return err == nil && text == "Reveal"
	}
	return false
}
