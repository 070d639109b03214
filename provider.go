package pawl

import (
	"context"
	"time"
)

// Side names one of the two generations of a rotation.
type Side string

const (
	Old Side = "old"
	New Side = "new"
)

// Other returns the opposite side.
func (s Side) Other() Side {
	if s == Old {
		return New
	}
	return Old
}

// A Generation is one minted value of a credential, as its vendor knows it.
type Generation struct {
	ID      string    // the vendor's id; not secret
	Label   string    // the text the vendor keeps beside it (a description)
	Created time.Time // zero if the vendor does not say
	Expires time.Time // zero if it does not expire
	Value   Secret    // only from Mint; zero otherwise
}

// An Issuer mints, checks and revokes generations at one vendor.
//
// Errors are [*Error]. An issuer never retries and never logs: decorators do
// both. All methods may be called concurrently. Every method honours ctx.
type Issuer interface {
	// Mint creates one generation and puts label, which is unique, where the
	// vendor keeps a description. If it cannot know whether the vendor created
	// one, or created one but its value did not arrive whole, the error's Kind
	// is [Unknown].
	Mint(ctx context.Context, label string) (Generation, error)

	// Check reports nil if value works now and is what the catalog says it is.
	// It is [Denied] only if the vendor refuses the value itself (401);
	// [Mismatch] if the value works but belongs to another account or lacks a
	// scope. Any other Kind proves nothing either way.
	Check(ctx context.Context, value Secret) error

	// Revoke kills the generation with this id. One that does not exist is
	// already dead: nil. It may be called again after any outcome.
	Revoke(ctx context.Context, id string) error
}

// A Lister is an [Issuer] that can list the generations live at the vendor,
// without their values. Orphans are found by label through it.
type Lister interface {
	List(ctx context.Context) ([]Generation, error)
}

// An Identifier is an [Issuer] that can tell which generation a value belongs
// to. No match is [NotFound], more than one is [Conflict]; the error's Hint
// then lists the candidates by id and label.
type Identifier interface {
	Identify(ctx context.Context, value Secret) (Generation, error)
}

// A Preflighter is an [Issuer], [Consumer], [Prover] or [Notifier] that can check,
// without any effect, whether it will be able to do its work: that it may sign
// in, that the permissions suffice, that the place exists. The findings are
// remarks for people that do not stop a rotation.
type Preflighter interface {
	Preflight(ctx context.Context) (findings []string, err error)
}

// A CallerChecker is an [Issuer] that can tell whether the token it calls the
// vendor with is this very value, in which case the rotation would saw off its
// own branch.
type CallerChecker interface {
	CallsWith(value Secret) bool
}

// A Caller is an [Issuer] that can tell which generations the token that it
// calls the vendor with may be of. They are never revoked as strays.
type Caller interface {
	Callers(ctx context.Context) (ids []string, err error)
}

// Content is what a place is to hold: a value, or exactly what a snapshot
// says it held before.
type Content struct {
	Secret   Secret
	Snapshot bool // Secret is what [Snapshotter.Snapshot] returned
}

// A Write asks a consumer to hold something.
type Write struct {
	To   Content
	Over []Content // what may be overwritten. Anything else there is a Conflict, and nothing is written; nil allows all
}

// A Receipt is what a consumer got back for a write.
type Receipt struct {
	Changed bool      // false if the place already held it and nothing was sent
	Pending string    // not empty: accepted, but waits for a person at the vendor; what to do there
	Mark    string    // the vendor's mark of this write: a release or version number, a time
	Moved   time.Time // when the vendor says it took effect; zero if it does not
}

// A Look asks which generation a place is on.
type Look struct {
	Want   Content   // what it should be on
	Not    Secret    // the other generation of this rotation
	Mark   string    // Receipt.Mark of the write to be shown; empty when it was lost
	Since  time.Time // when that write was begun; what is older shows nothing. Zero if there was none
	Ticket string    // from Starter.Start; empty if there was none
}

// A Consumer is a place that holds a copy of the value.
//
// Errors are [*Error]. A consumer never retries and never logs. All methods may
// be called concurrently; every method honours ctx.
type Consumer interface {
	// Set makes the place hold w.To. If it holds that already it sends
	// nothing. It is safe to call again after any outcome, and it does not
	// wait for the place to use what was written. A Kind of [Unknown] means
	// that the write may have happened, or may still happen.
	Set(ctx context.Context, w Write) (Receipt, error)

	// Observe looks once, without any effect, and does not wait.
	Observe(ctx context.Context, l Look) (Observation, error)
}

// A Joiner is a [Consumer] that can write together with others that share a
// call with it, such as config vars of one app that hold other credentials.
type Joiner interface {
	// SetJointly does what Set of each of all would do, by one call where the
	// vendor takes one. What comes of it is in the order of all. A write that
	// is refused for itself keeps none of the others from being made; a call
	// whose outcome is unknown is unknown for each write that was in it.
	SetJointly(ctx context.Context, all []Joint) []Joined
}

// A Joint is one of several writes that are made together.
type Joint struct {
	Consumer Consumer // of the same kind, connection and group
	Write    Write
}

// Joined is what came of a [Joint]: what its own Set would have returned.
type Joined struct {
	Receipt Receipt
	Err     error
}

// A Reader is a [Consumer] whose value can be read back. No value there is
// [NotFound].
type Reader interface {
	Read(ctx context.Context) (Secret, error)
}

// A Snapshotter is a [Consumer] that can write down what it holds now,
// including that it holds nothing, so that a rollback restores exactly that.
type Snapshotter interface {
	Snapshot(ctx context.Context) (Secret, error)
}

// A Searcher is a [Consumer] that can find the value elsewhere in the same
// place, under names that it was not told of: a forgotten copy there would be
// cut off by the revoke. The names are those that a [Discoverer] of the same
// vendor finds such places by.
type Searcher interface {
	Elsewhere(ctx context.Context, value Secret) (names []string, err error)
}

// A Prover shows, from outside, which generation a consumer uses: a health
// endpoint, a workflow run. Observations of a prover whose own statement does
// not name a generation have Class [NoEvidence] and count only as a condition.
type Prover interface {
	Prove(ctx context.Context, l Look) (Observation, error)
}

// A Starter is a [Prover] that first has to set something going, once for each
// write that is to be proved. The ticket names what was started and is handed
// to Prove in [Look.Ticket].
type Starter interface {
	Start(ctx context.Context, l Look) (ticket string, err error)
}

// A Message is a note to a person or a channel. It never holds a value.
type Message struct {
	Title string
	Text  string
}

// A Notifier delivers messages.
type Notifier interface {
	Notify(ctx context.Context, to string, m Message) error
}
