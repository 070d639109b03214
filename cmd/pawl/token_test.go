package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/roster"
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
