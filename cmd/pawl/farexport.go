package main

import (
	"bytes"
	"context"
	"io"

	"github.com/pawl-dev/pawl/audit"
)

// export takes the log, or an evidence pack of it, home from a server.
func (f *far) export(ctx context.Context, o *exporting, key string) error {
	switch whole := o.from == "" && o.to == "" && o.credential == "" && o.html == ""; {
	case o.form != "native":
		return usage("--format %s is made where the journal is: leave --server out, on the server's machine", o.form)
	case !whole:
		return f.evidence(ctx, o)
	}
	text, err := f.AuditLog(ctx)
	if err != nil {
		return f.heard(err)
	}
	if _, err := audit.VerifyBundle(bytes.NewReader(text), key); err != nil {
		return notAsSigned(err, nil)
	}
	return f.a.exported(o.output, wholeLog, written(text))
}

// evidence takes a pack of a part of the log: as lines, and its page if one is
// asked for.
func (f *far) evidence(ctx context.Context, o *exporting) error {
	if o.credential != "" {
		page, err := f.Records(ctx, "", o.credential)
		if err != nil {
			return f.heard(err)
		}
		if len(page.Items) == 0 {
			if err := f.a.neverHeardOf(o.credential); err != nil {
				return err
			}
		}
	}
	text, err := f.Evidence(ctx, o.from, o.to, o.credential, false)
	if err != nil {
		return f.heard(err)
	}
	if o.html != "" {
		page, err := f.Evidence(ctx, o.from, o.to, o.credential, true)
		if err != nil {
			return f.heard(err)
		}
		if err := f.a.exported(o.html, "evidence, as a page", written(page)); err != nil || o.output == "" {
			return err
		}
	}
	return f.a.exported(o.output, "evidence", written(text))
}

func written(text []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}
}
