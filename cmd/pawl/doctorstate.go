package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/wording"
)

// catalog checks that the catalog is without mistakes, and returns it.
func (x *examination) catalog(args []string) *catalog.Catalog {
	cat, err := x.a.loadCatalog()
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		x.add(failed("catalog", first, "pawl validate"))
		return nil
	}
	x.add(fine("catalog", holdings(cat)))
	for _, name := range args {
		if _, err := cat.Credential(name); err != nil {
			x.add(failed("credential", err.Error(), "pawl validate"))
			return nil
		}
	}
	return cat
}

// state checks the folder, the journal in it, its keys and the audit log.
func (x *examination) state(ctx context.Context) {
	path, err := x.a.stateFile()
	if err != nil {
		x.add(failed("state", err.Error(), "pawl --state DIR doctor"))
		return
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		x.add(skipped("state", "nothing there yet: "+dir), skipped("journal", "nothing there yet"), skipped("key file", "made with the first rotation"), skipped("audit log", "nothing there yet"))
		return
	}
	x.add(folder(dir), space(dir), driver(dir))
	x.scheduler(dir)
	j, err := x.a.readFile(ctx)
	if err != nil {
		next := pawl.HintOf(err)
		if setBack(err) {
			next = "pawl sweep --accept-restored-state"
		}
		x.add(failed("journal", err.Error(), next))
		return
	}
	defer j.Close()
	if err := j.Check(ctx); err != nil {
		x.add(failed("journal", "the database is damaged: "+err.Error(), "restore the state folder from a backup"))
	} else {
		x.add(fine("journal", "sound: "+path))
	}
	x.add(x.key(ctx, j, dir), x.audit(ctx), x.team(ctx, dir, j))
}

func folder(dir string) check {
	info, err := os.Stat(dir)
	if err != nil {
		return failed("state", err.Error(), "")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return failed("state", fmt.Sprintf("others can look into %s (mode %04o)", dir, mode), "chmod 700 "+dir)
	}
	return fine("state", dir)
}

// little is when a disk is about full: a journal of years takes less.
const little = 64 << 20

func space(dir string) check {
	free, known := freeBytes(dir)
	switch {
	case !known:
		return skipped("disk", "the free space cannot be told here")
	case free < little:
		return failed("disk", fmt.Sprintf("only %d MiB are free at %s", free>>20, dir), "free some space: a rotation stops when it cannot write")
	}
	return fine("disk", fmt.Sprintf("%d MiB free", free>>20))
}

func driver(dir string) check {
	h, held, err := sqlite.DriverLockHolder(dir)
	switch {
	case err != nil:
		return failed("driver", err.Error(), "")
	case held:
		return fine("driver", "a rotation is driven by "+h.String())
	}
	return fine("driver", "nobody drives a rotation now")
}

// key checks the key that seals values: that it can be used, and that whoever
// takes the database does not take it along.
func (x *examination) key(ctx context.Context, j *sqlite.Journal, dir string) check {
	path, credential, err := x.a.keyFile(j.Install())
	if err != nil {
		return failed("key file", err.Error(), "")
	}
	if credential {
		return fine("key file", "a systemd credential")
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return lostKey(ctx, j, path)
	}
	if err != nil {
		return failed("key file", err.Error(), "")
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return failed("key file", fmt.Sprintf("%s may be read by others, or is no plain file (mode %04o)", path, mode.Perm()), "chmod 600 "+path)
	}
	if inside(dir, path) {
		return warned("key file", path+" lies beside the database that it seals: a copy of the folder opens everything", "move it elsewhere, and name it with --key-file or $PAWL_KEY_FILE")
	}
	if x.a.keyPath == "" && x.a.getenv("PAWL_KEY_FILE") == "" {
		return warned("key file", path+": the default. It protects a stolen database, not a stolen home", "on a server use a systemd credential (LoadCredentialEncrypted=pawl-key) or --key-file on another disk")
	}
	return fine("key file", path)
}

// lostKey is what a key that is not there means: nothing, as long as nothing was
// sealed with it.
func lostKey(ctx context.Context, j *sqlite.Journal, path string) check {
	sealed, err := j.Meta(ctx, "keyset")
	switch {
	case err != nil:
		return failed("key file", err.Error(), pawl.HintOf(err))
	case sealed == nil:
		return skipped("key file", "made with the first rotation")
	}
	return failed("key file", "there is none at "+path+", and values in this state are sealed with it", "restore it, or name it with --key-file; if it is gone for good, go on with a fresh state folder")
}

func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (x *examination) audit(ctx context.Context) check {
	public, err := x.a.publicKey("")
	if err != nil {
		return failed("audit log", err.Error(), "pawl audit verify --key FILE")
	}
	report, err := x.a.verifyLog(ctx, nil, public, "")
	if err != nil && !changed(err) {
		return failed("audit log", "it could not be verified: "+wording.Plainly(err.Error()), "pawl audit verify")
	}
	if err != nil {
		return failed("audit log", "it is not as it was signed: "+err.Error(), "keep a copy of the state folder as it is, and find out who could write to it")
	}
	return fine("audit log", fmt.Sprintf("%d records, as they were signed", report.Size))
}

// schedule says what is overdue, as far as this state knows.
func (x *examination) schedule(ctx context.Context, cat *catalog.Catalog) {
	j, err := x.a.readFile(ctx)
	if err != nil || j == nil {
		x.add(skipped("schedule", "there is no journal to tell when anything was rotated"))
		return
	}
	defer j.Close()
	late, scheduled := []string{}, 0
	for _, name := range cat.Names() {
		c, err := cat.Credential(name)
		if err != nil || c.Schedule.Every == 0 {
			continue
		}
		scheduled++
		runs, err := j.Recent(ctx, name, 20)
		if err != nil {
			x.add(failed("schedule", err.Error(), ""))
			return
		}
		for _, r := range runs {
			if r.Outcome == pawl.Completed {
				if r.Updated.Add(c.Schedule.Every).Before(time.Now()) {
					late = append(late, name)
				}
				break
			}
		}
	}
	if len(late) > 0 {
		x.add(warned("schedule", "overdue: "+strings.Join(late, ", "), "pawl rotate --due"))
		return
	}
	x.add(fine("schedule", fmt.Sprintf("nothing is overdue, of %d that have a schedule", scheduled)))
}
