package sqlite_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// A powerDisk is a file system for SQLite that loses power after so many
// writes, truncations, syncs and removals. From then on everything fails, and
// what survives is what was synced, and of the rest what the dice say: each
// sector of 512 bytes may be as any write that is not synced left it, or torn
// within one; a file may have any of its sizes since; what was removed may be
// there again unless its directory was synced, and what was made may not be
// there unless it was.
//
// The live files are real ones, so that everything but SQLite, which uses this
// as its VFS, sees them too.
type powerDisk struct {
	vfs.VFS // the real one

	mu    sync.Mutex
	dice  *rand.Rand
	left  int // operations before the power fails
	off   bool
	files map[string]*medium
}

// A medium is what is on the platters for one name.
type medium struct {
	synced  []byte
	there   bool     // the name survives
	undying bool     // it was removed, which may not have reached the disk
	pending []change // since the last sync
}

// A change is a write, or a truncation if data is nil.
type change struct {
	at   int64 // offset, or the new size
	data []byte
}

const sector = 512

// newPowerDisk registers a disk under a name until the test ends.
func newPowerDisk(t *testing.T, name string, dice *rand.Rand, left int) *powerDisk {
	d := &powerDisk{VFS: vfs.Find("os"), dice: dice, left: left, files: map[string]*medium{}}
	vfs.Register(name, d)
	t.Cleanup(func() { vfs.Unregister(name) })
	return d
}

// spend takes one operation from what is left. The one that the power fails in
// may have been begun, as far as the dice go.
func (d *powerDisk) spend(begin func()) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return sqlite3.IOERR
	}
	if d.left--; d.left < 0 {
		d.off = true
	}
	begin()
	if d.off {
		return sqlite3.IOERR
	}
	return nil
}

func (d *powerDisk) failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// Open is called for files without a name only.
func (d *powerDisk) Open(string, vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return nil, 0, sqlite3.CANTOPEN
}

// OpenFilename implements [vfs.VFSFilename].
func (d *powerDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if d.failed() {
		return nil, 0, sqlite3.CANTOPEN
	}
	before, err := os.ReadFile(name.String())
	found := err == nil
	f, flags, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	m, known := d.files[name.String()]
	if !known {
		m = &medium{synced: before, there: found}
		d.files[name.String()] = m
	}
	if !found && known { // made again: what it holds now is not what it held
		m.pending = append(m.pending, change{at: 0})
	}
	return &powerFile{f, d, m}, flags, nil
}

// Delete implements [vfs.VFS].
func (d *powerDisk) Delete(name string, syncDir bool) error {
	err := d.spend(func() {
		m := d.files[name]
		if m == nil {
			m = &medium{there: true}
			m.synced, _ = os.ReadFile(name)
			d.files[name] = m
		}
		m.undying = !syncDir || d.off
		if !m.undying {
			*m = medium{}
		}
	})
	if err != nil {
		return err
	}
	return d.VFS.Delete(name, false)
}

// Access implements [vfs.VFS].
func (d *powerDisk) Access(name string, flags vfs.AccessFlag) (bool, error) {
	if d.failed() {
		return false, sqlite3.IOERR
	}
	return d.VFS.Access(name, flags)
}

// A powerFile is an open file of a [powerDisk].
type powerFile struct {
	vfs.File
	disk *powerDisk
	m    *medium
}

func (f *powerFile) ReadAt(p []byte, off int64) (int, error) {
	if f.disk.failed() {
		return 0, sqlite3.IOERR_READ
	}
	return f.File.ReadAt(p, off)
}

func (f *powerFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.disk.spend(func() { f.m.pending = append(f.m.pending, change{off, slices.Clone(p)}) })
	if err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *powerFile) Truncate(size int64) error {
	if err := f.disk.spend(func() { f.m.pending = append(f.m.pending, change{at: size}) }); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Sync does not wait for the real disk: nothing here is meant to outlive the
// test.
func (f *powerFile) Sync(vfs.SyncFlag) error {
	return f.disk.spend(func() {
		if f.disk.off {
			return
		}
		for _, c := range f.m.pending {
			f.m.synced = c.onto(f.m.synced)
		}
		f.m.pending, f.m.there, f.m.undying = nil, true, false
	})
}

func (f *powerFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}
func (f *powerFile) PersistWAL() bool        { return f.File.(vfs.FilePersistWAL).PersistWAL() }
func (f *powerFile) SetPersistWAL(keep bool) { f.File.(vfs.FilePersistWAL).SetPersistWAL(keep) }
func (f *powerFile) LockState() vfs.LockLevel {
	return f.File.(vfs.FileLockState).LockState()
}

// onto makes the whole change.
func (c change) onto(b []byte) []byte {
	if c.data == nil {
		return resized(b, c.at)
	}
	b = resized(b, max(int64(len(b)), c.at+int64(len(c.data))))
	copy(b[c.at:], c.data)
	return b
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// image writes what survives into another directory.
func (d *powerDisk) image(t *testing.T, into string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	// Some failures keep nearly all, some nearly nothing.
	keep := []float64{0, 0.1, 0.5, 0.9, 1}[d.dice.IntN(5)]
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		m := d.files[name]
		if strings.HasSuffix(name, "-shm") || !m.there && d.dice.Float64() >= keep || m.undying && d.dice.Float64() < keep {
			continue
		}
		must(t, os.WriteFile(filepath.Join(into, filepath.Base(name)), m.survivor(d.dice, keep), 0o600))
	}
}

// survivor is what is found of a file.
func (m *medium) survivor(dice *rand.Rand, keep float64) []byte {
	b := slices.Clone(m.synced)
	// The sizes of a file reach the disk in order, its sectors in none.
	sizes := 0
	for sizes < len(m.pending) && dice.Float64() < keep {
		sizes++
	}
	touched := map[int64]int{} // how often
	for _, c := range m.pending {
		for s := range c.sectors {
			touched[s]++
		}
	}
	until := map[int64]int{} // which write of a sector is the last that survived
	for _, s := range slices.Sorted(maps.Keys(touched)) {
		for until[s] < touched[s] && dice.Float64() < keep {
			until[s]++
		}
	}
	seen := map[int64]int{}
	for i, c := range m.pending {
		switch {
		case c.data == nil && i >= sizes:
			return b // it was not cut, so nothing was put in the place of what was cut off
		case c.data == nil:
			b = resized(b, c.at)
			continue
		case i < sizes:
			b = resized(b, max(int64(len(b)), c.at+int64(len(c.data))))
		}
		for s, piece := range c.sectors {
			seen[s]++
			switch {
			case seen[s] <= until[s]:
				piece.put(b)
			case seen[s] == until[s]+1 && dice.IntN(4) == 0:
				piece.data = piece.data[:dice.IntN(len(piece.data))] // torn
				piece.put(b)
			}
		}
	}
	return b
}

// sectors yields the parts of a write.
func (c change) sectors(yield func(int64, change) bool) {
	for at, data := c.at, c.data; len(data) > 0; {
		n := min(sector-at%sector, int64(len(data)))
		if !yield(at/sector, change{at, data[:n]}) {
			return
		}
		at, data = at+n, data[n:]
	}
}

// put overwrites what is there, and does not make the file longer.
func (c change) put(b []byte) {
	if c.at < int64(len(b)) {
		copy(b[c.at:], c.data)
	}
}
