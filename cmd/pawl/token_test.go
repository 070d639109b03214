package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/signin"
)

// scriptBearer shows a token with each request from now on: the contents of a
// file, or "forged", which has the right form and was never made.
func scriptBearer(ts *testscript.TestScript, neg bool, args []string) {
	token := roster.NewToken(roster.OfToken)
	if args[0] != "forged" {
		token = pawl.NewSecret([]byte(strings.TrimSpace(ts.ReadFile(args[0]))))
	}
	s := &stageOf(ts).served
	var err error
	s.client, err = api.Dial("unix:"+s.socket, token)
	ts.Check(err)
}

// scriptTypes types what is in a file at the next program.
func scriptTypes(ts *testscript.TestScript, neg bool, args []string) {
	stageOf(ts).typed = ts.ReadFile(args[0])
}

// TestFirstAdminOfAService: where what a server says is kept in a log, it does
// not say the code that lets the first admin in.
func TestFirstAdminOfAService(t *testing.T) {
	for journal, want := range map[string]string{"8:123": "pawl people invite NAME --role superadmin", "": "/sign-in#pawl_c"} {
		var said bytes.Buffer
		a := &app{env: env{err: &said, getenv: func(name string) string { return map[string]string{"JOURNAL_STREAM": journal}[name] }}}
		people := roster.NewMemory()
		in, err := signin.New(signin.Config{Book: &logged.Book{Roster: people}, Origin: "http://localhost:8400"})
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := a.tellFront(t.Context(), &serving{listening: listening{tcp: l}}, &doorway{Server: in, people: people}); err != nil {
			t.Fatal(err)
		}
		if text := said.String(); !strings.Contains(text, want) || journal != "" && strings.Contains(text, "pawl_c") {
			t.Errorf("%q: %s", journal, text)
		}
	}
}
