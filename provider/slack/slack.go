// Package slack sends notes to people and channels of a Slack workspace.
//
// Slack answers 200 to nearly everything; whether it did what was asked is in
// the answer's "ok". Messages are sent without previews, because a previewer
// that follows a link may use it up.
//
// API: https://docs.slack.dev/reference/methods/chat.postMessage
package slack

import (
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

const defaultURL = "https://slack.com/api"

// Provider returns what can be done with Slack.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "slack",
		Doc:  "Notes to people and channels of a Slack workspace.",
		Connection: &provider.Connecting{
			URL:     defaultURL,
			Secrets: []provider.Secret{{Name: "token", Doc: "Bot token of a Slack app (xoxb-…)."}},
			Scopes:  "chat:write, im:write, users:read.email",
			Open:    open,
		},
		Notifiers: []provider.NotifierKind{{Name: "slack", Effort: provider.Effort{Check: 1, Write: 3}, New: newNotifier}},
	}
}

func open(c provider.Connection) (any, error) {
	token := c.Secrets["token"]
	if token.IsZero() {
		return nil, &pawl.Error{Op: "slack.Open", Kind: pawl.Denied, Hint: fmt.Sprintf("give a token to the connection %q", c.Name), Err: errors.New("no token")}
	}
	if c.HTTP == nil { // slack-go would take one that follows redirects
		return nil, &pawl.Error{Op: "slack.Open", Kind: pawl.Invalid, Err: errors.New("no HTTP client")}
	}
	root := strings.TrimRight(c.URL, "/")
	if root == "" {
		root = defaultURL
	}
	api := slack.New(string(token.Reveal()), slack.OptionHTTPClient(c.HTTP), slack.OptionAPIURL(root+"/"))
	return &workspace{name: c.Name, root: root, token: token, http: c.HTTP, api: api}, nil
}

func newNotifier(client any) (pawl.Notifier, error) {
	w, ok := client.(*workspace)
	if !ok {
		return nil, &pawl.Error{Op: "slack", Kind: pawl.Invalid, Err: fmt.Errorf("a connection of another kind (%T)", client)}
	}
	return w, nil
}
