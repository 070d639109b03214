package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
)

const unitFile = "../../contrib/systemd/pawl.service"

// unit reads a unit file: its settings by section, in order.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	settings, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = line
		case !ok || section == "":
			t.Errorf("not a setting: %q", line)
		default:
			settings[section+name] = append(settings[section+name], value)
		}
	}
	return settings
}

// TestUnitFile holds the unit to what the program understands: a flag that is
// gone, or a folder that is another one, would be found by the first who
// installs it.
func TestUnitFile(t *testing.T) {
	u := unit(t)
	one := func(name string) string {
		if len(u["[Service]"+name]) != 1 {
			t.Fatalf("%s is set %d times", name, len(u["[Service]"+name]))
		}
		return u["[Service]"+name][0]
	}
	words := strings.Fields(one("ExecStart"))
	a := &app{env: env{in: &bytes.Buffer{}, out: &bytes.Buffer{}, err: &bytes.Buffer{}, getenv: func(string) string { return "" }}}
	cmd, args, err := newRootCommand(a).Find(words[1:])
	if err != nil || cmd.Name() != "serve" || cmd.ParseFlags(args) != nil {
		t.Fatalf("%v: %v", words, err)
	}
	flag := func(name string) string { return cmd.Flag(name).Value.String() }
	if flag("state") != "/var/lib/"+one("StateDirectory") || !strings.HasPrefix(flag("socket"), "/run/"+one("RuntimeDirectory")+"/") {
		t.Errorf("the folders of %v are not those of the unit", words)
	}
	if name, _, _ := strings.Cut(one("LoadCredential"), ":"); name != "pawl-key" {
		t.Errorf("the credential is called %s", name)
	}
	for name, want := range map[string]string{"Type": "notify", "DynamicUser": "yes", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "",
		"RestartPreventExitStatus": "2", "MemoryDenyWriteExecute": "yes", "UMask": "0077"} {
		if one(name) != want {
			t.Errorf("%s=%s, want %s", name, one(name), want)
		}
	}
	if u["[Service]PrivateUsers"] != nil {
		t.Error("with PrivateUsers nobody at the socket can be told from another")
	}
}

// TestUnitIsSound asks systemd itself, where it is installed.
func TestUnitIsSound(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "pawl.service")
	text = bytes.Replace(text, []byte("ExecStart=/usr/local/bin/pawl"), []byte("ExecStart=/bin/true"), 1)
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no", copied}, {"security", "--offline=true", "--threshold=20", "--no-pager", copied}} {
		if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || slices.Contains(args, "verify") && len(out) > 0 {
			t.Errorf("systemd-analyze %v: %v\n%s", args[0], err, out)
		}
	}
}

// TestReadyAndStopping has a manager that listens.
func TestReadyAndStopping(t *testing.T) {
	dir, err := os.MkdirTemp("", "n") // a short name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a := &app{env: env{in: &bytes.Buffer{}, out: &bytes.Buffer{}, err: &bytes.Buffer{}, getenv: func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "1000"}[name]
	}}}
	ctx, stop := context.WithCancel(t.Context())
	a.supervise(ctx, journal.NewMemory(journaltest.Signer(t), time.Now))
	heard := map[string]bool{}
	for text := make([]byte, 100); !heard["STOPPING=1"]; {
		n, err := c.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		heard[string(text[:n])] = true
		if heard["WATCHDOG=1"] {
			stop()
		}
	}
	stop()
	if !heard["READY=1\nSTATUS=serving"] {
		t.Errorf("heard %v", heard)
	}
}
