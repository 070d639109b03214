package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/notify/mail/smtpsim"
	"github.com/pawl-dev/pawl/notify/webhook"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
)

// A receiver is whom a script's server tells things: a webhook that believes
// nothing unsigned, a mail server, and a Slack workspace.
type receiver struct {
	key   []byte
	mail  *smtpsim.Sim
	slack *slacksim.Sim

	mu     sync.Mutex
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	h := req.Header
	if err != nil || h.Get("webhook-signature") != "v1,"+webhook.Sign(r.key, h.Get("webhook-id"), h.Get("webhook-timestamp"), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, h.Get("webhook-id")+" "+string(body))
}

func (r *receiver) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.bodies, "\n")
	for _, m := range r.mail.Mails() {
		text += "\nmail " + strings.ReplaceAll(m.Text, "=\r\n", "")
	}
	for _, m := range r.slack.Messages() {
		text += fmt.Sprintf("\nslack %s %s %s", m.Only, m.Text, m.Blocks)
	}
	return text
}

// scriptReceiver makes a receiver and a notify.yaml that leads to it.
func scriptReceiver(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	var err error
	s.told = &receiver{key: []byte("CANARY-hook-key-of-thirty-two-b!")}
	s.told.mail, err = smtpsim.Start(smtpsim.Options{NoTLS: true})
	ts.Check(err)
	s.told.slack = slacksim.New(slacksim.Options{Now: time.Now})
	srv, chat := httptest.NewServer(s.told), httptest.NewServer(s.told.slack)
	ts.Defer(func() { s.told.slack.Drop(); srv.Close(); chat.Close(); s.told.mail.Close() })
	text := strings.NewReplacer("HOOK", srv.URL, "MAIL", s.told.mail.Addr, "CHAT", chat.URL).Replace(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs("catalog/notify.yaml"), []byte(text), 0o600))
	for name, secret := range map[string]string{"hook": "whsec_" + base64.StdEncoding.EncodeToString(s.told.key), "bot": slacksim.Token, "app": slacksim.AppToken} {
		ts.Check(os.WriteFile(ts.MkAbs("catalog/secrets/"+name), []byte(secret), 0o600))
	}
}

// scriptClick lets a member of the workspace click a button of the newest
// message that has it.
func scriptClick(ts *testscript.TestScript, neg bool, args []string) {
	told := stageOf(ts).told
	for deadline := time.Now().Add(30 * time.Second); !told.slack.Connected() && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	for _, m := range slices.Backward(told.slack.Messages()) {
		if _, there := m.Buttons()[args[1]]; there {
			ts.Check(told.slack.Click(args[0], m, args[1]))
			return
		}
	}
	ts.Fatalf("no message has a button %s", args[1])
}

// scriptTold waits until what was told matches; with !, it says what must not
// have been told by now.
func scriptTold(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	want := regexp.MustCompile("(?s)" + args[0])
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text := s.told.all()
		if found := want.MatchString(text); found != neg {
			s.print(text)
			return
		}
		if neg || time.Now().After(deadline) {
			ts.Fatalf("told was\n%s", text)
		}
	}
}
