package github

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v88/github"
)

// A ticket says how to find the run that was started: by its number, or else as
// the one that was not there before. It is written down between Start and Prove
// as "at:TIME;run:ID" or "at:TIME;after:TIME;known:ID,ID;tag:TEXT", the latter
// with empty parts where there is nothing to say. Without "at:TIME;" it is not
// known when the run was started. After it "nonce:TEXT;" is what the run was
// given to attest its value with, if it was; that is no secret.
type ticket struct {
	at    time.Time // when the dispatch was answered, by our clock
	nonce string    // what the run was asked to attest; empty if nothing
	run   int64
	after time.Time // the newest run that was there before
	known []int64   // the runs that were there before
	tag   string    // part of the run's title
}

// before returns the ticket of a run that is about to join these.
func before(runs []*gh.WorkflowRun) ticket {
	var t ticket
	for _, r := range runs {
		t.known = append(t.known, r.GetID())
		if at := r.GetCreatedAt().Time; at.After(t.after) {
			t.after = at
		}
	}
	return t
}

func (t ticket) String() string {
	if t.at.IsZero() {
		return t.finding()
	}
	text := "at:" + t.at.UTC().Format(time.RFC3339) + ";"
	if t.nonce != "" {
		text += "nonce:" + t.nonce + ";"
	}
	return text + t.finding()
}

// finding is the part of a ticket that says how to find the run.
func (t ticket) finding() string {
	if t.run != 0 {
		return "run:" + strconv.FormatInt(t.run, 10)
	}
	var after string
	if !t.after.IsZero() {
		after = t.after.UTC().Format(time.RFC3339Nano)
	}
	known := make([]string, len(t.known))
	for i, id := range t.known {
		known[i] = strconv.FormatInt(id, 10)
	}
	return fmt.Sprintf("after:%s;known:%s;tag:%s", after, strings.Join(known, ","), t.tag)
}

var errTicket = errors.New("not a ticket of a workflow run")

func parseTicket(text string) (ticket, error) {
	var at time.Time
	var nonce string
	if rest, ok := strings.CutPrefix(text, "at:"); ok {
		dispatched, finding, _ := strings.Cut(rest, ";")
		var err error
		if at, err = time.Parse(time.RFC3339, dispatched); err != nil {
			return ticket{}, errTicket
		}
		text = finding
		if rest, ok := strings.CutPrefix(text, "nonce:"); ok {
			nonce, text, _ = strings.Cut(rest, ";")
		}
	}
	t, err := parseFinding(text)
	t.at, t.nonce = at, nonce
	return t, err
}

func parseFinding(text string) (t ticket, err error) {
	if id, ok := strings.CutPrefix(text, "run:"); ok {
		t.run, err = strconv.ParseInt(id, 10, 64)
		if err != nil || t.run < 1 {
			return ticket{}, errTicket
		}
		return t, nil
	}
	parts := strings.SplitN(text, ";", 3)
	if len(parts) != 3 {
		return ticket{}, errTicket
	}
	after, ok1 := strings.CutPrefix(parts[0], "after:")
	known, ok2 := strings.CutPrefix(parts[1], "known:")
	tag, ok3 := strings.CutPrefix(parts[2], "tag:")
	if !ok1 || !ok2 || !ok3 {
		return ticket{}, errTicket
	}
	t.tag = tag
	if after != "" {
		if t.after, err = time.Parse(time.RFC3339, after); err != nil {
			return ticket{}, errTicket
		}
	}
	t.known, err = parseIDs(known)
	return t, err
}

func parseIDs(text string) (ids []int64, err error) {
	if text == "" {
		return nil, nil
	}
	for id := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, errTicket
		}
		ids = append(ids, n)
	}
	return ids, nil
}

// pick returns the run that was started. Without a tag another dispatch at the
// same moment can be taken for it. That one was made after the write as well;
// the oldest is taken so that every look picks the same one.
func (t ticket) pick(runs []*gh.WorkflowRun, ref string, since time.Time) *gh.WorkflowRun {
	var found *gh.WorkflowRun
	for _, r := range runs {
		if t.fits(r, ref, since) && (found == nil || earlierRun(r, found)) {
			found = r
		}
	}
	return found
}

func (t ticket) fits(r *gh.WorkflowRun, ref string, since time.Time) bool {
	at := r.GetCreatedAt().Time
	switch {
	case r.GetEvent() != "workflow_dispatch", slices.Contains(t.known, r.GetID()):
		return false
	case at.Before(t.after), at.Before(since):
		return false
	case t.tag != "":
		return strings.Contains(r.GetDisplayTitle(), t.tag)
	}
	branch := strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
	return r.GetHeadBranch() == "" || r.GetHeadBranch() == branch
}

func earlierRun(a, b *gh.WorkflowRun) bool {
	if order := a.GetCreatedAt().Compare(b.GetCreatedAt().Time); order != 0 {
		return order < 0
	}
	return a.GetID() < b.GetID()
}
