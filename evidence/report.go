package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// A Report is what the records of a pack come to. Numbers are those of records.
type Report struct {
	LogSize   int64      `json:"log_size"`
	Summary   Summary    `json:"summary"`
	Rotations []Rotation `json:"rotations"`
	Late      []Late     `json:"late"`
	Never     []string   `json:"never_rotated"` // although they are on a schedule
	Orphans   []Note     `json:"orphans"`       // generations that nobody knew of
	Refused   []Note     `json:"refused"`       // what somebody asked for and may not
	Other     []Note     `json:"other"`         // of people, rules and keys
}

// Summary counts.
type Summary struct {
	Completed  int `json:"completed"`
	RolledBack int `json:"rolled_back"`
	Failed     int `json:"failed"`
	Open       int `json:"open"`
	Dead       int `json:"proved_dead"` // old ones and new ones
	Late       int `json:"late"`
	Owed       int `json:"approvals_owed"`
	Broken     int `json:"glass_broken"`
	Refused    int `json:"refused"`
	Orphans    int `json:"orphans"`
}

// A Rotation is one run, from its first record to its last.
type Rotation struct {
	ID         string     `json:"id"`
	Credential string     `json:"credential"`
	Reason     string     `json:"reason"`
	Method     string     `json:"method,omitempty"`
	By         string     `json:"by"`
	Plan       string     `json:"plan,omitempty"` // its digest
	Begun      time.Time  `json:"begun"`
	Ended      *time.Time `json:"ended,omitempty"`
	Outcome    string     `json:"outcome"` // done, rolled-back, failed, abandoned, open
	OldID      string     `json:"old_id,omitempty"`
	NewID      string     `json:"new_id,omitempty"`
	Approvals  []Note     `json:"approvals"`
	Owed       bool       `json:"approval_owed,omitempty"` // and not given since
	Broken     *Note      `json:"glass_broken,omitempty"`  // gone on without the approval
	Authorised *Note      `json:"revoke_authorised,omitempty"`
	Places     []Place    `json:"places"`               // that were proved when the old one was revoked
	Doomed     string     `json:"revoked_id,omitempty"` // of the old generation, or after a rollback of the new one
	Revoked    *Note      `json:"revoked,omitempty"`
	Dead       *Note      `json:"dead,omitempty"` // its vendor refuses it
	Events     []Note     `json:"events"`         // what did not go by itself
	First      int64      `json:"first_record"`
	Last       int64      `json:"last_record"`
}

// A Place is what showed that it had moved.
type Place struct {
	Consumer string    `json:"consumer"`
	Class    string    `json:"class"`
	Source   string    `json:"source,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	At       time.Time `json:"at"`
	Record   int64     `json:"record"`
}

// A Note is one record in short.
type Note struct {
	Record int64     `json:"record"`
	At     time.Time `json:"at"`
	What   string    `json:"what"`
	By     string    `json:"by"`
	Detail string    `json:"detail,omitempty"`
}

func noteOf(r audit.Record) Note {
	n := Note{Record: r.Index, At: r.Time, What: strings.TrimPrefix(string(r.Action), "secret."), By: r.Actor.ID, Detail: r.Context.Detail}
	for _, more := range []string{r.Target.Consumer, r.Context.Kind} {
		if more != "" && !strings.Contains(n.Detail, more) {
			n.Detail = strings.TrimPrefix(n.Detail+"; "+more, "; ")
		}
	}
	return n
}

func report(h Header, entries []Entry, s *seen) Report {
	r := Report{Rotations: []Rotation{}, Late: []Late{}, Orphans: []Note{}, Refused: []Note{}, Other: []Note{}}
	if head, err := audit.ParseCheckpoint([]byte(h.Checkpoint), h.Key); err == nil {
		r.LogSize = head.Tree.N
	}
	at := map[pawl.RotationID]int{}
	for _, e := range entries {
		rec := e.Record
		id := rec.Context.Rotation
		if s.rotations[id] {
			i, ok := at[id]
			if !ok {
				i = len(r.Rotations)
				at[id] = i
				r.Rotations = append(r.Rotations, begin(rec))
			}
			r.Rotations[i].add(rec)
		}
		if s.during(rec.Time) {
			r.aside(rec)
		}
	}
	r.Late, r.Never = late(entries, s), never(s)
	r.count()
	return r
}

// aside is what belongs to no rotation, or is worth a look by itself.
func (r *Report) aside(rec audit.Record) {
	switch {
	case rec.Action == audit.AuthDenied:
		r.Refused = append(r.Refused, noteOf(rec))
	case strings.HasPrefix(string(rec.Action), "secret.orphan.") && rec.Outcome != audit.Pending:
		r.Orphans = append(r.Orphans, noteOf(rec))
	case rec.Context.Rotation == pawl.RotationID{}:
		r.Other = append(r.Other, noteOf(rec))
	}
}

func (r *Report) count() {
	outcomes := map[string]*int{"done": &r.Summary.Completed, "rolled-back": &r.Summary.RolledBack, "open": &r.Summary.Open}
	for _, x := range r.Rotations {
		if n, ok := outcomes[x.Outcome]; ok {
			*n++
		} else {
			r.Summary.Failed++
		}
		if x.Dead != nil {
			r.Summary.Dead++
		}
		if x.Owed {
			r.Summary.Owed++
		}
		if x.Broken != nil {
			r.Summary.Broken++
		}
	}
	r.Summary.Late, r.Summary.Refused, r.Summary.Orphans = len(r.Late), len(r.Refused), len(r.Orphans)
}

// wentBack reports whether what was revoked is the new generation.
func (x Rotation) wentBack() bool {
	if x.Doomed != "" && x.OldID != x.NewID {
		return x.Doomed == x.NewID
	}
	return x.Outcome == "rolled-back"
}

// OldDead counts the old keys that are proved dead.
func (r Report) OldDead() int { return r.Summary.Dead - r.NewDead() }

// NewDead counts the new keys that are proved dead: those of rotations and
// rehearsals that went back.
func (r Report) NewDead() (n int) {
	for _, x := range r.Rotations {
		if x.Dead != nil && x.wentBack() {
			n++
		}
	}
	return n
}

func begin(rec audit.Record) Rotation {
	return Rotation{ID: rec.Context.Rotation.String(), Credential: rec.Target.Credential, Reason: string(rec.Context.Reason),
		By: rec.Actor.ID, Begun: rec.Time, Outcome: "open", First: rec.Index, Approvals: []Note{}, Places: []Place{}, Events: []Note{}}
}

// ends are the actions that a rotation ends with.
var ends = map[audit.Action]string{
	audit.RotateCompleted: "done", audit.RotateRolledBack: "rolled-back", audit.RotateFailed: "failed", audit.RotateAbandoned: "abandoned",
}

// worth are the actions that say that a rotation did not go by itself.
var worth = []audit.Action{audit.RotateNeedsOperator, audit.RotatePaused, audit.RotateRollback, audit.RotateAccepted, audit.RotateHandedOver,
	audit.DriftDetected, audit.CopyAcknowledged, audit.RotateConfirmed, audit.OrphanDetected}

func (x *Rotation) add(rec audit.Record) {
	x.Last = rec.Index
	for _, of := range []struct {
		to   *string
		text string
	}{{&x.OldID, rec.Target.OldID}, {&x.NewID, rec.Target.NewID}, {&x.Method, string(rec.Context.Method)}, {&x.Plan, rec.Context.PlanHash}} {
		if of.text != "" {
			*of.to = of.text
		}
	}
	if outcome, ok := ends[rec.Action]; ok {
		if x.Ended == nil || rec.Action != audit.RotateFailed { // an abandoned rotation is closed as a failed one
			x.Outcome = outcome
		}
		x.Ended = &rec.Time
	}
	n := noteOf(rec)
	switch rec.Action {
	case audit.RotateApproved:
		x.Owed = rec.Outcome == audit.Pending
		x.Approvals = append(x.Approvals, n)
	case audit.RotateGlassBroken:
		x.Broken = &n
	case audit.RotateRevokeAuthorised:
		x.Authorised = &n
	case audit.RotateConfirmedDead:
		x.Dead = &n
	case audit.RotateRevoked:
		if x.Doomed = rec.Target.ProviderID; rec.Outcome == audit.Success {
			x.Revoked = &n
		}
		if len(rec.Context.Evidence) > 0 {
			x.Places = places(rec)
		}
	}
	if slices.Contains(worth, rec.Action) || rec.Outcome == audit.Failure || rec.Outcome == audit.Unknown {
		x.Events = append(x.Events, n)
	}
}

// places are what a revoke rested upon, as it says itself.
func places(rec audit.Record) []Place {
	var all []Place
	for _, e := range rec.Context.Evidence {
		all = append(all, Place{Consumer: e.Consumer, Class: e.Class.String(), Source: e.Source, Detail: e.Detail, At: e.At, Record: rec.Index})
	}
	return all
}
