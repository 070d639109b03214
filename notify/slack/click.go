package slack

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
)

const (
	verbApprove = "approve"
	verbDeny    = "deny"
	verbOpen    = "open"
)

// A Click is what somebody decided.
type Click struct {
	Person   string // who they are here
	Approve  bool   // or deny
	Rotation pawl.RotationID
	Digest   string // of the plan that they were shown
}

// value is what a button carries: about which rotation, and which plan. It is
// not trusted; what is decided is about the plan with this digest or about none.
func value(n notify.Note) string {
	if n.Approval == nil {
		return n.Rotation
	}
	return n.Rotation + " " + n.Approval.Digest
}

// valid is how long a question can be answered by a click. After that it is
// answered in the console, or not at all: an old message that somebody scrolls
// to is no decision.
const valid = 24 * time.Hour

// Run hears clicks until ctx ends, by one connection after the other: Slack ends
// each of them every few hours.
func (s *Sender) Run(ctx context.Context) {
	if !s.clickable() {
		return
	}
	for ctx.Err() == nil {
		s.connect(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
}

// connect hears clicks until Slack lets nobody in any more.
func (s *Sender) connect(ctx context.Context) {
	while, stop := context.WithCancel(ctx)
	defer stop()
	c := socketmode.New(s.api, socketmode.OptionDialer(dialer()), socketmode.OptionReadLimit(1<<20))
	go s.hear(while, c)
	if err := c.RunContext(while); err != nil && ctx.Err() == nil {
		s.cfg.Log.Error("clicks in Slack are not heard", "err", failed(err))
	}
}

// dialer reaches what Slack says by TLS; without only what is on this machine.
// The environment has no say.
func dialer() *websocket.Dialer {
	plain := &net.Dialer{Timeout: 10 * time.Second}
	return &websocket.Dialer{HandshakeTimeout: 20 * time.Second, WriteBufferSize: 32 << 10,
		NetDialTLSContext: (&tls.Dialer{NetDialer: plain, Config: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}}).DialContext,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !at.Addr().IsLoopback() {
				return nil, errors.New("not without TLS")
			}
			return plain.DialContext(ctx, network, address)
		}}
}

// hear takes what comes in, one after the other: the first click wins, and the
// second one hears that.
func (s *Sender) hear(ctx context.Context, c *socketmode.Client) {
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-c.Events:
			switch ev.Type {
			case socketmode.EventTypeConnected:
				s.cfg.Log.Info("clicks in Slack are heard")
			case socketmode.EventTypeConnectionError:
				s.cfg.Log.Warn("no connection to Slack for clicks")
			case socketmode.EventTypeInteractive:
				if ev.Request != nil {
					c.AckCtx(ctx, ev.Request.EnvelopeID, nil) // within three seconds, whatever it comes to
				}
				if call, ok := ev.Data.(slack.InteractionCallback); ok {
					s.clicked(ctx, call)
				}
			}
		}
	}
}

func (s *Sender) clicked(ctx context.Context, call slack.InteractionCallback) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, action := range call.ActionCallback.BlockActions {
		if call.Type != slack.InteractionTypeBlockActions || action.ActionID != verbApprove && action.ActionID != verbDeny {
			continue // Open is a link
		}
		err := s.decide(ctx, call, action)
		text := "It is done."
		if err != nil {
			text = "Nothing was decided: " + cmp.Or(pawl.CauseOf(err), "something went wrong in pawl") + "."
		}
		s.cfg.Log.Info("a click in Slack", "member", call.User.ID, "verb", action.ActionID, "err", err)
		if _, err := s.api.PostEphemeralContext(ctx, call.Channel.ID, call.User.ID, slack.MsgOptionText(text, true)); err != nil {
			s.cfg.Log.Warn("answering a click", "err", failed(err))
		}
	}
}

// decide does what was clicked. That the message changes is the notifier's: it
// sees that what was waited for is over, however that came.
func (s *Sender) decide(ctx context.Context, call slack.InteractionCallback, action *slack.BlockAction) error {
	person := s.cfg.People[call.User.ID]
	if person == "" {
		return refused(pawl.Forbidden, "notify.yaml does not say who you are here")
	}
	if s.cfg.Now().Sub(stamp(call.Message.Timestamp)) > valid {
		return refused(pawl.Conflict, "this question is older than a day; use the console, or pawl approve")
	}
	rotation, digest, ok := strings.Cut(action.Value, " ")
	c := Click{Person: person, Approve: action.ActionID == verbApprove, Digest: digest}
	if err := c.Rotation.UnmarshalText([]byte(rotation)); err != nil || !ok {
		return refused(pawl.Invalid, "the button is not one of ours")
	}
	return s.cfg.Decide(ctx, c)
}

// stamp is when Slack took a message in; zero if it does not say.
func stamp(ts string) time.Time {
	seconds, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

func refused(kind pawl.Kind, text string) error {
	return &pawl.Error{Op: "slack", Kind: kind, Err: errors.New(text)}
}
