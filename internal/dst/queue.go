package dst

import "time"

// An entry is something that happens at a time.
type entry struct {
	at  time.Duration
	seq uint64 // those of one time happen in the order in which they were asked for
	do  func()
}

// queue is a heap of entries.
type queue struct {
	all []entry
	seq uint64
}

func (q *queue) len() int { return len(q.all) }

func (q *queue) less(i, j int) bool {
	a, b := &q.all[i], &q.all[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (q *queue) push(at time.Duration, do func()) {
	q.seq++
	q.all = append(q.all, entry{at, q.seq, do})
	for i := len(q.all) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.less(i, up) {
			return
		}
		q.all[i], q.all[up] = q.all[up], q.all[i]
		i = up
	}
}

func (q *queue) pop() entry {
	top, last := q.all[0], len(q.all)-1
	q.all[0] = q.all[last]
	q.all[last] = entry{}
	q.all = q.all[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if q.less(c, least) {
				least = c
			}
		}
		if least == i {
			return top
		}
		q.all[i], q.all[least] = q.all[least], q.all[i]
		i = least
	}
}

// after asks for something to happen later.
func (s *sim) after(d time.Duration, do func()) { s.q.push(s.now+max(d, 0), do) }
