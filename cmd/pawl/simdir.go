package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/sim/world"
)

// simMark is the file by which pawl sim knows a folder as its own. It holds the
// ports, so that what was begun at them finds the same vendors at the next start.
const simMark = ".pawl-sim.json"

// A simFolder is where pawl sim writes its catalog.
type simFolder struct {
	dir   string
	ports map[string]int // of the last time, by vendor; nil: there was none
}

// simFolderMark is what is in simMark.
type simFolderMark struct {
	Version int            `json:"version"`
	Ports   map[string]int `json:"ports"`
}

// openSimFolder looks whether a folder may be written to: it has no catalog, or
// one that pawl sim wrote.
func openSimFolder(dir string) (*simFolder, error) {
	f := &simFolder{dir: dir}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, usage("--dir %s is a file, and no folder; nothing was written", word(dir))
	}
	mark, err := os.ReadFile(filepath.Join(dir, simMark))
	if err == nil {
		var m simFolderMark
		_ = json.Unmarshal(mark, &m) // damaged, it is still the sim's own, and only the ports are forgotten
		f.ports = m.Ports
		return f, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	there := f.there()
	if len(there) == 0 {
		return f, nil
	}
	if f.ports = simulatedPorts(dir); f.ports == nil {
		return nil, &exit{code: exitUsage, err: fmt.Errorf("%s has a catalog that pawl sim did not write (%s)", dir, strings.Join(there, ", ")), safe: "Nothing was written.",
			next: []string{"pawl sim   # writes one into a new temporary folder", "pawl sim --dir " + quoted(filepath.Join(dir, "sim"))}}
	}
	return f, nil
}

// there lists what is in the folder of all that a catalog would be written over.
func (f *simFolder) there() (names []string) {
	for _, name := range sortedKeys(world.New(world.Options{}).Files(nil)) {
		if _, err := os.Lstat(filepath.Join(f.dir, filepath.FromSlash(name))); err == nil {
			names = append(names, name)
		}
	}
	for _, name := range f.credentials() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// credentials are the catalog's files of credentials, also those that somebody
// has added.
func (f *simFolder) credentials() (names []string) {
	files, _ := filepath.Glob(filepath.Join(f.dir, "credentials", "*.y*ml")) // only for a malformed pattern
	for _, file := range files {
		names = append(names, "credentials/"+filepath.Base(file))
	}
	return names
}

// loopbackURL is an address as the sim writes it.
var loopbackURL = regexp.MustCompile(`http://127\.0\.0\.1:([0-9]+)`)

// appURL is where the company's apps are, in the credential's proofs.
var appURL = regexp.MustCompile(`http://127\.0\.0\.1:([0-9]+)/acme-api-`)

// simulatedPorts are the ports of a catalog that was written before there was a
// mark: all four vendors are in it, and nothing in it leads off this machine. No
// catalog of real vendors looks like that. nil: it is none.
func simulatedPorts(dir string) map[string]int {
	cat, problems := catalog.Load(dir, all.Providers())
	if len(problems) > 0 {
		return nil
	}
	ports := map[string]int{}
	for _, name := range cat.Connections() {
		c, err := cat.Connection(name)
		if err != nil {
			return nil
		}
		port := loopbackPort(c.URL)
		if port == 0 {
			return nil
		}
		ports[name] = port
	}
	for _, name := range simVendors {
		if name != "apps" && ports[name] == 0 {
			return nil
		}
	}
	text, _ := os.ReadFile(filepath.Join(dir, "credentials", "heroku-api-key.yaml"))
	if m := appURL.FindSubmatch(text); m != nil {
		ports["apps"], _ = strconv.Atoi(string(m[1]))
	}
	return ports
}

func loopbackPort(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	at, err := netip.ParseAddrPort(u.Host)
	if err != nil || !at.Addr().IsLoopback() {
		return 0
	}
	return int(at.Port())
}

// serve serves the world: at base if it is given, else where it was the last
// time.
func (f *simFolder) serve(ctx context.Context, w *world.World, base int) (urls map[string]string, wait func(), err error) {
	if base != 0 {
		return w.Serve(ctx, base)
	}
	return w.ServeAgain(ctx, f.ports)
}

// moved are the vendors that are not where they were, by what they were at.
func (f *simFolder) moved(urls map[string]string) map[string]string {
	from := map[string]string{}
	for _, name := range simVendors {
		if port := f.ports[name]; port != 0 {
			if old := fmt.Sprintf("http://127.0.0.1:%d", port); old != urls[name] {
				from[old] = urls[name]
			}
		}
	}
	return from
}

// write writes the catalog. Its secrets are the new world's; of what is there
// only addresses are changed, in which case it returns which files it kept.
func (f *simFolder) write(w *world.World, urls map[string]string) (kept []string, err error) {
	m := simFolderMark{Version: 1, Ports: map[string]int{}}
	for name, u := range urls {
		m.Ports[name] = loopbackPort(u)
	}
	mark, err := json.Marshal(m)
	if err == nil { // first, so that a folder that was written in part is known as ours
		err = world.WriteFile(f.dir, simMark, string(mark)+"\n")
	}
	if err != nil {
		return nil, err
	}
	moved, files := f.moved(urls), w.Files(urls)
	for _, name := range sortedKeys(files) {
		text := files[name]
		if there, err := os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(name))); err == nil && !strings.HasPrefix(name, "secrets/") {
			if readdress(string(there), moved) != text {
				kept = append(kept, name)
			}
			continue
		}
		if err := world.WriteFile(f.dir, name, text); err != nil {
			return nil, err
		}
	}
	return kept, f.readdress(moved)
}

// readdress has what is there lead to where the vendors are now.
func (f *simFolder) readdress(moved map[string]string) error {
	for _, name := range append([]string{"connections.yaml"}, f.credentials()...) {
		text, err := os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if now := readdress(string(text), moved); now != string(text) {
			if err := world.WriteFile(f.dir, name, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func readdress(text string, moved map[string]string) string {
	return loopbackURL.ReplaceAllStringFunc(text, func(at string) string {
		if now, ok := moved[at]; ok {
			return now
		}
		return at
	})
}

// tellKept says what is as it was in a folder of an earlier time, and what is
// not.
func (a *app) tellKept(f *simFolder, urls map[string]string, kept []string) {
	if f.ports == nil {
		return
	}
	if len(kept) > 0 {
		a.say("%s Kept as you have edited it: %s", a.sign(idle), strings.Join(kept, ", "))
	}
	if moved := f.moved(urls); len(moved) > 0 {
		a.say("%s Not where it was the last time:", a.sign(warn))
		for _, old := range sortedKeys(moved) {
			a.say("    %s is %s now", old, moved[old])
		}
		a.say("  The catalog leads there. A rotation that was begun at the old addresses cannot go on at the new ones.")
	}
	a.say("%s The company begins anew, with its first key: what was made here before is not in it. What is under way is undone by pawl rollback NAME, or if its old key was made here, ended by pawl abandon NAME.", a.sign(idle))
}
