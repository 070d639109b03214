// Package infisical keeps a credential's value in Infisical, in its cloud or
// on a server of one's own.
//
// What it has to know of the API, and where that is not what one expects:
//
//   - A success (200) of a write can mean that nothing was written: under a
//     secret protection policy it carries an "approval" and no "secret".
//   - The server trims values: white space at both ends goes, one newline at
//     the end stays. A value that would be changed by it is refused here.
//   - There is no compare-and-set. Versions only grow, so a read before and one
//     after a write show that somebody else wrote between, but cannot prevent it.
//   - An identity may be allowed to write a value but not to read it. Then all
//     that can be shown of a write is its version.
//   - A client secret that is refused three times locks the identity out, so a
//     refused sign-in is never tried again.
//   - Older servers have API v3 only, answer 400 for a secret that does not
//     exist and 500 for a bad token.
//
// API: https://infisical.com/docs/api-reference/endpoints/secrets/read
package infisical

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

const defaultURL = "https://app.infisical.com"

// Provider returns what can be done with Infisical.
func Provider() provider.Provider {
	secret := provider.Consumer("infisical/secret", 1, "A secret in an environment of a project.", pawl.ReadBack, newPlace)
	secret.Effort = provider.Effort{Check: 3, Write: 2, Look: 1}
	return provider.Provider{
		Name: "infisical",
		Doc:  "Secrets kept in Infisical, in its cloud or on a server of one's own.",
		Connection: &provider.Connecting{
			URL: defaultURL,
			Secrets: []provider.Secret{
				{Name: "client_id", Doc: "Client id of a machine identity with universal auth."},
				{Name: "client_secret", Doc: "Client secret of that machine identity."},
			},
			Scopes:   "secrets: describe, read value, create, edit, delete (to undo a creation), in the environment and path",
			Open:     open,
			Discover: func(c any) pawl.Discoverer { return search{c.(*client)} },
			Examine:  func(ctx context.Context, c any) (provider.Exam, error) { return c.(*client).examine(ctx) },
		},
		Consumers: []provider.ConsumerKind{secret},
	}
}

func open(c provider.Connection) (any, error) {
	for _, name := range []string{"client_id", "client_secret"} {
		if c.Secrets[name].IsZero() {
			return nil, &pawl.Error{Op: "infisical.Open", Kind: pawl.Denied,
				Hint: fmt.Sprintf("give %s to the connection %q", name, c.Name), Err: fmt.Errorf("no %s", name)}
		}
	}
	return newClient(c), nil
}

// settings say where a value is kept. Their tags are the keys of the catalog.
type settings struct {
	Project string `json:"project" doc:"Id of the project." required:"true"`
	Env     string `json:"env" doc:"Slug of the environment, as prod." required:"true"`
	Key     string `json:"key" doc:"Name of the secret." required:"true"`
	Path    string `json:"path,omitempty" doc:"Folder of the secret. Default: /"`
}

var _ provider.Located = (*settings)(nil)

// Validate implements [provider.Settings].
func (s *settings) Validate() error {
	for _, f := range []struct{ key, value string }{{"project", s.Project}, {"env", s.Env}, {"key", s.Key}} {
		if f.value == "" {
			return fmt.Errorf("%s: is empty", f.key)
		}
		if strings.TrimSpace(f.value) != f.value {
			return fmt.Errorf("%s: white space at an end", f.key)
		}
	}
	if s.Key == "." || s.Key == ".." || strings.ContainsAny(s.Key, "/:") {
		return errors.New("key: Infisical allows no slash or colon in a name; the folder goes into path")
	}
	if s.Path != "" && !strings.HasPrefix(s.Path, "/") {
		return errors.New("path: must begin with /")
	}
	return nil
}

// Where implements [provider.Settings].
func (s *settings) Where() string {
	folder := s.folder()
	if folder != "/" {
		folder += "/"
	}
	return fmt.Sprintf("%s %s%s%s", s.Project, s.Env, folder, s.Key)
}

// Locations implements [provider.Located].
func (s *settings) Locations() []string {
	parts := []string{url.PathEscape(s.Project), url.PathEscape(s.Env), url.PathEscape(s.folder()), url.PathEscape(s.Key)}
	return []string{strings.Join(parts, "/")}
}

// Names implements [provider.Named].
func (s *settings) Names() []string { return []string{s.Key} }

// folder is the path as the server writes it.
func (s *settings) folder() string {
	if p := strings.TrimRight(s.Path, "/"); p != "" {
		return p
	}
	return "/"
}
