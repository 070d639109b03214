package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/provider/retry"
	"github.com/pawl-dev/pawl/seal"
	"github.com/pawl-dev/pawl/secretref"
)

// catalogFolder is --catalog, $PAWL_CATALOG, or here.
func (a *app) catalogFolder() string {
	if a.catalogDir != "" {
		return a.catalogDir
	}
	if dir := a.getenv("PAWL_CATALOG"); dir != "" {
		return dir
	}
	return "."
}

func (a *app) loadCatalog() (*catalog.Catalog, error) {
	if a.far != nil {
		return a.far.catalog()
	}
	dir := a.catalogFolder()
	// A large catalog stays as it grows, so that looking through it again and
	// again for what could be let go is a third of the work.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	cat, problems := catalog.Load(dir, all.Providers())
	if len(problems) > 0 {
		return nil, &exit{code: exitUsage, err: problems.In(dir), safe: "Nothing was changed."}
	}
	return cat, nil
}

// stateFile is where the journal is: --state or $PAWL_STATE names the folder,
// or the file itself if it ends in .db; the default is $XDG_STATE_HOME/pawl.
func (a *app) stateFile() (string, error) {
	path := a.statePath
	if path == "" {
		path = a.getenv("PAWL_STATE")
	}
	if path == "" {
		dir, err := a.home("XDG_STATE_HOME", ".local/state")
		if err != nil {
			return "", err
		}
		path = dir
	}
	info, err := os.Stat(path)
	switch {
	case strings.HasSuffix(path, ".db"):
		return filepath.Abs(path)
	case err == nil && info.Mode().IsRegular():
		if !mayBeJournal(path, info) {
			return "", usage("the state is to be in %s, which is a file, and no journal: want a folder, or a file that ends in .db (--state, $PAWL_STATE)", path)
		}
		return filepath.Abs(path)
	}
	return filepath.Abs(filepath.Join(path, "pawl.db"))
}

// mayBeJournal reports whether a file is a database, or an empty one of this
// user's alone, as mktemp makes it. What cannot be read is for others to say.
func mayBeJournal(path string, info os.FileInfo) bool {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	first := make([]byte, len(magic))
	n, err := io.ReadFull(f, first)
	return string(first[:n]) == magic || errors.Is(err, io.EOF) && info.Mode().Perm()&0o077 == 0
}

func (a *app) home(variable, fallback string) (string, error) {
	if dir := a.getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pawl"), nil
	}
	home := a.getenv("HOME")
	if home == "" {
		return "", usage("neither $%s nor $HOME is set, so there is no default place; use --state DIR and --key-file FILE", variable)
	}
	return filepath.Join(home, fallback, "pawl"), nil
}

// keys are the two keys of an installation: the one that seals values, which
// lies outside of the state folder, and the one that signs the audit log.
func (a *app) kek(install string) (seal.KEK, error) {
	path, credential, err := a.keyFile(install)
	if err != nil {
		return seal.KEK{}, err
	}
	if credential {
		b, err := os.ReadFile(path)
		if err != nil {
			return seal.KEK{}, &pawl.Error{Op: "opening the state", Kind: pawl.Unavailable, Err: err}
		}
		return seal.ParseKEK(pawl.NewSecret(b))
	}
	return seal.LoadOrCreateKEK(path)
}

// keyFile is where the key that seals values is, or would be made, and whether
// that is a systemd credential.
func (a *app) keyFile(install string) (path string, credential bool, err error) {
	if dir := a.getenv("CREDENTIALS_DIRECTORY"); dir != "" && a.keyPath == "" {
		if path := filepath.Join(dir, "pawl-key"); readable(path) {
			return path, true, nil
		}
	}
	if a.keyPath != "" {
		return a.keyPath, false, nil
	}
	if path := a.getenv("PAWL_KEY_FILE"); path != "" {
		return path, false, nil
	}
	dir, err := a.home("XDG_CONFIG_HOME", ".config")
	return filepath.Join(dir, "keys", install+".key"), false, err
}

func readable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// A store is an opened state.
type store struct {
	journal.Journal
	dir      string
	lock     *sqlite.Lock
	holder   sqlite.Holder // of the lock: this process
	traces   *outgoing     // of what is driven here; nil: nothing is sent
	refusals *echo.Echo    // of who may not do what they ask for, whichever way they asked
}

func (s *store) Close() error {
	s.traces.send()
	if s.refusals != nil {
		s.refusals.Flush()
	}
	err := s.Journal.Close()
	if s.lock != nil {
		s.lock.Unlock()
	}
	return err
}

// answersAt tells whoever finds the lock held at which socket to ask. That it
// cannot be written is no harm: they look at the usual place.
func (s *store) answersAt(socket string) {
	if path, err := filepath.Abs(socket); err == nil {
		s.holder.Socket = path
		_ = s.lock.Update(s.holder)
	}
}

// openState opens the journal to write. With drive set this process becomes
// the one that drives; another one that does is an error that says who.
func (a *app) openState(ctx context.Context, drive bool) (*store, error) {
	if a.far != nil {
		return &store{Journal: farJournal{f: a.far}}, nil
	}
	path, err := a.stateFile()
	if err != nil {
		return nil, err
	}
	s := &store{dir: filepath.Dir(path)}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, &pawl.Error{Op: "opening the state", Kind: pawl.Unavailable, Err: err, Hint: "use --state DIR with a folder that can be written"}
	}
	if drive {
		s.holder = sqlite.Holder{PID: os.Getpid(), Actor: a.actor(), Since: time.Now()}
		if s.lock, err = sqlite.DriverLock(s.dir, s.holder); err != nil {
			return nil, err
		}
	}
	signer, err := a.signer(s.dir)
	if err == nil {
		s.Journal, err = sqlite.Open(ctx, sqlite.Options{Path: path, Signer: signer, AcceptRollback: a.acceptOld})
	}
	if err != nil {
		if s.lock != nil {
			s.lock.Unlock()
		}
		return nil, err
	}
	s.refusals = echo.New(s.Record, time.Now, a.log())
	return s, nil
}

// signer is the key that signs the audit log, made with the state. Its public
// half lies beside it in audit.pub.
func (a *app) signer(dir string) (*audit.Signer, error) {
	key, err := seal.KeyFile(filepath.Join(dir, "audit.key"), audit.GenerateKey)
	if err != nil {
		return nil, err
	}
	signer, err := audit.ParseSigner(key)
	if err != nil {
		return nil, err
	}
	if err := publish(filepath.Join(dir, "audit.pub"), signer.Public()+"\n"); err != nil {
		return nil, &pawl.Error{Op: "opening the state", Kind: pawl.Unavailable, Err: err}
	}
	return signer, nil
}

// publish writes text to a file, whole or not at all. One that is there is left
// as it is, unless it was cut off, as a full disk or a power loss does.
func publish(path, text string) error {
	there, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if left := strings.TrimRight(string(there), "\x00"); left == text || !strings.HasPrefix(text, left) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".audit.pub-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// box opens the sealed-value box of a state, and makes it with the first use.
func (a *app) box(ctx context.Context, s *store) (*seal.Box, error) {
	kek, err := a.kek(s.Install())
	if err != nil {
		return nil, err
	}
	wrapped, err := s.Meta(ctx, "keyset")
	if err != nil {
		return nil, err
	}
	if wrapped == nil {
		fresh, _, err := seal.Create(kek)
		if err != nil {
			return nil, err
		}
		if wrapped, err = s.SetMeta(ctx, "keyset", fresh); err != nil {
			return nil, err
		}
	}
	return seal.Open(wrapped, kek)
}

// engine opens all that a rotation needs.
func (a *app) engine(ctx context.Context, cat *catalog.Catalog, s *store) (*engine.Engine, *seal.Box, error) {
	box, err := a.box(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return engine.New(engine.Config{Journal: s, Box: box, Actor: a.actor(), Open: a.opener(cat).Open, Log: a.log()}), box, nil
}

// opener opens the vendors of a catalog; asked again, the same one does, so that
// what was signed in to is, and what the vendors said of their limits is known.
func (a *app) opener(cat *catalog.Catalog) *connect.Opener {
	if a.opened == nil || a.opened.Catalog != cat {
		a.opened = a.newOpener(cat)
	}
	return a.opened
}

func (a *app) newOpener(cat *catalog.Catalog) *connect.Opener {
	return &connect.Opener{Catalog: cat, Providers: all.Providers(), Log: a.log(), Policy: retry.Policy{MaxElapsed: 45 * time.Second},
		Resolver: &secretref.Resolver{Getenv: a.getenv, Dir: a.catalogFolder()}}
}

// actor is who runs this: the OS user and the host, or whom the server knows.
func (a *app) actor() pawl.Actor {
	if a.far != nil {
		return a.far.me.Actor
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	return pawl.Actor{Type: "user", ID: a.userName() + "@" + host}
}

// userName is the OS user who runs this.
func (a *app) userName() string {
	name := a.getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if name == "" {
		name = "uid"
	}
	return name
}
