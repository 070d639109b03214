package desk

import (
	"archive/zip"
	"bytes"
	"context"
	"sync"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/catalog"
)

// A packed is the catalog as one file, made when it is first asked for.
type packed struct {
	mu  sync.Mutex
	of  *catalog.Catalog
	zip []byte
}

// Source is the catalog that this server works with, as a zip of its files.
// Whoever has it plans exactly what the server plans. It says neither where
// secrets come from nor, like every catalog, what they are.
func (d *Desk) Source(ctx context.Context, who access.Subject) ([]byte, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return nil, err
	}
	cat, err := d.fresh()
	if err != nil { // one with a mistake begins nothing, and what is under way is still looked at by the one before
		cat = d.cfg.Catalog()
	}
	p := &d.packed
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == cat {
		return p.zip, nil
	}
	var text bytes.Buffer
	z := zip.NewWriter(&text)
	for f, err := range cat.Files() {
		if err != nil {
			return nil, err
		}
		w, err := z.Create(f.Name)
		if err == nil {
			_, err = w.Write(f.Text)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	p.of, p.zip = cat, text.Bytes()
	return p.zip, nil
}
