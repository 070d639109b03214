package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/evidence"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/wording"
)

// exporting is what pawl audit export is told.
type exporting struct {
	output, html     string
	from, to         string
	credential, form string
}

func newAuditExportCommand(a *app) *cobra.Command {
	o := &exporting{}
	cmd := &cobra.Command{Use: "export", Short: "Write the log, or evidence of a part of it, for pawl audit verify FILE",
		Long: `Without --from, --to, --credential and --html this is the whole log with its checkpoint. With one
of them it is an evidence pack: what was rotated in that time, by whom, with whose approval, what
proved that every place had moved, when the old credential was refused, what was late and why,
and the records that say so, each with the proof that it is in the signed log. --html writes it as
one page that can be read and printed anywhere, with the pack inside.

Both are signed, and verified by anybody who has audit.pub: pawl audit verify FILE --key audit.pub

--format ocsf and --format cadf write records for other programs to search, one a line; those
cannot be verified.

--from and --to are days (2026-07-01, which is midnight UTC) or times (2026-07-01T09:00:00+02:00);
what happened at --to is not part of it.`, Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAuditExport(cmd.Context(), o) }}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "file to write (default stdout)")
	f.StringVar(&o.html, "html", "", "file to write a page for people to")
	f.StringVar(&o.from, "from", "", "day or time from which on")
	f.StringVar(&o.to, "to", "", "day or time until which")
	f.StringVar(&o.credential, "credential", "", "only what is about this one")
	f.StringVar(&o.form, "format", "native", "native, ocsf or cadf")
	return cmd
}

func (a *app) runAuditExport(ctx context.Context, o *exporting) error {
	from, err := dayOrTime("--from", o.from)
	if err != nil {
		return err
	}
	to, err := dayOrTime("--to", o.to)
	if err != nil {
		return err
	}
	switch {
	case o.form != "native" && o.form != audit.OCSF && o.form != audit.CADF:
		return usage("--format: want native, ocsf or cadf")
	case o.form != "native" && o.html != "":
		return usage("--html is of --format native only")
	case !from.IsZero() && !to.IsZero() && !from.Before(to):
		return usage("--from must be before --to")
	}
	key, err := a.publicKey("")
	if err != nil {
		return err
	}
	if a.far != nil {
		return a.far.export(ctx, o, key)
	}
	if _, err := a.verifyLog(ctx, nil, key, ""); err != nil { // what was set back is not handed on as the whole log
		return notAsSigned(err, nil)
	}
	j, err := a.readState(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := a.inLog(ctx, j, o.credential); err != nil {
		return err
	}
	whole := from.IsZero() && to.IsZero() && o.credential == "" && o.html == ""
	switch {
	case o.form != "native":
		return a.exportForeign(ctx, j, o, from, to)
	case !whole:
		return a.exportEvidence(ctx, j, o, from, to)
	}
	checkpoint, records, err := j.Audit(ctx)
	if err != nil {
		return err
	}
	return a.exported(o.output, wholeLog, func(w io.Writer) error { return audit.Export(w, key, checkpoint, records) })
}

// inLog reports a credential that neither the log nor the catalog knows.
func (a *app) inLog(ctx context.Context, j journal.Journal, credential string) error {
	if credential == "" {
		return nil
	}
	page, err := j.AuditPage(ctx, journal.About{Credential: credential}, journal.Newest, 1)
	if err != nil || len(page.Records) > 0 {
		return err
	}
	return a.neverHeardOf(credential)
}

// wholeLog is what is exported if nothing less is asked for.
const wholeLog = "the whole audit log"

// exported is exportTo, and says what is in the file then.
func (a *app) exported(file, what string, write func(io.Writer) error) error {
	err := a.exportTo(file, write)
	if err == nil && file != "" {
		a.say("%s %s: %s", a.sign(good), file, what)
	}
	return err
}

// exportTo writes to a file that is whole or not there, or to stdout.
func (a *app) exportTo(file string, write func(io.Writer) error) error {
	if file == "" {
		return write(a.out)
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return usage("%v", err)
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".pawl-export-*")
	if err != nil {
		return usage("%v", err)
	}
	err = write(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func dayOrTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("%s: want a day such as 2026-07-01, or a time such as 2026-07-01T09:00:00Z", flag)
}

func (a *app) exportForeign(ctx context.Context, j journal.Journal, o *exporting, from, to time.Time) error {
	_, records, err := j.Audit(ctx)
	if err != nil {
		return err
	}
	return a.exported(o.output, "records as "+o.form+", which cannot be verified", func(w io.Writer) error {
		out := bufio.NewWriter(w)
		for line, err := range records {
			if err != nil {
				return err
			}
			r, err := audit.Decode(line)
			if err != nil {
				return err
			}
			if r.Time.Before(from) || !to.IsZero() && !r.Time.Before(to) || o.credential != "" && r.Target.Credential != o.credential {
				continue
			}
			text, err := audit.Foreign(r, o.form)
			if err != nil {
				return err
			}
			out.Write(append(text, '\n')) // a bufio.Writer keeps its first error for Flush
		}
		return out.Flush()
	})
}

func (a *app) exportEvidence(ctx context.Context, j journal.Journal, o *exporting, from, to time.Time) error {
	path, err := a.stateFile()
	if err != nil {
		return err
	}
	signer, err := a.signer(filepath.Dir(path))
	if err != nil {
		return err
	}
	checkpoint, records, err := j.Audit(ctx)
	if err != nil {
		return err
	}
	p, err := evidence.Build(evidence.Input{Signer: signer, Checkpoint: checkpoint, Records: records, Hashes: j.AuditHashes(ctx),
		Made: time.Now(), By: a.actor(), From: from, To: to, Credential: o.credential, Every: a.intervals()})
	if err != nil {
		return err
	}
	if o.html != "" {
		page, err := p.Page(signer)
		if err != nil {
			return err
		}
		if err := a.exported(o.html, evidenceWords(p), func(w io.Writer) error { _, err := w.Write(page); return err }); err != nil {
			return err
		}
	}
	if o.html != "" && o.output == "" {
		return nil // the pack is in the page
	}
	return a.exported(o.output, evidenceWords(p), func(w io.Writer) error { _, err := w.Write(p.Text()); return err })
}

// intervals are how often what is in the catalog is to be rotated. Without a
// catalog nothing can be late.
func (a *app) intervals() map[string]time.Duration {
	every := map[string]time.Duration{}
	cat, err := a.loadCatalog()
	if err != nil {
		a.say("%s the catalog cannot be read, so the evidence does not say what was late: see pawl validate", a.sign(warn))
		return every
	}
	for _, name := range cat.Names() {
		if cred, err := cat.Credential(name); err == nil {
			every[name] = cred.Schedule.Every
		}
	}
	return every
}

func evidenceWords(p *evidence.Pack) string {
	s := p.Report.Summary
	dead := wording.Count(p.Report.OldDead(), "old key") + " proved dead"
	if n := p.Report.NewDead(); n > 0 {
		dead += fmt.Sprintf(", and %d new of what went back", n)
	}
	return fmt.Sprintf("%s (%d completed, %s, %d late), %s", wording.Count(len(p.Report.Rotations), "rotation"), s.Completed, dead, s.Late, wording.Count(p.Header.Records, "record"))
}

// mostEvidence bounds what is read to be verified.
const mostEvidence = 1 << 30

// verifyFile verifies what export wrote, whatever it is.
func (a *app) verifyFile(ctx context.Context, file, key, witness string) (audit.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return audit.Report{}, usage("%v", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return audit.Report{}, usage("%s is a folder: name the file that pawl audit export has written", quoted(file))
	}
	in := bufio.NewReader(f)
	start, _ := in.Peek(64) // a file that is shorter says so below
	switch {
	case witness == "" && !evidence.Is(start):
		return audit.VerifyBundle(in, key)
	case witness == "":
	case evidence.Is(start):
		return audit.Report{}, usage("--witness is of a whole log; this file is a part of one")
	default:
		kept, show, err := a.witness(ctx, witness, key)
		if err == nil && show {
			err = usage("a witness is asked about the log itself: leave FILE out, or name a checkpoint that was kept")
		}
		if err != nil {
			return audit.Report{}, err
		}
		return audit.VerifyBundleAgainst(kept, in, key)
	}
	text, err := io.ReadAll(io.LimitReader(in, mostEvidence))
	if err != nil {
		return audit.Report{}, err
	}
	p, err := evidence.Verify(text, key)
	if err != nil {
		return audit.Report{}, err
	}
	head, err := audit.ParseCheckpoint([]byte(p.Header.Checkpoint), key)
	if err != nil {
		return audit.Report{}, err
	}
	a.say("%s evidence%s, %s, made %s by %q: %s", a.sign(good), of(p.Header.Credential), span(p.Header), p.Header.Made.Format(time.DateTime),
		p.Header.By.ID, evidenceWords(p))
	return audit.Report{Install: p.Header.Install, Size: int64(p.Header.Records), Root: head.Tree.Hash, Part: true}, nil
}

func of(credential string) string {
	if credential == "" {
		return ""
	}
	return " of " + word(credential)
}

func span(h evidence.Header) string {
	from, to := "the beginning", h.Made.Format(time.DateTime)
	if !h.From.IsZero() {
		from = h.From.Format(time.DateTime)
	}
	if !h.To.IsZero() {
		to = h.To.Format(time.DateTime)
	}
	return "from " + from + " to " + to + " UTC"
}
