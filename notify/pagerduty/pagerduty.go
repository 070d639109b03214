// Package pagerduty raises incidents by PagerDuty's Events API v2, and resolves
// them when what raised them is over.
//
// API: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
package pagerduty

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
)

const defaultURL = "https://events.pagerduty.com"

// Config says which service is told. Key and HTTP are required.
type Config struct {
	Key  pawl.Secret // the integration key
	URL  string      // the API's root; empty: PagerDuty's
	HTTP *http.Client
}

// A Sender is a [notify.Sender].
type Sender struct {
	cfg Config
	url string
}

var (
	_ notify.Sender = (*Sender)(nil)
	_ notify.Ender  = (*Sender)(nil)
)

// New returns a sender.
func New(cfg Config) *Sender {
	return &Sender{cfg, strings.TrimRight(cmp.Or(cfg.URL, defaultURL), "/") + "/v2/enqueue"}
}

type event struct {
	Key     string   `json:"routing_key"`
	Action  string   `json:"event_action"`
	Dedup   string   `json:"dedup_key"`
	Payload *payload `json:"payload,omitempty"`
	Links   []link   `json:"links,omitempty"`
	Client  string   `json:"client,omitempty"`
}

type payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// Tell implements [notify.Sender]. What is about one thing is one incident.
func (s *Sender) Tell(ctx context.Context, n notify.Note) (string, error) {
	e := event{Action: "trigger", Dedup: dedup(n), Client: "pawl", Payload: &payload{Summary: clip(n.Title, 1024), Source: "pawl", Severity: severity(n),
		Timestamp: n.At.UTC().Format("2006-01-02T15:04:05.000Z"), Component: n.Credential, Class: n.Occasion, Details: map[string]string{"text": n.Text, "next": n.Next}}}
	if n.Link != "" {
		e.Links = []link{{n.Link, n.Title}}
	}
	return e.Dedup, s.enqueue(ctx, e)
}

// Over implements [notify.Ender].
func (s *Sender) Over(ctx context.Context, n notify.Note, ref, _ string) error {
	return s.enqueue(ctx, event{Action: "resolve", Dedup: cmp.Or(ref, dedup(n))})
}

func severity(n notify.Note) string {
	if n.Urgent {
		return "critical"
	}
	return "warning"
}

// dedup is what PagerDuty takes two events for one by; it keeps 255 characters.
func dedup(n notify.Note) string { return clip("pawl/"+cmp.Or(n.About, n.Key, n.ID), 255) }

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

func (s *Sender) enqueue(ctx context.Context, e event) error {
	e.Key = strings.TrimSpace(string(s.cfg.Key.Reveal()))
	body, err := json.Marshal(e)
	if err != nil {
		return failed(pawl.Invalid, "it cannot be written")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return failed(pawl.Invalid, "the URL is not one")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.cfg.HTTP.Do(req)
	if err != nil {
		return failed(pawl.Unavailable, "no answer")
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusAccepted || resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests:
		return failed(pawl.Throttled, "too many events")
	case resp.StatusCode == http.StatusBadRequest:
		return failed(pawl.Unavailable, "400: most likely the integration key is not one") // it may be mended while the note waits
	}
	return failed(pawl.Unavailable, fmt.Sprintf("status %d", resp.StatusCode))
}

func failed(kind pawl.Kind, text string) error {
	return &pawl.Error{Op: "pagerduty", Kind: kind, Err: errors.New(text)}
}
