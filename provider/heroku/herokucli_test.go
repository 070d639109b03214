//go:build herokucli

package heroku_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// TestVendorsCommandLine runs the vendor's own command line against the
// simulator: its paths, statuses and shapes are right if that accepts them.
// It needs npm's heroku package, whose program PAWL_HEROKU_CLI names:
//
//	PAWL_HEROKU_CLI=…/node_modules/.bin/heroku go test -tags herokucli -run CommandLine ./provider/heroku
func TestVendorsCommandLine(t *testing.T) {
	program := os.Getenv("PAWL_HEROKU_CLI")
	if program == "" {
		t.Skip("PAWL_HEROKU_CLI does not name the program")
	}
	a := newAccount(t, herokusim.Options{})
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		// Nothing else is inherited: with another host, or without one, the
		// token would go to the real API.
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "HEROKU_HOST=" + a.url, "HEROKU_PARTICLEBOARD_URL=" + a.url,
			"HEROKU_API_KEY=" + a.token, "DISABLE_TELEMETRY=true", "HEROKU_SKIP_NEW_VERSION_CHECK=true", "HIDE_HEROKU_RELEASE_NOTES=true"}
		out, err := cmd.Output()
		if err != nil {
			var stderr []byte
			if exit, ok := err.(*exec.ExitError); ok {
				stderr = exit.Stderr
			}
			t.Fatalf("heroku %s: %v\n%s", strings.Join(args, " "), err, stderr)
		}
		return string(out)
	}
	contains := func(out, want string) {
		t.Helper()
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}

	contains(run("auth:whoami"), email)
	var made struct {
		ID          string
		AccessToken struct{ Token string } `json:"access_token"`
	}
	text := run("authorizations:create", "-d", "acme made by hand", "-s", "read-protected,write-protected", "-e", "3600", "--json")
	if err := json.Unmarshal([]byte(text), &made); err != nil || !a.Valid(made.AccessToken.Token) {
		t.Fatalf("authorizations:create: %v, a token that works: %v", err, a.Valid(made.AccessToken.Token))
	}
	contains(run("authorizations"), "acme made by hand")
	contains(run("authorizations:info", made.ID), "read-protected")
	run("authorizations:update", made.ID, "-d", "acme renamed")
	contains(run("authorizations:info", made.ID), "acme renamed")
	run("authorizations:rotate", made.ID)
	if a.Valid(made.AccessToken.Token) {
		t.Error("authorizations:rotate left the old token alive")
	}
	run("authorizations:revoke", made.ID)
	if got := len(a.Authorizations()); got != 2 {
		t.Errorf("%d authorizations after the revoke, want 2", got)
	}

	run("config:set", "A=CANARY-1", "B=CANARY-2", "-a", app)
	contains(run("config:get", "B", "-a", app), "CANARY-2")
	run("config:unset", "A", "-a", app)
	if _, there := a.Config(app)["A"]; there {
		t.Error("config:unset left the config var")
	}
	contains(run("releases", "-a", app, "--json"), `"version": 3`)
	contains(run("ps", "-a", app, "--json"), "web.1")
	run("ps:restart", "-a", app)
	run("ps:restart", "--process-type", "web", "-a", app)
}
