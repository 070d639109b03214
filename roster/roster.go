package roster

import (
	"context"
	"time"
)

// A Roster keeps who belongs to the team. It is safe for concurrent use, by
// several processes where the implementation is shared.
//
// Times are kept to the millisecond, in UTC. What was put is durable when the
// call returns.
//
// Errors are [*pawl.Error]. [pawl.NotFound]: nothing is known of it.
// [pawl.Conflict]: somebody else was first, or it is somebody else's already;
// nothing was changed. [pawl.Invalid]: it cannot be kept as it is.
// [pawl.Unavailable] and [pawl.Unknown] are those of package journal.
type Roster interface {
	People
	Passkeys
	Sessions
	Tokens
	Codes
	Editions
	Close() error
}

// People are the members.
type People interface {
	// Person returns somebody by id, PersonOf by a login.
	Person(ctx context.Context, id string) (Person, error)
	PersonOf(ctx context.Context, l Login) (Person, error)

	// People returns everybody, by id.
	People(ctx context.Context) ([]Person, error)

	// PutPerson makes somebody (Version 0) or changes them, if they are still at
	// that version, and returns them as they are then. A login that is somebody
	// else's is Conflict. With other roles or teams, or disabled or enabled, the
	// codes that let them in are gone in the same moment: a code was for who they
	// were when it was made.
	PutPerson(ctx context.Context, p Person) (Person, error)
}

// Passkeys are what people sign in with.
type Passkeys interface {
	// AddPasskey keeps one. An id that is known is Conflict, whoever's it is.
	AddPasskey(ctx context.Context, k Passkey) error
	Passkey(ctx context.Context, id []byte) (Passkey, error)

	// PasskeysOf returns somebody's, the oldest first.
	PasskeysOf(ctx context.Context, person string) ([]Passkey, error)

	// UsePasskey replaces its data, if that is still what was there before: of
	// two answers with one counter, one is a copy's.
	UsePasskey(ctx context.Context, id, before, after []byte, at time.Time) error
	DropPasskey(ctx context.Context, person string, id []byte) error
}

// Sessions are who is signed in.
type Sessions interface {
	// AddSession makes a session, and ends the one that it comes in place of, at
	// once or not at all. Sessions that are over by then are forgotten.
	AddSession(ctx context.Context, s Session, instead Hash) error
	Session(ctx context.Context, h Hash) (Session, error)

	// SessionsOf returns somebody's, the newest first.
	SessionsOf(ctx context.Context, person string) ([]Session, error)
	SeeSession(ctx context.Context, h Hash, at time.Time) error

	// DropSession ends one of somebody's; all of them without an id.
	DropSession(ctx context.Context, person, id string) error
}

// Tokens are what programs come in with.
type Tokens interface {
	// AddToken keeps one. A name that a good token of the same maker has is
	// Conflict.
	AddToken(ctx context.Context, t Token) error

	// Token returns one by its hash, also if it is not good any more.
	Token(ctx context.Context, h Hash) (Token, error)

	// Tokens returns all of them, the newest first.
	Tokens(ctx context.Context) ([]Token, error)
	UseToken(ctx context.Context, id string, at time.Time) error

	// RevokeToken ends one. To do so twice is to do it once: the first time stays.
	RevokeToken(ctx context.Context, id string, at time.Time) error
}

// Codes let people in once.
type Codes interface {
	// AddCode keeps a code. An earlier one of the same person is gone.
	AddCode(ctx context.Context, c Code) error

	// TakeCode returns a code once. Whoever comes second, or after it has
	// expired, gets NotFound.
	TakeCode(ctx context.Context, h Hash, at time.Time) (Code, error)
}
