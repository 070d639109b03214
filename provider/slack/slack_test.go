package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/slack"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
	"github.com/pawl-dev/pawl/provider/wire"
)

var message = pawl.Message{Title: "heroku-api-key/12", Text: "Open a new shell & run `heroku auth:whoami`: <https://pawl.acme.example/12> <!channel>"}

// connect returns the notifier of a workspace at url.
func connect(t *testing.T, url, token string) pawl.Notifier {
	t.Helper()
	p := slack.Provider()
	client, err := p.Connection.Open(provider.Connection{
		Name: "chat", URL: url, HTTP: wire.NewClient(wire.Options{Vendor: "slack"}),
		Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte(token))},
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := p.Notifiers[0].New(client)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func open(t *testing.T, o slacksim.Options) (pawl.Notifier, *slacksim.Sim) {
	t.Helper()
	s := slacksim.New(o)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return connect(t, srv.URL+"/api", slacksim.Token), s
}

// answering returns the notifier of a Slack that says the same to everything.
func answering(t *testing.T, status int, body string, header ...string) pawl.Notifier {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return connect(t, srv.URL, slacksim.Token)
}

// wantKind checks an error's kind, and that nothing secret is in it.
func wantKind(t *testing.T, err error, want pawl.Kind) {
	t.Helper()
	if _, ok := errors.AsType[*pawl.Error](err); !ok || pawl.KindOf(err) != want {
		t.Errorf("got error %v (%v), want kind %v", err, pawl.KindOf(err), want)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", err, err, err, pawl.HintOf(err)); strings.Contains(text, "CANARY") {
		t.Errorf("the error shows a secret: %s", text)
	}
}

func TestNotify(t *testing.T) {
	for to, channel := range map[string]string{
		"C0000000001":        "C0000000001",
		"#acme-ops":          "C0000000001",
		"D0000000009":        "D0000000009",
		"U0000000001":        "D0000000001",
		"ops@acme.example":   "D0000000001",
		" ops@acme.example ": "D0000000001",
	} {
		t.Run(to, func(t *testing.T) {
			n, s := open(t, slacksim.Options{})
			s.Open("D0000000009")
			if err := n.Notify(t.Context(), to, message); err != nil {
				t.Fatal(err)
			}
			got := s.Messages()
			if len(got) != 1 || got[0].Channel != channel {
				t.Fatalf("got %+v, want one to %s", got, channel)
			}
			if got[0].UnfurlLinks || got[0].UnfurlMedia {
				t.Errorf("a preview was asked for: %+v", got[0])
			}
			want := "*heroku-api-key/12*\nOpen a new shell &amp; run `heroku auth:whoami`: &lt;https://pawl.acme.example/12&gt; &lt;!channel&gt;"
			if got[0].Text != want {
				t.Errorf("got %q, want %q", got[0].Text, want)
			}
		})
	}
}

func TestNobodyIsTold(t *testing.T) {
	for _, tt := range []struct {
		to   string
		kind pawl.Kind
	}{
		{"", pawl.Invalid},
		{"@ops", pawl.Invalid},
		{"#nowhere", pawl.NotFound},
		{"C0000000404", pawl.NotFound},
		{"U0000000404", pawl.NotFound},
		{"nobody@acme.example", pawl.NotFound},
	} {
		n, s := open(t, slacksim.Options{})
		wantKind(t, n.Notify(t.Context(), tt.to, message), tt.kind)
		if got := s.Messages(); len(got) != 0 {
			t.Errorf("%q: got %+v", tt.to, got)
		}
	}
}

func TestMissingScopes(t *testing.T) {
	for missing, to := range map[string]string{"chat:write": "#acme-ops", "im:write": "U0000000001", "users:read.email": "ops@acme.example"} {
		var scopes []string
		for _, scope := range []string{"chat:write", "im:write", "users:read.email"} {
			if scope != missing {
				scopes = append(scopes, scope)
			}
		}
		n, s := open(t, slacksim.Options{Scopes: scopes})
		err := n.Notify(t.Context(), to, message)
		wantKind(t, err, pawl.Forbidden)
		if !strings.Contains(pawl.HintOf(err), missing) || len(s.Messages()) != 0 {
			t.Errorf("%s: hint %q, messages %v", missing, pawl.HintOf(err), s.Messages())
		}
	}
}

func TestWrongToken(t *testing.T) {
	s := slacksim.New(slacksim.Options{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	err := connect(t, srv.URL, "xoxb-stale-CANARY").Notify(t.Context(), "#acme-ops", message)
	wantKind(t, err, pawl.Denied)
	if !strings.Contains(pawl.HintOf(err), `"chat"`) {
		t.Errorf("the hint does not name the connection: %q", pawl.HintOf(err))
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		post   pawl.Kind // of posting a message
		look   pawl.Kind // of looking a person up
	}{
		{"Internal", 500, "CANARY", pawl.Unknown, pawl.Unavailable},
		{"BadGateway", 502, "<html>CANARY", pawl.Unknown, pawl.Unavailable},
		{"InternalCode", 200, `{"ok":false,"error":"internal_error"}`, pawl.Unknown, pawl.Unavailable},
		{"Limited", 200, `{"ok":false,"error":"ratelimited"}`, pawl.Throttled, pawl.Throttled},
		{"UnknownCode", 200, `{"ok":false,"error":"xoxb-CANARY"}`, pawl.Invalid, pawl.Invalid},
		{"HTML", 200, "<html>CANARY", pawl.Unknown, pawl.Unavailable},
		{"Cut", 200, `{"ok":true,"channel":"C00`, pawl.Unknown, pawl.Unavailable},
		{"Empty", 200, "", pawl.Unknown, pawl.Unavailable},
		{"NothingSaid", 200, "{}", pawl.Unknown, pawl.Unavailable},
		{"WrongType", 200, `{"ok":"CANARY"}`, pawl.Unknown, pawl.Unavailable},
		{"Redirect", 302, "", pawl.Unknown, pawl.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := answering(t, tt.status, tt.body, "Location", "https://elsewhere.example/")
			wantKind(t, n.Notify(t.Context(), "#acme-ops", message), tt.post)
			wantKind(t, n.Notify(t.Context(), "ops@acme.example", message), tt.look)
			wantKind(t, n.Notify(t.Context(), "U0000000001", message), tt.look)
		})
	}
}

func TestTooManyMessages(t *testing.T) {
	for after, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-7": 0, "999999999": wire.MaxAfter, "CANARY": 0} {
		n := answering(t, http.StatusTooManyRequests, "", "Retry-After", after)
		err := n.Notify(t.Context(), "#acme-ops", message)
		wantKind(t, err, pawl.Throttled)
		if e, ok := errors.AsType[*pawl.Error](err); !ok || e.After != want {
			t.Errorf("%q: wait %v, want %v", after, e.After, want)
		}
	}
}

func TestNoServer(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	wantKind(t, connect(t, srv.URL, slacksim.Token).Notify(t.Context(), "#acme-ops", message), pawl.Unavailable)
}

func TestOpenRefuses(t *testing.T) {
	open := slack.Provider().Connection.Open
	_, err := open(provider.Connection{Name: "chat", HTTP: wire.NewClient(wire.Options{})})
	wantKind(t, err, pawl.Denied)
	_, err = open(provider.Connection{Name: "chat", Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte("CANARY"))}})
	wantKind(t, err, pawl.Invalid)
	_, err = slack.Provider().Notifiers[0].New("something else")
	wantKind(t, err, pawl.Invalid)
}
