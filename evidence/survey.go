package evidence

import (
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// seen is what a first look at the whole log shows: which rotations belong
// into the pack, and when each credential was rotated.
type seen struct {
	in        Input
	rotations map[pawl.RotationID]bool
	completed map[string][]completion // in the order of the log
	before    map[int64]bool          // completions that only tell what was due
}

// A completion is a rotation that reached its end.
type completion struct {
	at     time.Time
	record int64
}

func survey(in Input) (*seen, error) {
	s := &seen{in: in, rotations: map[pawl.RotationID]bool{}, completed: map[string][]completion{}, before: map[int64]bool{}}
	for line, err := range in.Records {
		if err != nil {
			return nil, err
		}
		rec, err := audit.Decode(line)
		if err != nil {
			return nil, err
		}
		if !s.about(rec) {
			continue
		}
		if s.during(rec.Time) && rec.Context.Rotation != (pawl.RotationID{}) {
			s.rotations[rec.Context.Rotation] = true
		}
		if rec.Action == audit.RotateCompleted && s.every(rec.Target.Credential) > 0 {
			s.completed[rec.Target.Credential] = append(s.completed[rec.Target.Credential], completion{rec.Time, rec.Index})
		}
	}
	for _, all := range s.completed {
		for i, c := range all {
			if c.at.Before(s.end()) && (i+1 == len(all) || !all[i+1].at.Before(in.From)) {
				s.before[c.record] = true
			}
		}
	}
	return s, nil
}

func (s *seen) every(credential string) time.Duration { return s.in.Every[credential] }

func (s *seen) about(r audit.Record) bool {
	return s.in.Credential == "" || r.Target.Credential == s.in.Credential
}

func (s *seen) during(t time.Time) bool {
	return !t.Before(s.in.From) && (s.in.To.IsZero() || t.Before(s.in.To))
}

// wanted reports whether a record belongs into the pack.
func (s *seen) wanted(r audit.Record) bool {
	return s.about(r) && (s.during(r.Time) || s.rotations[r.Context.Rotation] || s.before[r.Index])
}

// end is when the time of the pack is over.
func (s *seen) end() time.Time {
	if s.in.To.IsZero() || s.in.Made.Before(s.in.To) {
		return s.in.Made
	}
	return s.in.To
}
