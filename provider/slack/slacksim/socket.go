package slacksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// sockets are the connections by which clicks are told (Socket Mode). A ticket
// opens one of them, once.
//
// Written from https://docs.slack.dev/apis/events-api/using-socket-mode.
type sockets struct {
	at      sync.Mutex
	tickets map[string]bool
	conn    *websocket.Conn
	acks    map[string]chan struct{}
	clicks  int
}

func (s *Sim) openSocket(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+s.opt.App {
		refuse(w, "invalid_auth")
		return
	}
	s.at.Lock()
	defer s.at.Unlock()
	if s.tickets == nil {
		s.tickets, s.acks = map[string]bool{}, map[string]chan struct{}{}
	}
	ticket := fmt.Sprint("ticket-", len(s.tickets)+1)
	s.tickets[ticket] = true
	reply(w, map[string]any{"ok": true, "url": "ws://" + r.Host + "/socket?ticket=" + ticket})
}

// socket is one connection: it says hello and pings, as the real one does.
func (s *Sim) socket(w http.ResponseWriter, r *http.Request) {
	s.at.Lock()
	good := s.tickets[r.URL.Query().Get("ticket")]
	s.tickets[r.URL.Query().Get("ticket")] = false
	s.at.Unlock()
	if !good {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.at.Lock()
	s.conn = conn
	conn.WriteJSON(map[string]any{"type": "hello", "num_connections": 1})
	conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(time.Second))
	s.at.Unlock()
	s.heed(conn)
}

// heed reads what is acknowledged until the connection ends.
func (s *Sim) heed(conn *websocket.Conn) {
	defer conn.Close()
	for {
		var ack struct {
			Envelope string `json:"envelope_id"`
		}
		if conn.ReadJSON(&ack) != nil {
			break
		}
		s.at.Lock()
		if ch := s.acks[ack.Envelope]; ch != nil {
			close(ch)
			delete(s.acks, ack.Envelope)
		}
		s.at.Unlock()
	}
	s.at.Lock()
	defer s.at.Unlock()
	if s.conn == conn {
		s.conn = nil
	}
}

// Connected reports whether anybody listens for clicks.
func (s *Sim) Connected() bool {
	s.at.Lock()
	defer s.at.Unlock()
	return s.conn != nil
}

// Drop ends the connection, as Slack does every few hours.
func (s *Sim) Drop() {
	s.at.Lock()
	defer s.at.Unlock()
	if s.conn != nil {
		s.conn.WriteJSON(map[string]any{"type": "disconnect", "reason": "refresh_requested"})
		s.conn.Close()
		s.conn = nil
	}
}

// Buttons are those of a message, by their action: what they carry.
func (m Message) Buttons() map[string]string {
	var blocks []struct {
		Type     string
		Elements []struct {
			Action string `json:"action_id"`
			Value  string `json:"value"`
		}
	}
	all := map[string]string{}
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return all
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			if b.Type == "actions" {
				all[e.Action] = e.Value
			}
		}
	}
	return all
}

// Click lets a member click a button of a message, and waits until whoever
// listens says that they heard it: Slack shows an error after three seconds.
func (s *Sim) Click(member string, m Message, action string) error {
	value, there := m.Buttons()[action]
	if !there {
		return fmt.Errorf("the message has no button %q", action)
	}
	return s.Press(member, m, action, value)
}

// Press is a click on a button that need not be there.
func (s *Sim) Press(member string, m Message, action, value string) error {
	s.at.Lock()
	if s.conn == nil {
		s.at.Unlock()
		return errors.New("nobody listens")
	}
	s.clicks++
	envelope := fmt.Sprint("envelope-", s.clicks)
	heard := make(chan struct{})
	s.acks[envelope] = heard
	err := s.conn.WriteJSON(map[string]any{"type": "interactive", "envelope_id": envelope, "accepts_response_payload": false, "payload": map[string]any{
		"type": "block_actions", "user": map[string]any{"id": member, "name": strings.ToLower(member)}, "channel": map[string]any{"id": m.Channel},
		"container": map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel}, "message": map[string]any{"ts": m.TS, "text": m.Text},
		"actions": []any{map[string]any{"type": "button", "block_id": "pawl", "action_id": action, "value": value, "action_ts": m.TS}},
	}})
	s.at.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-heard:
		return nil
	case <-time.After(3 * time.Second):
		return errors.New("nobody heard it in three seconds")
	}
}
