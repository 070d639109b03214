// Package slacksim simulates the part of Slack's Web API that package slack
// uses. It keeps state and refuses what the real one refuses, as Slack does:
// with status 200, "ok": false and a code.
//
// Written from https://docs.slack.dev/reference/methods.
package slacksim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Token is the bot's token, unless Options say otherwise.
const Token = "xoxb-slack-CANARY"

// AppToken is the app-level token, unless Options say otherwise.
const AppToken = "xapp-slack-CANARY"

// Options are the workspace's. The zero value has a channel #acme-ops, the
// person ops@acme.example and a bot with all scopes.
type Options struct {
	Token    string            // empty: Token
	Scopes   []string          // nil: chat:write, im:write, users:read.email
	Channels map[string]string // name to id; nil: acme-ops is C0000000001
	Users    map[string]string // e-mail address to id; nil: ops@acme.example is U0000000001
	App      string            // the app-level token; empty: AppToken
	Now      func() time.Time  // that messages are stamped with; nil: always the same second
}

func (o Options) withDefaults() Options {
	if o.Token == "" {
		o.Token = Token
	}
	if o.Scopes == nil {
		o.Scopes = []string{"chat:write", "im:write", "users:read.email"}
	}
	if o.Channels == nil {
		o.Channels = map[string]string{"acme-ops": "C0000000001"}
	}
	if o.Users == nil {
		o.Users = map[string]string{"ops@acme.example": "U0000000001"}
	}
	if o.App == "" {
		o.App = AppToken
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Unix(1700000000, 0) }
	}
	return o
}

// A Message is one that was posted.
type Message struct {
	Channel     string // its id
	Text        string // as it was sent, with &amp; &lt; &gt;
	UnfurlLinks bool
	UnfurlMedia bool
	TS          string          // what it is called
	Blocks      json.RawMessage // nil: none
	Only        string          // the one member who sees it; empty: everybody there
}

// Sim is a simulated workspace. It is safe for concurrent use.
type Sim struct {
	http.Handler
	opt Options

	mu       sync.Mutex
	direct   map[string]bool // ids of open direct conversations
	messages []Message
	requests []string
	sockets
}

// New returns a workspace without messages. The conversation with a person
// U… has the id D…. It answers below / and below /api/.
func New(o Options) *Sim {
	s := &Sim{opt: o.withDefaults(), direct: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/auth.test", s.allowed("", s.authTest))
	mux.HandleFunc("POST /chat.postMessage", s.allowed("chat:write", s.postMessage))
	mux.HandleFunc("POST /conversations.open", s.allowed("im:write", s.openConversation))
	mux.HandleFunc("/users.lookupByEmail", s.allowed("users:read.email", s.lookupByEmail))
	mux.HandleFunc("POST /chat.update", s.allowed("chat:write", s.update))
	mux.HandleFunc("POST /chat.postEphemeral", s.allowed("chat:write", s.postEphemeral))
	mux.HandleFunc("POST /apps.connections.open", s.openSocket)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, "unknown_method") })
	top := http.NewServeMux()
	top.Handle("/api/", http.StripPrefix("/api", mux))
	top.Handle("/", mux)
	front := http.NewServeMux()
	front.HandleFunc("GET /socket", s.socket) // not one request at a time: it stays open
	front.Handle("/", s.recorded(top))
	s.Handler = front
	return s
}

// Messages returns what was posted, oldest first.
func (s *Sim) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Requests returns the requests so far, as "POST /chat.postMessage".
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// recorded makes one request at a time and keeps its first line, without a
// query: the token may be in it.
func (s *Sim) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api"))
		next.ServeHTTP(w, r)
	})
}

// allowed lets through only requests with the token, if it has the scope.
func (s *Sim) allowed(scope string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			token = r.PostFormValue("token") // a token in a query is not accepted any more
		}
		switch {
		case token == "":
			refuse(w, "not_authed")
		case token != s.opt.Token:
			refuse(w, "invalid_auth")
		case scope != "" && !slices.Contains(s.opt.Scopes, scope):
			reply(w, map[string]any{"ok": false, "error": "missing_scope", "needed": scope, "provided": strings.Join(s.opt.Scopes, ",")})
		default:
			next(w, r)
		}
	}
}

func (s *Sim) authTest(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{"ok": true, "url": "https://acme.slack.example/", "team": "acme", "user": "pawl", "team_id": "T0000000001", "user_id": "U0000000000"})
}

func (s *Sim) postMessage(w http.ResponseWriter, r *http.Request) {
	channel, ok := s.channel(r.FormValue("channel"))
	switch {
	case !ok:
		refuse(w, "channel_not_found")
	case r.FormValue("text") == "":
		refuse(w, "no_text")
	default:
		m := s.message(r, channel)
		s.messages = append(s.messages, m)
		reply(w, map[string]any{"ok": true, "channel": channel, "ts": m.TS})
	}
}

func (s *Sim) message(r *http.Request, channel string) Message {
	m := Message{
		Channel:     channel,
		Text:        r.FormValue("text"),
		UnfurlLinks: r.FormValue("unfurl_links") != "false",
		UnfurlMedia: r.FormValue("unfurl_media") != "false",
		TS:          fmt.Sprintf("%d.%06d", s.opt.Now().Unix(), len(s.messages)+1),
		Only:        r.FormValue("user"),
	}
	if b := r.FormValue("blocks"); b != "" {
		m.Blocks = json.RawMessage(b)
	}
	return m
}

func (s *Sim) update(w http.ResponseWriter, r *http.Request) {
	for i, m := range s.messages {
		if m.Channel == r.FormValue("channel") && m.TS == r.FormValue("ts") {
			s.messages[i] = s.message(r, m.Channel)
			s.messages[i].TS = m.TS
			reply(w, map[string]any{"ok": true, "channel": m.Channel, "ts": m.TS, "text": r.FormValue("text")})
			return
		}
	}
	refuse(w, "message_not_found")
}

func (s *Sim) postEphemeral(w http.ResponseWriter, r *http.Request) {
	channel, ok := s.channel(r.FormValue("channel"))
	switch {
	case !ok:
		refuse(w, "channel_not_found")
	case r.FormValue("user") == "":
		refuse(w, "user_not_in_channel")
	default:
		m := s.message(r, channel)
		s.messages = append(s.messages, m)
		reply(w, map[string]any{"ok": true, "message_ts": m.TS})
	}
}

// channel finds a channel by #name, name or id, or an open conversation.
func (s *Sim) channel(to string) (string, bool) {
	if id, ok := s.opt.Channels[strings.TrimPrefix(to, "#")]; ok {
		return id, true
	}
	for _, id := range s.opt.Channels {
		if id == to {
			return id, true
		}
	}
	return to, s.direct[to]
}

// Open makes a direct conversation exist, as if the person had opened it.
func (s *Sim) Open(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.direct[id] = true
}

func (s *Sim) openConversation(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("users")
	if user == "" {
		refuse(w, "users_list_not_supplied")
		return
	}
	for _, id := range s.opt.Users {
		if id == user {
			direct := "D" + strings.TrimPrefix(id, "U")
			s.direct[direct] = true
			reply(w, map[string]any{"ok": true, "channel": map[string]any{"id": direct}})
			return
		}
	}
	refuse(w, "user_not_found")
}

func (s *Sim) lookupByEmail(w http.ResponseWriter, r *http.Request) {
	id, ok := s.opt.Users[r.FormValue("email")]
	if !ok {
		refuse(w, "users_not_found")
		return
	}
	reply(w, map[string]any{"ok": true, "user": map[string]any{"id": id, "name": "ops"}})
}

func refuse(w http.ResponseWriter, code string) {
	reply(w, map[string]any{"ok": false, "error": code})
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(body)
}
