package desk

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/schedule"
)

// Config is what a desk works with. Journal, Engine and Catalog are required.
type Config struct {
	Journal journal.Journal
	Engine  *engine.Engine
	// Catalog is the catalog as it is now. It is asked for at every question,
	// so that what is loaded again takes effect without a restart.
	Catalog func() *catalog.Catalog
	// Fresh sees to it that Catalog is what its files say now, or says why it
	// cannot be; nil: it always is. It is asked before a plan and before a start.
	Fresh func() error
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nothing is logged
	// Refusals are what the log is told of who may not do what they ask for; nil: one
	// of its own, whose last counts nobody writes down.
	Refusals *echo.Echo
	// Signer is the key of the audit log, which evidence is signed with, too. Nil:
	// none is made, and nobody is told the log's public key.
	Signer *audit.Signer
	// Witnesses says what other places have seen of the log; nil: there is none.
	Witnesses func() []api.Witness
	// Counts is how long an approval counts; 0: a day.
	Counts time.Duration
	Limits schedule.Limits // of what the scheduler begins
	// Meet lets rotations that are driven at once write to an app together; nil:
	// each of them writes by itself.
	Meet func(pawl.Plan) Meeting
	// Patience is how long a write waits for those of others at most.
	Patience time.Duration
	// Outlook says what a plan costs that was just surveyed; nil: nobody knows.
	Outlook func(context.Context, pawl.Plan) api.Outlook
}

// A Meeting is the part that one rotation has in writing together.
type Meeting interface {
	Join(*rotation.State)
	Follow(*rotation.State, []rotation.Wait)
	Leave()
}

// A Desk is safe for concurrent use.
type Desk struct {
	cfg  Config
	feed *Feed
	pool *Pool
	book *book
	door door

	reading  sync.Mutex // held by who reads the whole log
	verified atomic.Pointer[verified]

	packed packed

	almanac    atomic.Pointer[almanac]
	kept       sync.Map                  // of refusal, by credential
	scheduling atomic.Pointer[time.Time] // when the scheduler last looked; nil: there is none
}

// New returns a desk whose pool does nothing until [Pool.Run].
func New(cfg Config) *Desk {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Counts == 0 {
		cfg.Counts = 24 * time.Hour
	}
	d := &Desk{cfg: cfg, feed: newFeed(cfg.Now().UnixMilli()), book: newBook(cfg.Journal)}
	d.pool = newPool(cfg, d.feed)
	d.door = newDoor(cfg.Refusals, d.record, d.now, cfg.Log, true)
	return d
}

func (d *Desk) record(ctx context.Context, events ...audit.Event) error {
	return d.cfg.Journal.Record(ctx, events...)
}

// Pool is what drives the open rotations.
func (d *Desk) Pool() *Pool { return d.pool }

// Scheduled is when the scheduler last looked; zero: there is none.
func (d *Desk) Scheduled() time.Time {
	if at := d.scheduling.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Ready reports why nothing can be done, or nil: the journal answers.
func (d *Desk) Ready(ctx context.Context) error {
	_, err := d.cfg.Journal.Meta(ctx, "keyset")
	return err
}

// Feed tells that something has happened.
func (d *Desk) Feed() *Feed { return d.feed }

func (d *Desk) now() time.Time { return d.cfg.Now().UTC().Round(0) }

// publicKey is that of the audit log, or "".
func (d *Desk) publicKey() string {
	if d.cfg.Signer == nil {
		return ""
	}
	return d.cfg.Signer.Public()
}

// allow is the one door, of the desk.
func (d *Desk) allow(ctx context.Context, who access.Subject, r access.Request, target string) error {
	return d.door.allow(ctx, who, r, target)
}

// as is the engine in the name of who asks.
func (d *Desk) as(who access.Subject) *engine.Engine { return d.cfg.Engine.As(who.Actor) }

// load returns a rotation that somebody asks for, as one who looks on sees it.
func (d *Desk) load(ctx context.Context, id pawl.RotationID) (journal.Run, *rotation.State, error) {
	run, err := d.cfg.Journal.Load(ctx, id)
	if err != nil {
		return run, nil, err
	}
	return run, rotation.FollowAll(run.Events), nil
}

// fresh is the catalog as its files say now.
func (d *Desk) fresh() (*catalog.Catalog, error) {
	if d.cfg.Fresh != nil {
		if err := d.cfg.Fresh(); err != nil {
			return nil, err
		}
	}
	return d.cfg.Catalog(), nil
}

func conflict(format string, args ...any) error { return fault(pawl.Conflict, "", format, args...) }

func fault(kind pawl.Kind, hint, format string, args ...any) error {
	return &pawl.Error{Op: "desk", Kind: kind, Hint: hint, Err: fmt.Errorf(format, args...)}
}
