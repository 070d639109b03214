package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

// The test binary runs itself as another process: arguments after this one say
// what that process does.
const childArgument = "as-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if err := child(os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child does one thing to a journal, with the key on standard input, and says
// on standard output what is done.
func child(what, path, install, credential string) error {
	key, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	signer, err := audit.ParseSigner(pawl.NewSecret(key))
	if err != nil {
		return err
	}
	if signer.Install() != install {
		return fmt.Errorf("the key is of %s", signer.Install())
	}
	if what == "lock" {
		return childLock(path)
	}
	j, err := sqlite.Open(context.Background(), sqlite.Options{Path: path, Signer: signer})
	if err != nil {
		return err
	}
	return childAppend(j, credential)
}

// childAppend appends to three rotations at once, without end, and acknowledges
// each revision after it was acknowledged to it.
func childAppend(j journal.Journal, credential string) error {
	acks := make(chan string)
	for i := range 3 {
		go func() {
			if err := appendForEver(j, fmt.Sprint(credential, "-", i), acks); err != nil {
				acks <- "error: " + err.Error()
			}
		}()
	}
	for ack := range acks {
		fmt.Println(ack)
	}
	return nil
}

func appendForEver(j journal.Journal, credential string, acks chan<- string) error {
	ctx := context.Background()
	run, err := j.Latest(ctx, credential)
	if pawl.KindOf(err) == pawl.NotFound {
		run, err = j.Begin(ctx, credential, func(pawl.RotationID) (journal.Batch, error) { return journaltest.Batch("revision 1"), nil })
	}
	for rev := run.Revision; err == nil; {
		acks <- fmt.Sprintf("%s %d", credential, rev)
		b := journaltest.Batch(fmt.Sprint("revision ", rev+1))
		b.Seal = []journal.Sealed{{Name: "new/1", Ciphertext: fmt.Append(nil, "sealed ", rev+1)}}
		rev, err = j.Append(ctx, run.ID, journal.At{Revision: rev}, b)
	}
	return err
}

// start runs this binary as a child and returns what it says.
func start(t *testing.T, what, path string, key pawl.Secret, install string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, childArgument, what, path, install, "heroku-api-key")
	cmd.Stdin = bytes.NewReader(key.Reveal())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

var kills = flag.Int("kills", 12, "how often TestKill kills")

// TestKill kills a process that appends as fast as it can, again and again.
// Nothing that it acknowledged may be lost, nothing may be half there, and the
// audit log must verify.
func TestKill(t *testing.T) {
	cycles := *kills
	if testing.Short() {
		cycles = 3
	}
	key, err := audit.GenerateKey()
	must(t, err)
	signer, err := audit.ParseSigner(key)
	must(t, err)
	path := newPath(t)
	acked := map[string]int64{}
	for cycle := range cycles {
		cmd, said := start(t, "append", path, key, signer.Install())
		// Killed at another point each time: counted in what it says, not in time.
		for n := 0; n < 10+7*cycle%40 && said.Scan(); n++ {
			acknowledge(t, acked, said.Text())
		}
		must(t, cmd.Process.Kill())
		for said.Scan() { // what it said before it died counts
			acknowledge(t, acked, said.Text())
		}
		cmd.Wait()
		look(t, path, signer, acked)
	}
	t.Logf("tally | kill -9 of a process that writes to the journal | %d | 0", cycles) // a violation ends the test before
	if len(acked) != 3 {
		t.Errorf("only %v was written: this test shows nothing", acked)
	}
}

func acknowledge(t *testing.T, acked map[string]int64, line string) {
	t.Helper()
	var credential string
	var rev int64
	if _, err := fmt.Sscanf(line, "%s %d", &credential, &rev); err != nil || strings.HasPrefix(line, "error") {
		t.Fatalf("the child says %q", line)
	}
	if rev < acked[credential] {
		t.Fatalf("%s went back from %d to %d", credential, acked[credential], rev)
	}
	acked[credential] = rev
}

// look opens the journal and compares it with what was acknowledged.
func look(t *testing.T, path string, signer *audit.Signer, acked map[string]int64) {
	t.Helper()
	j, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Signer: signer})
	must(t, err)
	defer j.Close()
	must(t, j.Check(t.Context()))
	runs, err := j.List(t.Context(), false)
	must(t, err)
	var records int64
	for _, r := range runs {
		got, err := j.Load(t.Context(), r.ID)
		must(t, err)
		if got.Revision < acked[r.ID.Credential] {
			t.Errorf("%v: revision %d was acknowledged, %d is there", r.ID, acked[r.ID.Credential], got.Revision)
		}
		if int64(len(got.Events)) != got.Revision {
			t.Errorf("%v: %d events at revision %d", r.ID, len(got.Events), got.Revision)
		}
		if v, err := j.Sealed(t.Context(), r.ID, "new/1"); got.Revision > 1 && (err != nil || string(v) != fmt.Sprint("sealed ", got.Revision)) {
			t.Errorf("%v: sealed value %q, %v at revision %d", r.ID, v, err, got.Revision)
		}
		records += got.Revision
	}
	if n := verified(t, j, signer.Public()); n != records {
		t.Errorf("%d audit records for %d revisions", n, records)
	}
}

// TestProcesses has this process signal while another one drives.
func TestProcesses(t *testing.T) {
	key, err := audit.GenerateKey()
	must(t, err)
	signer, err := audit.ParseSigner(key)
	must(t, err)
	path := newPath(t)
	j := open(t, path, signer)
	cmd, said := start(t, "append", path, key, signer.Install())
	for n := 0; n < 60 && said.Scan(); n++ {
		if n%4 == 0 {
			must(t, j.Record(t.Context(), journaltest.Record("from here")))
		}
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	runs, err := j.List(t.Context(), true)
	must(t, err)
	records := int64(15)
	for _, r := range runs {
		records += r.Revision
	}
	if n := verified(t, j, signer.Public()); n != records || len(runs) != 3 {
		t.Errorf("%d audit records, want %d; %d rotations", n, records, len(runs))
	}
}

func childLock(dir string) error {
	_, err := sqlite.DriverLock(dir, sqlite.Holder{PID: os.Getpid(), Actor: pawl.Actor{Type: "user", ID: "ana@laptop"}, Since: journaltest.Now()})
	if err != nil {
		return err
	}
	fmt.Println("locked")
	for { // until it is killed, which lets go of the lock
		time.Sleep(time.Hour)
	}
}
