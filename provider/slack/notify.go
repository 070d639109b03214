package slack

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/slack-go/slack"

	"github.com/pawl-dev/pawl"
)

// workspace is a Slack workspace as one bot sees it. It is safe for concurrent
// use.
type workspace struct {
	name  string // of the connection, for hints
	root  string // of the API
	token pawl.Secret
	http  *http.Client
	api   *slack.Client

	mu    sync.Mutex
	tried bool  // whether the token signs in was asked
	trial error // what came of it
}

var _ pawl.Notifier = (*workspace)(nil)

const op = "slack.Notify"

// Notify implements [pawl.Notifier]. The receiver is the id of a channel or
// conversation (C…, G…, D…), a #channel, the id of a person (U…, W…) or a
// person's e-mail address; people get a direct message.
//
// If the answer to the message itself is lost the error is Unknown: it may have
// arrived, and sending it again may show it twice.
func (w *workspace) Notify(ctx context.Context, to string, m pawl.Message) error {
	channel, err := w.channel(ctx, strings.TrimSpace(to))
	if err != nil {
		return err
	}
	_, sent, err := w.api.PostMessageContext(ctx, channel,
		slack.MsgOptionText(text(m), true),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl())
	if err != nil {
		return w.failed(true, err)
	}
	if sent == "" { // slack-go takes an answer without "ok" for a success
		return &pawl.Error{Op: op, Kind: pawl.Unknown, Err: errShape}
	}
	return nil
}

func text(m pawl.Message) string {
	if m.Title == "" {
		return m.Text
	}
	return "*" + m.Title + "*\n" + m.Text
}

// channel finds where a message to this receiver goes.
func (w *workspace) channel(ctx context.Context, to string) (string, error) {
	switch {
	case to == "":
		return "", &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("to nobody")}
	case strings.HasPrefix(to, "@"):
		return "", &pawl.Error{Op: op, Kind: pawl.Invalid, Hint: "give the person's e-mail address, or the member id from their profile",
			Err: errors.New("names of people are not unique in Slack")}
	case strings.Contains(to, "@"):
		id, err := w.lookUp(ctx, to)
		if err != nil {
			return "", err
		}
		return w.open(ctx, id)
	case isPerson(to):
		return w.open(ctx, to)
	}
	return to, nil
}

func isPerson(to string) bool { return regexp.MustCompile(`^[UW][A-Z0-9]{5,}$`).MatchString(to) }

func (w *workspace) lookUp(ctx context.Context, email string) (string, error) {
	user, err := w.api.GetUserByEmailContext(ctx, email)
	if err != nil {
		return "", w.failed(false, err)
	}
	if user == nil || user.ID == "" {
		return "", &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errShape}
	}
	return user.ID, nil
}

// open finds the direct conversation with a person. That it may come into
// being by that is no change that matters.
func (w *workspace) open(ctx context.Context, user string) (string, error) {
	channel, _, _, err := w.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", w.failed(false, err)
	}
	if channel == nil || channel.ID == "" {
		return "", &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errShape}
	}
	return channel.ID, nil
}
