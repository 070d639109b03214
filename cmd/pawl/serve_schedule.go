package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/wording"
)

// A server that begins rotations by itself leaves a sign of life in the state
// folder. It stays there when the server ends: from then on nobody begins
// anything, and whoever asks what is due is told that.

const heartbeatName = "scheduler.json"

// quiet is how long a server may say nothing: longer than a restart takes, and
// shorter than anybody's window.
const quiet = 10 * time.Minute

// A heartbeat is what a scheduling server last said of itself.
type heartbeat struct {
	desk.Beat
	Server string `json:"server"` // host and process
}

// beats writes the signs of life of a server into dir. That one cannot be
// written stops nothing: then it looks as if the server were dead, and somebody
// comes and sees.
func (a *app) beats(dir string) func(desk.Beat) {
	host, _ := os.Hostname()
	server := fmt.Sprintf("%s, process %d", host, os.Getpid())
	return func(b desk.Beat) {
		text, err := json.Marshal(heartbeat{b, server})
		if err == nil {
			err = replaceFile(filepath.Join(dir, heartbeatName), append(text, '\n'))
		}
		if err != nil {
			a.log().Error("leaving a sign of life", "err", err)
		}
	}
}

// schedules starts the scheduler, and returns what ends it.
func (a *app) schedules(ctx context.Context, d *desk.Desk, dir string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { desk.NewScheduler(d, a.beats(dir)).Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

// heard is the last sign of life in a state folder; nil: no server ever
// scheduled here.
func heard(dir string) (*heartbeat, error) {
	text, err := os.ReadFile(filepath.Join(dir, heartbeatName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var h heartbeat
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", heartbeatName, err)
	}
	return &h, nil
}

// silent says in words that the server that should begin what is due does not,
// or "".
func silent(h *heartbeat, now time.Time) string {
	switch {
	case h == nil:
		return ""
	case now.Sub(h.At) > quiet:
		return fmt.Sprintf("the server that rotates on schedule (%s) has said nothing for %s: nothing is begun by itself", h.Server, wording.Ago(now.Sub(h.At)))
	case h.Failed != "":
		return fmt.Sprintf("the server that rotates on schedule (%s) cannot look at what is due (%s)", h.Server, h.Failed)
	}
	return ""
}

// scheduler is the check of doctor.
func (x *examination) scheduler(dir string) {
	h, err := heard(dir)
	switch {
	case err != nil:
		x.add(failed("scheduler", err.Error(), "pawl serve"))
	case h == nil:
		x.add(skipped("scheduler", "no server has begun rotations from this state"))
	case silent(h, time.Now()) != "":
		x.add(failed("scheduler", silent(h, time.Now()), "pawl serve; if none is meant to run here any more: rm "+filepath.Join(dir, heartbeatName)))
	default:
		x.add(fine("scheduler", fmt.Sprintf("%s looked %s ago; %d overdue", h.Server, wording.Ago(time.Since(h.At)), h.Overdue)))
	}
}

// unattended says on stderr that the scheduler is dead, and reports it.
func (a *app) unattended() bool {
	path, err := a.stateFile()
	if err != nil {
		return false
	}
	h, err := heard(filepath.Dir(path))
	why := silent(h, time.Now())
	if err != nil {
		why = err.Error()
	}
	if why == "" {
		return false
	}
	a.say("%s %s", a.sign(bad), why)
	a.say("    pawl doctor")
	return true
}
