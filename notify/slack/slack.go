// Package slack tells the members of a Slack workspace, and lets those who are
// known here approve or deny by a click. Clicks come over a connection that we
// open (Socket Mode), so no port has to be reachable from outside.
//
// A click decides as the person that the configuration says the member is, and
// through the same door as everybody: who asked for a rotation cannot approve
// it here either. No message has a value of a credential.
//
// API: https://docs.slack.dev/apis/events-api/using-socket-mode
package slack

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
)

const defaultURL = "https://slack.com/api"

// Config says which workspace is told. Token, To and HTTP are required; AppToken,
// People and Decide for clicks.
type Config struct {
	Token    pawl.Secret
	AppToken pawl.Secret
	URL      string // of the API's root; empty: Slack's
	To       string // a channel's id, #channel, or a member's id
	HTTP     *http.Client
	People   map[string]string // who a member is here, by member id
	// Decide does what somebody clicked. Its error is shown to them.
	Decide func(ctx context.Context, c Click) error
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: nothing is logged
}

// A Sender is a [notify.Sender].
type Sender struct {
	cfg Config
	api *slack.Client
}

var (
	_ notify.Sender = (*Sender)(nil)
	_ notify.Ender  = (*Sender)(nil)
)

// New returns a sender. It does no I/O.
func New(cfg Config) *Sender {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	options := []slack.Option{slack.OptionHTTPClient(cfg.HTTP), slack.OptionAPIURL(strings.TrimRight(cmp.Or(cfg.URL, defaultURL), "/") + "/")}
	if !cfg.AppToken.IsZero() {
		options = append(options, slack.OptionAppLevelToken(strings.TrimSpace(string(cfg.AppToken.Reveal()))))
	}
	return &Sender{cfg, slack.New(strings.TrimSpace(string(cfg.Token.Reveal())), options...)}
}

// clickable reports whether clicks are heard.
func (s *Sender) clickable() bool { return !s.cfg.AppToken.IsZero() && s.cfg.Decide != nil }

// Tell implements [notify.Sender].
func (s *Sender) Tell(ctx context.Context, n notify.Note) (string, error) {
	channel, ts, err := s.api.PostMessageContext(ctx, s.cfg.To, s.message(n, "")...)
	if err == nil && ts == "" { // slack-go takes an answer without "ok" for a success
		err = errors.New("no answer that was expected")
	}
	if err != nil {
		return "", failed(err)
	}
	return channel + " " + ts, nil
}

// Over implements [notify.Ender]: the message says how it came out, and nothing
// can be clicked any more.
func (s *Sender) Over(ctx context.Context, n notify.Note, ref, how string) error {
	channel, ts, ok := strings.Cut(ref, " ")
	if !ok {
		return &pawl.Error{Op: "slack", Kind: pawl.Invalid, Err: errors.New("the message is not known any more")}
	}
	if _, _, _, err := s.api.UpdateMessageContext(ctx, channel, ts, s.message(n, how)...); err != nil {
		return failed(err)
	}
	return nil
}

// message is a note as Slack shows it. Whatever was not written here is escaped,
// so that it cannot call everybody or hide a link.
func (s *Sender) message(n notify.Note, over string) []slack.MsgOption {
	mark := ":information_source:"
	switch {
	case over != "":
		mark = ":white_check_mark:"
	case n.Urgent:
		mark = ":rotating_light:"
	case n.Stands:
		mark = ":hourglass_flowing_sand:"
	}
	lines := []string{mark + " *" + escape(n.Title) + "*"}
	if over != "" {
		lines = append(lines, escape("Over: "+over+"."))
	} else {
		lines = append(lines, escape(n.Text))
		if n.Next != "" {
			lines = append(lines, "`"+strings.ReplaceAll(escape(n.Next), "`", "'")+"`")
		}
	}
	text := strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n")
	blocks := []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, clip(text, 2900), false, false), nil, nil)}
	if buttons := s.buttons(n, over); len(buttons) > 0 {
		blocks = append(blocks, slack.NewActionBlock("pawl", buttons...))
	}
	return []slack.MsgOption{slack.MsgOptionText(escape(n.Title), false), slack.MsgOptionBlocks(blocks...), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
}

// buttons are what can be clicked. Open leads to the console, where everything
// about it is to be seen.
func (s *Sender) buttons(n notify.Note, over string) []slack.BlockElement {
	var all []slack.BlockElement
	button := func(verb, title string) *slack.ButtonBlockElement {
		b := slack.NewButtonBlockElement(verb, value(n), slack.NewTextBlockObject(slack.PlainTextType, title, false, false))
		all = append(all, b)
		return b
	}
	if over == "" && n.Approval != nil && s.clickable() {
		button(verbApprove, "Approve").WithStyle(slack.StylePrimary)
		deny := button(verbDeny, "Deny").WithStyle(slack.StyleDanger)
		deny.Confirm = slack.NewConfirmationBlockObject(slack.NewTextBlockObject(slack.PlainTextType, "Deny it?", false, false),
			slack.NewTextBlockObject(slack.PlainTextType, "The old key is put back everywhere.", false, false),
			slack.NewTextBlockObject(slack.PlainTextType, "Deny", false, false), slack.NewTextBlockObject(slack.PlainTextType, "No", false, false))
	}
	if n.Link != "" {
		button(verbOpen, "Open").URL = n.Link
	}
	return all
}

// escape is https://docs.slack.dev/messaging/formatting-message-text#escaping.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// failed turns an error of slack-go into one of ours. Of what Slack said only
// codes that are known are kept. Nothing is Invalid: what is wrong with a
// channel or an app can be mended while the note waits.
func failed(err error) error {
	e := &pawl.Error{Op: "slack", Kind: pawl.Unavailable, Err: errors.New("Slack does not answer as expected")}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		e.Kind, e.After, e.Err = pawl.Throttled, max(0, limited.RetryAfter), errors.New("too many messages")
	}
	if said, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		e.Err = errors.New("Slack refused")
		if hint, known := hints[said.Err]; known {
			e.Err, e.Hint = errors.New(said.Err), hint
		}
	}
	return e
}

var hints = map[string]string{
	"invalid_auth": "check the token", "not_authed": "check the token", "token_revoked": "check the token", "account_inactive": "check the token",
	"missing_scope": "the app needs chat:write", "not_in_channel": "invite the app to the channel", "channel_not_found": "check to:, or invite the app",
	"is_archived": "the channel is archived", "message_not_found": "somebody has deleted it", "cant_update_message": "it is another app's",
}
