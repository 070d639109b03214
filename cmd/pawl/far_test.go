package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

// allFar plays all transcripts a second time that can be.
var allFar = flag.Bool("far", false, "play every transcript through a server, and not only a few")

// nearOnly are the transcripts that are not played through a server, and why.
var nearOnly = map[string]string{
	"ls":          noJournal,
	"plan":        noJournal,
	"verify":      noJournal,
	"confirm":     staysAsked,
	"assisted":    staysAsked,
	"pause":       staysAsked,
	"batch":       staysAsked,
	"proof":       staysAsked,
	"undying":     staysAsked,
	"byhand":      goesOn,
	"release":     goesOn,
	"strays":      goesOn,
	"sweep":       goesOn,
	"watch":       goesOn,
	"abandon":     "what a server drives is paused before it is given up",
	"glass":       "it has a server of its own, and says what a state folder refuses",
	"approval":    "who approves has to be in the team that is asked for; a state folder knows no teams",
	"evidence":    "what is in a pack is said by who makes it",
	"far":         "it has a server of its own",
	"rehearsecut": "Ctrl-C ends the telling, and not the rehearsal",
	"approveteam": "it is about approving without a server",
	"live":        "Ctrl-C ends the telling, and not the rotation",
	"secrets":     "what --verbose shows is in the log of the server",
	"status":      "--catalog says whose catalog, and so does --server",
	"traces":      "a server sends its traces by itself, and says so in its log",
	"witness":     "a server shows its log to its witnesses by itself",
}

const (
	noJournal  = "it looks that this machine has no journal; that of a server is there before anything is asked"
	staysAsked = "what --auto-revoke asks of a server stays asked for, so it is not to be asked for again"
	goesOn     = "a server goes on by itself between two commands"
)

// fewFar are those that are played through a server each time.
var fewFar = []string{"rotate", "rollback"}

// TestScriptsThroughAServer plays transcripts again, word for word, with every
// command done by a server: what it prints and how it exits is the same.
func TestScriptsThroughAServer(t *testing.T) {
	t.Parallel()
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	var files []string
	for _, file := range all {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		known[name] = true
		if nearOnly[name] == "" && (*allFar || slices.Contains(fewFar, name)) {
			files = append(files, file)
		}
	}
	for name := range nearOnly {
		if !known[name] {
			t.Errorf("there is no transcript %s", name)
		}
	}
	p := scripts()
	p.Dir, p.Files, p.Setup = "", files, func(e *testscript.Env) error {
		err := setUpScript(e)
		e.Values[stageKey{}].(*stage).far = true
		return err
	}
	testscript.Run(t, p)
}

// A lodging is a server that is there for one command.
type lodging struct {
	cmd    *exec.Cmd
	socket string
	said   chan struct{} // closed once it says nothing more
	begun  time.Time
}

// lodge starts a server for a command that one can do, and says where it is. It
// sees the catalog as it is now.
func (s *stage) lodge(ts *testscript.TestScript, args []string) *lodging {
	if args[0] == "script" { // a terminal, with a pawl on it
		if _, on, ok := strings.Cut(strings.Join(args, " "), "exec pawl "); ok {
			args = append([]string{"pawl"}, strings.Fields(on)...)
		}
	}
	if !s.far || len(args) < 2 || args[0] != "pawl" || elsewhere[args[1]] != "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "s") // a short path: those of sockets are bounded
	ts.Check(err)
	l := &lodging{socket: filepath.Join(dir, "s"), said: make(chan struct{}), begun: time.Now()}
	l.cmd = s.command(ts, context.Background(), "pawl", "serve", "--no-schedule", "--socket", l.socket)
	said, err := l.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(l.cmd.Start())
	lines, ready := bufio.NewScanner(said), make(chan bool, 1)
	go func() {
		defer close(l.said)
		for lines.Scan() {
			s.print(lines.Text())
			if strings.Contains(lines.Text(), " serving ") {
				ready <- true
			}
		}
		close(ready)
	}()
	if !<-ready {
		l.cmd.Wait()
		return nil // what is wrong is for the command to say
	}
	l.settle(ts)
	return l
}

// settle waits until the server has left what it took up when it started, as far
// as it leaves it: a server is usually there for longer.
func (l *lodging) settle(ts *testscript.TestScript) {
	c, err := api.Dial("unix:"+l.socket, pawl.Secret{})
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	open, err := c.Runs(ctx, "", true, "", 0)
	ts.Check(err)
	for _, run := range open.Items {
		var id pawl.RotationID
		ts.Check(id.UnmarshalText([]byte(run.ID)))
		left, driven := errors.New("left"), false
		c.Follow(ctx, id, 0, func(line api.Line) error {
			driven = driven || line.Event.Type == pawl.EvDriving && line.Event.At.After(l.begun)
			if line.Event.Type == pawl.EvClosed || line.Event.Type == pawl.EvStopped && driven {
				return left
			}
			return nil
		})
	}
}

// leave ends the server as a service manager does.
func (l *lodging) leave() {
	if l == nil {
		return
	}
	l.cmd.Process.Signal(os.Interrupt)
	<-l.said
	l.cmd.Wait()
	os.RemoveAll(filepath.Dir(l.socket))
}
