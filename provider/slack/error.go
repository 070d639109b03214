package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/slack-go/slack"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
)

var errShape = errors.New("the answer is not the JSON that was expected")

// failed turns an error of slack-go into one of ours. Of what Slack said only
// codes that are known are kept.
func (w *workspace) failed(mutates bool, err error) *pawl.Error {
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return &pawl.Error{Op: op, Kind: pawl.Throttled, After: min(max(limited.RetryAfter, 0), wire.MaxAfter), Err: errors.New("too many messages")}
	}
	if answered, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return w.refused(mutates, answered.Err)
	}
	if answered, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return wire.Answer(op, mutates, answered.Code, http.Header{})
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok { // the only number that it reads itself: a Retry-After
		return &pawl.Error{Op: op, Kind: pawl.Throttled, Err: errors.New("too many messages")}
	}
	if isShape(err) {
		return &pawl.Error{Op: op, Kind: unanswered(mutates), Err: errShape}
	}
	return wire.Classify(op, mutates, err)
}

func isShape(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, wrong := errors.AsType[*json.UnmarshalTypeError](err)
	return syntax || wrong
}

func unanswered(mutates bool) pawl.Kind {
	if mutates {
		return pawl.Unknown
	}
	return pawl.Unavailable
}

// refused reads the code of an answer that is not "ok".
//
// Codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors
func (w *workspace) refused(mutates bool, code string) *pawl.Error {
	e := &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("Slack refused")}
	kind, known := kindOf(mutates, code)
	if !known {
		return e
	}
	e.Kind, e.Err = kind, errors.New(code)
	switch e.Kind {
	case pawl.Denied:
		e.Hint = fmt.Sprintf("check the token of the connection %q: it must be the bot token of an app that is installed", w.name)
	case pawl.Forbidden:
		e.Hint = "the app needs the scopes chat:write, im:write and users:read.email; invite it to the channel"
	case pawl.NotFound:
		e.Hint = "check to whom the note goes: a channel's id, #channel, a member's id or an e-mail address; invite the app to a private channel"
	}
	return e
}

func kindOf(mutates bool, code string) (pawl.Kind, bool) {
	switch code {
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type":
		return pawl.Denied, true
	case "missing_scope", "no_permission", "access_denied", "not_in_channel", "restricted_action", "team_access_not_granted", "ekm_access_denied", "org_login_required":
		return pawl.Forbidden, true
	case "channel_not_found", "user_not_found", "users_not_found", "user_not_visible":
		return pawl.NotFound, true
	case "ratelimited", "rate_limited":
		return pawl.Throttled, true
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		return unanswered(mutates), true
	case "invalid_arguments", "is_archived", "no_text", "msg_too_long", "cannot_dm_bot", "user_disabled", "users_list_not_supplied", "method_deprecated":
		return pawl.Invalid, true
	}
	return pawl.Invalid, false
}
