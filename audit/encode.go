package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
)

const sourcePrefix = "urn:pawl:install:"

// A Record is an event as it is in the log.
type Record struct {
	Event
	Install string
	Index   int64
}

// envelope is the CloudEvents 1.0 form
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
type envelope struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        Action    `json:"type"`
	Time        time.Time `json:"time"`
	Subject     string    `json:"subject,omitempty"`
	ContentType string    `json:"datacontenttype"`
	Data        payload   `json:"data"`
}

type payload struct {
	Action  Action     `json:"action"`
	Outcome Outcome    `json:"outcome"`
	Actor   pawl.Actor `json:"actor"`
	Target  Target     `json:"target"`
	Context Context    `json:"context"`
	Prev    string     `json:"prev,omitempty"`
	Log     position   `json:"log"`
}

type position struct {
	Index int64 `json:"index"`
}

// Encode returns the event as record number index of the log of install: one
// line of JSON without the newline. Control characters and those that steer a
// terminal (bidirectional marks, line separators) are escaped, so a record
// cannot pretend to be two, nor rewrite what is shown before it.
//
// An event without id, action, outcome, time or actor is [pawl.Invalid].
func (e Event) Encode(install string, index int64) ([]byte, error) {
	if err := e.check(install, index); err != nil {
		return nil, &pawl.Error{Op: "audit.Encode", Kind: pawl.Invalid, Err: err}
	}
	env := envelope{
		SpecVersion: "1.0",
		ID:          e.ID,
		Source:      sourcePrefix + install,
		Type:        e.Action,
		Time:        e.Time.UTC().Truncate(time.Millisecond),
		ContentType: "application/json",
		Data:        payload{e.Action, e.Outcome, e.Actor, e.Target, e.Context, e.Prev, position{index}},
	}
	if e.Target.Credential != "" {
		env.Subject = "credential/" + e.Target.Credential
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(env); err != nil {
		return nil, &pawl.Error{Op: "audit.Encode", Kind: pawl.Invalid, Err: err}
	}
	return escape(bytes.TrimSuffix(line.Bytes(), []byte("\n"))), nil
}

func (e Event) check(install string, index int64) error {
	switch {
	case install == "":
		return errors.New("no installation")
	case index < 0:
		return errors.New("negative index")
	case e.ID == "":
		return errors.New("event without id")
	case e.Action == "":
		return errors.New("event without action")
	case e.Outcome == "":
		return fmt.Errorf("%s without outcome", e.Action)
	case e.Time.IsZero():
		return fmt.Errorf("%s without time", e.Action)
	case e.Actor.ID == "":
		return fmt.Errorf("%s without actor", e.Action)
	}
	return nil
}

// escape replaces every invisible character. In JSON they can only be inside
// of strings, where \u may stand for any of them.
func escape(line []byte) []byte {
	if bytes.IndexFunc(line, hidden) < 0 {
		return line
	}
	out := make([]byte, 0, len(line)+16)
	for _, r := range string(line) {
		if !hidden(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

func hidden(r rune) bool {
	return r != ' ' && (!unicode.IsPrint(r) || unicode.Is(unicode.Cf, r))
}

// Decode is the inverse of [Event.Encode]. Fields that a newer pawl added are
// ignored: that the line is genuine is shown by the tree, not by its shape.
// What is not a record is [pawl.Invalid].
func Decode(line []byte) (Record, error) {
	var env envelope
	if err := json.Unmarshal(line, &env); err != nil {
		return Record{}, &pawl.Error{Op: "audit.Decode", Kind: pawl.Invalid, Err: err}
	}
	install, ok := strings.CutPrefix(env.Source, sourcePrefix)
	d := env.Data
	rec := Record{Event{env.ID, env.Type, env.Time, d.Outcome, d.Actor, d.Target, d.Context, d.Prev}, install, d.Log.Index}
	err := rec.check(rec.Install, rec.Index)
	if !ok || env.SpecVersion != "1.0" || d.Action != env.Type {
		err = errors.New("not an audit record")
	}
	if err != nil {
		return Record{}, &pawl.Error{Op: "audit.Decode", Kind: pawl.Invalid, Err: err}
	}
	return rec, nil
}
