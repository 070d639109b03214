package github

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// SecretSettings say which secret of GitHub Actions holds the value.
type SecretSettings struct {
	Repo        string   `json:"repo,omitempty" doc:"Repository, as owner/name. Either this or org."`
	Org         string   `json:"org,omitempty" doc:"Organization, for a secret that its repositories share."`
	Secret      string   `json:"secret" doc:"Name of the secret. GitHub does not tell upper from lower case." required:"true"`
	Environment string   `json:"environment,omitempty" doc:"Environment of the repository, for a secret of its own."`
	Except      []string `json:"except,omitempty" doc:"Environments of the repository that have a secret of the same name on purpose, such as one that is listed as a consumer of its own."`
	Visibility  string   `json:"visibility,omitempty" doc:"Who may use an organization's secret: all, private or selected. If not given it stays as it is, and a new one is private."`
	Repos       []string `json:"repos,omitempty" doc:"Repositories of the organization that may use it, with visibility: selected."`
}

// What https://docs.github.com/en/actions/reference/security/secrets allows.
// It is compiled where it is used, once for each catalog entry.
const (
	secretPattern = `^[A-Za-z_][A-Za-z0-9_]*$`
	ownerPattern  = `^[A-Za-z0-9][A-Za-z0-9_-]*$`
	repoPattern   = `^[A-Za-z0-9._-]+$`
)

func fits(pattern, text string) bool {
	return regexp.MustCompile(pattern).MatchString(text) && text != "." && text != ".."
}

// Validate implements [provider.Settings].
func (s *SecretSettings) Validate() error {
	if err := secretName(s.Secret); err != nil {
		return err
	}
	switch {
	case (s.Repo == "") == (s.Org == ""):
		return errors.New("repo: give either repo or org")
	case s.Repo != "":
		return s.validateRepo()
	}
	return s.validateOrg()
}

func secretName(name string) error {
	switch {
	case !fits(secretPattern, name):
		return errors.New("secret: letters, digits and _ only, and no digit first")
	case strings.HasPrefix(strings.ToUpper(name), "GITHUB_"):
		return errors.New("secret: names that begin with GITHUB_ belong to GitHub")
	}
	return nil
}

func (s *SecretSettings) validateRepo() error {
	switch {
	case !repoName(s.Repo):
		return errors.New("repo: want owner/name")
	case s.Visibility != "":
		return errors.New("visibility: only a secret of an organization has one")
	case len(s.Repos) > 0:
		return errors.New("repos: only a secret of an organization is shared")
	case s.Environment != "" && len(s.Except) > 0:
		return errors.New("except: nothing wins over an environment's secret")
	}
	if s.Environment == "." || s.Environment == ".." {
		return errors.New("environment: not a name")
	}
	return nil
}

func (s *SecretSettings) validateOrg() error {
	switch {
	case !fits(ownerPattern, s.Org):
		return errors.New("org: not the name of an organization")
	case s.Environment != "":
		return errors.New("environment: needs repo")
	case len(s.Except) > 0:
		return errors.New("except: needs repo")
	case s.Visibility == "selected" && len(s.Repos) == 0:
		return errors.New("repos: at least one, with visibility: selected")
	case s.Visibility != "selected" && len(s.Repos) > 0:
		return errors.New("repos: needs visibility: selected")
	}
	switch s.Visibility {
	case "", "all", "private", "selected":
	default:
		return errors.New("visibility: all, private or selected")
	}
	for _, name := range s.Repos {
		if !repoName(s.full(name)) || !strings.EqualFold(owner(s.full(name)), s.Org) {
			return fmt.Errorf("repos: %q is not a repository of %s", name, s.Org)
		}
	}
	return nil
}

// full returns owner/name of a repository given with or without its owner.
func (s *SecretSettings) full(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return s.Org + "/" + name
}

func owner(repo string) string {
	o, _, _ := strings.Cut(repo, "/")
	return o
}

func repoName(repo string) bool {
	o, name, ok := strings.Cut(repo, "/")
	return ok && fits(ownerPattern, o) && fits(repoPattern, name)
}

// Where implements [provider.Settings].
func (s *SecretSettings) Where() string { return s.holder() + " " + s.name() }

// holder is who has the secret, for people.
func (s *SecretSettings) holder() string {
	switch {
	case s.Org != "":
		return s.Org
	case s.Environment != "":
		return s.Repo + " (" + s.Environment + ")"
	}
	return s.Repo
}

// Locations implements [provider.Located].
func (s *SecretSettings) Locations() []string {
	return []string{"github:" + strings.ToLower(s.path()) + "/" + s.name()}
}

// Names implements [provider.Named].
func (s *SecretSettings) Names() []string { return []string{s.name()} }

func (s *SecretSettings) name() string { return strings.ToUpper(s.Secret) }

// path is the collection that the secret is in, relative to the API's root.
func (s *SecretSettings) path() string {
	switch {
	case s.Org != "":
		return "orgs/" + s.Org + "/actions/secrets"
	case s.Environment != "":
		return environmentPath(s.Repo, s.Environment)
	}
	return "repos/" + s.Repo + "/actions/secrets"
}

// environmentPath is the documented one; go-github's own methods want the
// repository's number, which would be one more call.
func environmentPath(repo, environment string) string {
	return "repos/" + repo + "/environments/" + url.PathEscape(environment) + "/secrets"
}
