// Package all lists the providers. Adding one is adding a line here.
package all

import (
	httpprobe "github.com/pawl-dev/pawl/probe/http"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/slack"
)

// Providers returns every provider.
func Providers() []provider.Provider {
	return []provider.Provider{
		heroku.Provider(),
		infisical.Provider(),
		github.Provider(),
		slack.Provider(),
		httpprobe.Provider(nil),
	}
}
