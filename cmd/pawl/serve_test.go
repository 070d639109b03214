package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

// A served is the server of a script.
type served struct {
	cmd    *exec.Cmd
	client *api.Client
	socket string
}

// scriptServer starts "pawl serve" and waits until it says that it serves.
func scriptServer(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	dir, err := os.MkdirTemp("", "s") // a short path: those of sockets are bounded
	ts.Check(err)
	socket := filepath.Join(dir, "s")
	cmd := s.command(ts, context.Background(), "pawl", append([]string{"serve", "--socket", socket}, args...)...)
	said, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.Contains(lines.Text(), "serving") {
		ts.Fatalf("pawl serve said %q", lines.Text())
	}
	s.print(lines.Text())
	go func() {
		for lines.Scan() {
			s.print(lines.Text())
		}
	}()
	s.served.cmd, s.served.socket = cmd, socket
	ts.Setenv("SERVER", "unix:"+socket)
	s.served.client, err = api.Dial("unix:"+socket, pawl.Secret{})
	ts.Check(err)
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		os.RemoveAll(dir)
	})
}

// print keeps what a program said, to be searched for what must not be in it.
func (s *stage) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output.WriteString(text + "\n")
}

func scriptKillServer(ts *testscript.TestScript, neg bool, args []string) {
	cmd := stageOf(ts).served.cmd
	if len(args) == 1 && args[0] == "gently" {
		ts.Check(cmd.Process.Signal(os.Interrupt))
	} else {
		ts.Check(cmd.Process.Kill())
	}
	cmd.Wait()
}

// scriptAPI asks the server: get credentials, calendar NAME, start NAME, say ID VERB, until ID
// WHAT (what it then waits for, or how it ended), refused STATUS and one of these.
func scriptAPI(ts *testscript.TestScript, neg bool, args []string) {
	status := 0
	if args[0] == "refused" {
		status, _ = strconv.Atoi(args[1])
		args = args[2:]
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got, err := ask(ctx, ts, stageOf(ts).served.client, args)
	p, refused := errors.AsType[*api.Problem](err)
	if status != 0 && (!refused || p.Status != status) {
		ts.Fatalf("%v, want it refused with %d", err, status)
	}
	if status != 0 {
		got = p
	} else {
		ts.Check(err)
	}
	text, err := json.Marshal(got)
	ts.Check(err)
	stageOf(ts).print(string(text))
	ts.Stdout().Write(append(text, '\n'))
}

func ask(ctx context.Context, ts *testscript.TestScript, c *api.Client, args []string) (any, error) {
	var id pawl.RotationID
	if strings.Contains(args[1], "/") {
		ts.Check(id.UnmarshalText([]byte(args[1])))
	}
	switch args[0] {
	case "get":
		switch args[1] {
		case "me":
			return c.Me(ctx)
		case "tokens":
			return c.Tokens(ctx)
		}
		return c.Credentials(ctx, "")
	case "calendar":
		return coming(ctx, c, args[1])
	case "start":
		return c.Start(ctx, api.Start{Credential: args[1]})
	case "say":
		return c.Say(ctx, id, args[2], api.Decision{}, 0)
	}
	return until(ctx, c, id, args[2])
}

// coming is what the calendar says of a credential.
func coming(ctx context.Context, c *api.Client, name string) (api.Coming, error) {
	all, err := c.Calendar(ctx)
	for _, i := range all.Items {
		if i.Credential == name {
			return i, nil
		}
	}
	return api.Coming{}, errors.Join(err, errors.New("it is not in the calendar"))
}

// until follows a rotation until it waits for something, or has ended.
func until(ctx context.Context, c *api.Client, id pawl.RotationID, what string) (r api.Rotation, err error) {
	if err := begun(ctx, c, id); err != nil {
		return r, err
	}
	settled := func() bool {
		r, err = c.Rotation(ctx, id)
		return err != nil || r.Outcome != "" || len(r.Waits) == 1 && r.Waits[0].On == what
	}
	if settled() {
		return r, err
	}
	end := errors.New("settled")
	if f := c.Follow(ctx, id, 0, func(api.Line) error {
		if settled() {
			return end
		}
		return nil
	}); err == nil && f != end {
		return r, f
	}
	return r, err
}

// begun waits until a rotation is there, which may be begun by the schedule.
func begun(ctx context.Context, c *api.Client, id pawl.RotationID) error {
	for {
		_, err := c.Rotation(ctx, id)
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != "not-found" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
