package desk

import (
	"context"
	"io"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/audit"
)

// ExportLog writes the whole audit log so that it can be verified anywhere.
func (d *Desk) ExportLog(ctx context.Context, who access.Subject, w io.Writer) error {
	if err := d.allow(ctx, who, access.Request{Action: access.ExportAudit}, ""); err != nil {
		return err
	}
	done, err := d.alone()
	if err != nil {
		return err
	}
	defer done()
	checkpoint, records, err := d.cfg.Journal.Audit(ctx)
	if err != nil {
		return err
	}
	return audit.Export(w, d.publicKey(), checkpoint, records)
}
