package heroku

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pawl-dev/pawl/provider"
)

var (
	_ provider.Settings = (*Authorization)(nil)
	_ provider.Settings = (*ConfigVar)(nil)
	_ provider.Located  = (*ConfigVar)(nil)
	_ provider.Grouped  = (*ConfigVar)(nil)
	_ provider.Named    = (*ConfigVar)(nil)
)

// Authorization is the settings of a heroku/authorization issuer.
type Authorization struct {
	Description string   `json:"description" doc:"What every description begins with; the date and the attempt's label follow it." required:"true"`
	Scope       []string `json:"scope,omitempty" doc:"Scopes of the authorization: global, identity, read, write, read-protected, write-protected. Default: global."`
	Check       Check    `json:"check,omitzero" doc:"What a token has to show before it is used."`
}

// Check is what a token has to show. Both are tried where its scope allows it;
// with neither, that the token works at all.
type Check struct {
	Account      string `json:"account,omitempty" doc:"E-mail of the account that the token must belong to. Only tokens of scope global or identity can tell."`
	ConfigVarsOf string `json:"config_vars_of,omitempty" doc:"An app whose config vars the token must be able to read. Only tokens of scope global, read-protected or write-protected can."`
}

// scopes lists what the API offers.
// https://devcenter.heroku.com/articles/oauth#scopes
func scopes() []string {
	return []string{"global", "identity", "read", "write", "read-protected", "write-protected"}
}

// Validate implements [provider.Settings].
func (a *Authorization) Validate() error {
	switch {
	case strings.TrimSpace(a.Description) == "":
		return fmt.Errorf("description: must not be empty")
	case strings.TrimSpace(a.Description) != a.Description || strings.ContainsFunc(a.Description, unicode.IsControl):
		return fmt.Errorf("description: must not begin or end with a space, or hold control characters")
	}
	for _, s := range a.Scope {
		if !slices.Contains(scopes(), s) {
			return fmt.Errorf("scope: no scope %q; there are %s", s, strings.Join(scopes(), ", "))
		}
	}
	if a.Check.ConfigVarsOf != "" && !appName.MatchString(a.Check.ConfigVarsOf) {
		return fmt.Errorf("check.config_vars_of: %q is not the name or id of an app", a.Check.ConfigVarsOf)
	}
	return nil
}

// Where implements [provider.Settings].
func (a *Authorization) Where() string { return "authorization " + a.Description }

func (a *Authorization) scope() []string {
	if len(a.Scope) == 0 {
		return []string{"global"}
	}
	return a.Scope
}

func (a *Authorization) hasScope(any ...string) bool {
	return slices.ContainsFunc(a.scope(), func(s string) bool { return slices.Contains(any, s) })
}

// readsAccount reports whether a token of this scope may ask whose it is.
func (a *Authorization) readsAccount() bool { return a.hasScope("global", "identity") }

// readsConfigVars reports whether a token of this scope may read config vars.
func (a *Authorization) readsConfigVars() bool {
	return a.hasScope("global", "read-protected", "write-protected")
}

// ConfigVar is the settings of a heroku/config-var consumer.
type ConfigVar struct {
	App  string   `json:"app" doc:"Name or id of the app." required:"true"`
	Keys []string `json:"keys" doc:"Config vars that hold the value." required:"true"`
}

var (
	appName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)
	varName = regexp.MustCompile(`^\w+$`)
)

// Validate implements [provider.Settings].
func (v *ConfigVar) Validate() error {
	if !appName.MatchString(v.App) {
		return fmt.Errorf("app: %q is not the name or id of an app", v.App)
	}
	if len(v.Keys) == 0 {
		return fmt.Errorf("keys: at least one")
	}
	for i, k := range v.Keys {
		if !varName.MatchString(k) {
			return fmt.Errorf("keys: %q is not a name of a config var; letters, digits and _ are", k)
		}
		if slices.Contains(v.Keys[:i], k) {
			return fmt.Errorf("keys: %s is there twice", k)
		}
	}
	return nil
}

// Where implements [provider.Settings].
func (v *ConfigVar) Where() string { return v.App + " " + strings.Join(v.Keys, ", ") }

// Locations implements [provider.Located].
func (v *ConfigVar) Locations() []string {
	var all []string
	for _, k := range v.Keys {
		all = append(all, v.App+"/"+k)
	}
	return all
}

// Names implements [provider.Named].
func (v *ConfigVar) Names() []string { return v.Keys }

// Group implements [provider.Grouped]: the keys of an app are written by one
// call.
func (v *ConfigVar) Group() string { return v.App }

// Merge implements [provider.Grouped].
func (v *ConfigVar) Merge(other provider.Settings) error {
	o, ok := other.(*ConfigVar)
	if !ok || o.App != v.App {
		return fmt.Errorf("app: %s cannot be merged with %s", v.App, other.Where())
	}
	keys := slices.Clone(v.Keys)
	for _, k := range o.Keys {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	v.Keys = keys
	return nil
}
