// Package ical writes calendars that other programs subscribe to, as RFC 5545
// says: lines folded at 75 octets and ended by CRLF, text escaped, times in UTC,
// and the same UID for the same thing whenever it is written. It writes only
// what is needed here, and reads nothing.
package ical

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Calendar is a list of events under one name.
type Calendar struct {
	Name    string
	Product string    // who made it: "-//pawl//pawl 1.0//EN"
	Made    time.Time // DTSTAMP of every event
	Events  []Event
}

// An Event is something at a time.
type Event struct {
	UID         string // unique in the world, and the same for the same event always
	Summary     string
	Description string
	From        time.Time
	To          time.Time // zero: a moment
	Free        bool      // it keeps nobody busy
	Categories  []string
	Alarms      []time.Duration // how long before From to be reminded
}

// Write writes the calendar. The same calendar gives the same bytes.
func (c Calendar) Write(w io.Writer) error {
	b := &writer{w: bufio.NewWriter(w)}
	b.line("BEGIN", "VCALENDAR")
	b.line("VERSION", "2.0")
	b.line("PRODID", escape(c.Product))
	b.line("CALSCALE", "GREGORIAN")
	b.line("METHOD", "PUBLISH")
	if c.Name != "" {
		b.line("NAME", escape(c.Name)) // RFC 7986
		b.line("X-WR-CALNAME", escape(c.Name))
	}
	for _, e := range c.Events {
		b.event(e, c.Made)
	}
	b.line("END", "VCALENDAR")
	if b.err == nil {
		b.err = b.w.Flush()
	}
	return b.err
}

type writer struct {
	w   *bufio.Writer
	err error
}

func (b *writer) event(e Event, made time.Time) {
	b.line("BEGIN", "VEVENT")
	b.line("UID", escape(e.UID))
	b.line("DTSTAMP", stamp(made))
	b.line("DTSTART", stamp(e.From))
	if e.To.After(e.From) {
		b.line("DTEND", stamp(e.To))
	}
	b.line("SUMMARY", escape(e.Summary))
	if e.Description != "" {
		b.line("DESCRIPTION", escape(e.Description))
	}
	if len(e.Categories) > 0 {
		var all []string
		for _, c := range e.Categories {
			all = append(all, escape(c))
		}
		b.line("CATEGORIES", strings.Join(all, ","))
	}
	if e.Free {
		b.line("TRANSP", "TRANSPARENT")
	}
	for _, before := range e.Alarms {
		b.line("BEGIN", "VALARM")
		b.line("ACTION", "DISPLAY")
		b.line("DESCRIPTION", escape(e.Summary))
		b.line("TRIGGER", "-"+duration(before))
		b.line("END", "VALARM")
	}
	b.line("END", "VEVENT")
}

// line writes a content line, folded. A fold comes between characters, never
// inside of one.
func (b *writer) line(name, value string) {
	const width = 75 // octets, without the CRLF
	text, room := name+":"+value, width
	for len(text) > room {
		at := room
		for at > 0 && !utf8.RuneStart(text[at]) {
			at--
		}
		b.write(text[:at] + "\r\n ")
		text, room = text[at:], width-1 // the space counts
	}
	b.write(text + "\r\n")
}

func (b *writer) write(text string) {
	if b.err == nil {
		_, b.err = b.w.WriteString(text)
	}
}

// escape makes a value of type TEXT. Control characters, which it must not
// have, are left out.
func escape(text string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD") {
		switch {
		case r == '\\' || r == ';' || r == ',':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r < ' ' && r != '\t' || r == 0x7F:
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// duration is a value of type DURATION, whole seconds.
func duration(d time.Duration) string {
	seconds := int64(max(d, 0) / time.Second)
	if seconds%86400 == 0 {
		return "P" + strconv.FormatInt(seconds/86400, 10) + "D"
	}
	return fmt.Sprintf("P%dDT%dH%dM%dS", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}
