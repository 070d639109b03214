package catalog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

const credentialsDir = "credentials"

// A Catalog is a folder of credentials that was read without a problem. It is
// not changed any more, so it may be used concurrently.
type Catalog struct {
	fsys        fs.FS
	kinds       *kinds
	connections map[string]*Connection
	credentials map[string]*Credential
	names       []string
	freezes     []Freeze
	signIns     []SignIn
	notify      Notify
	frozen      *File // freezes.yaml as it was read; nil: there is none
}

// Load reads the catalog in a folder. It either returns a catalog, or all
// problems that it has in order of file, line and column; it has no other
// effect. Files are read in parallel.
func Load(dir string, providers []provider.Provider) (*Catalog, Problems) {
	return LoadFS(os.DirFS(dir), providers)
}

// LoadFS is [Load] for any file system.
func LoadFS(fsys fs.FS, providers []provider.Provider) (*Catalog, Problems) {
	l := &loader{fsys: fsys, kinds: newKinds(providers), fields: &fieldCache{}, zones: &sync.Map{}}
	l.conns = l.readConnections()
	problems := l.conns.source.problems
	files, wrong := l.credentialFiles()
	problems = append(problems, wrong...)
	read := l.readCredentials(files)
	c := &Catalog{fsys: fsys, kinds: l.kinds, connections: l.conns.byName, credentials: make(map[string]*Credential, len(read))}
	for _, one := range read {
		problems = append(problems, one.problems...)
	}
	problems = append(problems, l.crossCheck(c, read)...)
	problems = append(problems, l.readSignIn(c)...)
	whole := len(c.credentials) == len(read)
	problems = append(problems, l.readFreezes(c, whole)...)
	problems = append(problems, l.readNotify(c, whole)...)
	if len(problems) > 0 {
		problems.sort()
		return nil, problems
	}
	c.names = sortedKeys(c.credentials)
	return c, nil
}

// Names returns the names of all credentials in alphabetical order.
func (c *Catalog) Names() []string { return slices.Clone(c.names) }

// Credential returns a credential by its name. An unknown name is
// [pawl.NotFound] with the nearest one in the hint.
func (c *Catalog) Credential(name string) (*Credential, error) {
	if found, ok := c.credentials[name]; ok {
		return found, nil
	}
	return nil, &pawl.Error{
		Op: "catalog.Credential", Kind: pawl.NotFound,
		Hint: suggest(name, c.names), Err: fmt.Errorf("no credential %q in the catalog", printable(masked(clip(name, 80)))),
	}
}

// Connections returns the names of all connections in alphabetical order.
func (c *Catalog) Connections() []string { return sortedKeys(c.connections) }

// Connection returns a connection by its name. An unknown name is
// [pawl.NotFound] with the nearest one in the hint.
func (c *Catalog) Connection(name string) (*Connection, error) {
	if found, ok := c.connections[name]; ok {
		return found, nil
	}
	return nil, &pawl.Error{
		Op: "catalog.Connection", Kind: pawl.NotFound,
		Hint: suggest(name, c.Connections()), Err: fmt.Errorf("no connection %q in the catalog", printable(masked(clip(name, 80)))),
	}
}

// A loader is one Load.
type loader struct {
	fsys   fs.FS
	kinds  *kinds
	fields *fieldCache
	zones  *sync.Map // *time.Location by name
	conns  *connections
}

// zone is [time.LoadLocation], once for each name.
func (l *loader) zone(name string) (*time.Location, error) {
	if zone, ok := l.zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		l.zones.Store(name, zone)
	}
	return zone, err
}

// readFile reads the text of a source and reports it if it cannot.
func (l *loader) readFile(s *source) bool {
	info, err := fs.Stat(l.fsys, s.file)
	if err == nil && !info.Mode().IsRegular() { // a pipe could block for ever
		s.reportFile("", "not a regular file")
		return false
	}
	if err == nil {
		s.text, err = readAtMost(l.fsys, s.file, maxFile+1)
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, fs.ErrNotExist) && s.file == connectionsFile:
		s.reportFile("pawl init makes a catalog to start from", "there is no such file; is this the folder of a catalog?")
	case errors.Is(err, fs.ErrNotExist):
		s.reportFile("", "there is no such file")
	case errors.Is(err, fs.ErrPermission):
		s.reportFile("", "this user may not read the file")
	default:
		s.reportFile("", "the file cannot be read: %v", err)
	}
	return false
}

func readAtMost(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// credentialFiles lists the files that hold credentials. A folder among them is
// reported: what is in there would not be rotated, and nobody would notice.
func (l *loader) credentialFiles() ([]string, Problems) {
	entries, err := fs.ReadDir(l.fsys, credentialsDir)
	if err != nil {
		s := &source{file: credentialsDir}
		s.reportFile("", "there is no folder of credentials that can be read here")
		return nil, s.problems
	}
	var files []string
	var problems Problems
	for _, e := range entries {
		name := path.Join(credentialsDir, e.Name())
		ext := strings.ToLower(path.Ext(name))
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			s := &source{file: name}
			s.reportFile("move its files up into credentials/", "a folder below credentials is not read")
			problems = append(problems, s.problems...)
		case ext == ".yaml" || ext == ".yml":
			files = append(files, name)
		}
	}
	return files, problems
}

// A reading is what became of one credential file.
type reading struct {
	credential *Credential // nil if nothing could be made of it
	problems   Problems
}

// readCredentials reads files in parallel; results are in the order of files.
func (l *loader) readCredentials(files []string) []reading {
	readings := make([]reading, len(files))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				readings[i] = l.readCredential(files[i])
			}
		})
	}
	workers.Wait()
	return readings
}

func (l *loader) readCredential(file string) reading {
	s := &source{file: file}
	if !l.readFile(s) {
		return reading{nil, s.problems}
	}
	root := s.parse()
	if root == nil {
		return reading{nil, s.problems}
	}
	r := &reader{s, l}
	r.checkSecrets(root)
	return reading{r.credential(root), s.problems}
}

// crossCheck fills the catalog and finds what is wrong between its entries.
func (l *loader) crossCheck(c *Catalog, read []reading) Problems {
	var problems Problems
	written := map[string]writer{}
	for _, one := range read {
		if one.credential == nil {
			continue
		}
		s := &source{file: one.credential.File}
		l.checkUnique(s, c, one.credential)
		l.checkLocations(s, one.credential, written)
		if len(one.problems) == 0 {
			l.checkGroups(s, c, one.credential)
		}
		problems = append(problems, s.problems...)
	}
	return problems
}

// reread gives a source its text again, to show the line of a problem that was
// found after its file was let go.
func (l *loader) reread(s *source) *source {
	if s.text == nil {
		text, err := readAtMost(l.fsys, s.file, maxFile)
		if err != nil {
			text = []byte{}
		}
		s.text = text
	}
	return s
}

func (l *loader) checkUnique(s *source, c *Catalog, cred *Credential) {
	if cred.Name == "" {
		return
	}
	if first, twice := c.credentials[cred.Name]; twice {
		l.reread(s).report(cred.at, "", "duplicate credential %q, first in %s:%d", cred.Name, first.File, first.at.line)
		return
	}
	c.credentials[cred.Name] = cred
}

// A writer is the first entry that writes to a location.
type writer struct {
	file string
	line int
	id   string
}

// checkLocations finds entries that write to one location: the one that is
// written last would win.
func (l *loader) checkLocations(s *source, cred *Credential, written map[string]writer) {
	for _, e := range cred.places() {
		for _, location := range e.locations {
			key := e.Kind + "\x00" + l.conns.identity(e.Op.Connection) + "\x00" + location
			first, taken := written[key]
			if !taken {
				written[key] = writer{cred.File, e.at.line, e.ID}
				continue
			}
			where := fmt.Sprintf("%s:%d", first.file, first.line)
			if first.file == cred.File {
				where = fmt.Sprintf("%q on line %d", first.id, first.line)
			}
			l.reread(s).report(e.at, "one location belongs to one consumer", "%q writes to the same location as %s: %s", e.ID, where, location)
		}
	}
}

// checkGroups finds entries that share a call but cannot be merged into one.
func (l *loader) checkGroups(s *source, c *Catalog, cred *Credential) {
	for _, e := range cred.unmergeable(c.kinds) {
		l.reread(s).report(e.at, "", "%q cannot be written together with another consumer of %s", e.ID, e.Where)
	}
}

// identity tells servers apart: two connections to one server reach the same
// locations.
func (c *connections) identity(name string) string {
	if conn, ok := c.byName[name]; ok && conn.URL != "" {
		return strings.ToLower(conn.URL)
	}
	return name
}
