package main

import (
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var metricsAddress = regexp.MustCompile(`metrics on (http://[0-9.:]+)/metrics`)

// scriptMetrics gets a path of the metrics listener of the server.
func scriptMetrics(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	for range 500 {
		s.mu.Lock()
		said := metricsAddress.FindStringSubmatch(s.output.String())
		s.mu.Unlock()
		if said == nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		resp, err := (&http.Client{Timeout: 10 * time.Second}).Get(said[1] + args[0])
		ts.Check(err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		ts.Check(err)
		s.print(string(text))
		ts.Stdout().Write(text)
		return
	}
	ts.Fatalf("the server did not say where its metrics are")
}
