package health

import (
	"sync"
	"time"
)

// limit lets so many questions a second through, and a second's worth at once.
// It is one for all askers: what it protects is the application, and an asker
// that is kept out asks again.
type limit struct {
	mu     sync.Mutex
	rate   float64
	room   float64
	before time.Time
}

func newLimit(perSecond float64) *limit {
	if perSecond <= 0 {
		perSecond = 10
	}
	return &limit{rate: perSecond, room: max(perSecond, 1)}
}

func (l *limit) take(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if since := now.Sub(l.before).Seconds(); !l.before.IsZero() && since > 0 {
		l.room = min(l.room+since*l.rate, max(l.rate, 1))
	}
	l.before = now
	if l.room < 1 {
		return false
	}
	l.room--
	return true
}
