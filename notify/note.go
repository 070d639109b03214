package notify

import (
	"context"
	"time"
)

// A Note is something that somebody is told.
type Note struct {
	ID         string    `json:"id"`  // set by the outbox; the same whenever it is delivered
	Key        string    `json:"key"` // what it is about: two with one key are one
	About      string    `json:"about,omitempty"`
	Occasion   string    `json:"occasion"` // see [catalog.Occasions]
	Urgent     bool      `json:"urgent,omitempty"`
	At         time.Time `json:"at"`
	Credential string    `json:"credential"`
	Rotation   string    `json:"rotation,omitempty"`
	Title      string    `json:"title"`
	Text       string    `json:"text,omitempty"`
	Next       string    `json:"next,omitempty"` // a command
	Link       string    `json:"link,omitempty"`
	Stands     bool      `json:"stands,omitempty"` // until it is over
	Approval   *Approval `json:"approval,omitempty"`

	many []string // the credentials of what was folded
}

// An Approval is what somebody may consent to.
type Approval struct {
	Digest string `json:"plan_digest"`
	From   string `json:"from"` // whose it is
	By     string `json:"by"`   // who asks, and so cannot give it
}

// A Sender delivers notes by one channel.
type Sender interface {
	// Tell delivers a note. What it returns is what the receiver calls it, to take
	// it back by. An error is tried again later; one of Kind Invalid is not.
	Tell(ctx context.Context, n Note) (ref string, err error)
}

// An Ender is a [Sender] that can say that something is over.
type Ender interface {
	Over(ctx context.Context, n Note, ref, how string) error
}

// A Delivery is a note on its way by one channel.
type Delivery struct {
	Note    Note
	Row     int64
	Channel string
	Ending  bool   // it is over: see How
	Ref     string // of an ending: what Tell returned
	How     string
	Tries   int
	Made    time.Time
}

// An Outbox keeps what is to be told until it was. What was put is durable when
// a method returns. It is safe for concurrent use.
type Outbox interface {
	// Began returns when the outbox was used first: what ended before that is
	// nobody's news.
	Began(ctx context.Context, now time.Time) (time.Time, error)

	// Put keeps a note for channels, unless it has one of its key: of a note that
	// stands one that stands, of others ever.
	Put(ctx context.Context, n Note, channels []string) (fresh bool, err error)

	// Has reports whether Put would not keep a note.
	Has(ctx context.Context, n Note) (bool, error)

	// Standing returns what stands.
	Standing(ctx context.Context) ([]Note, error)

	// Over says that a note stands no more, and how it came out. Channels that
	// were told are told that; others need not know any more.
	Over(ctx context.Context, id, how string, now time.Time) error

	// Due returns what is to be delivered by a channel at a time, oldest first.
	Due(ctx context.Context, channel string, now time.Time, most int) ([]Delivery, error)

	// Next returns when something is due by a channel; zero: nothing is.
	Next(ctx context.Context, channel string) (time.Time, error)

	// Done says that something was delivered, Later that it is tried again, and
	// Drop that it is not.
	Done(ctx context.Context, d Delivery, ref string) error
	Later(ctx context.Context, d Delivery, at time.Time) error
	Drop(ctx context.Context, d Delivery) error

	// Waiting returns how much is not delivered, by channel.
	Waiting(ctx context.Context) (map[string]int, error)

	// Keep forgets what is for other channels than these, and what was delivered
	// before a time.
	Keep(ctx context.Context, channels []string, before time.Time) error
}
