package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

func newAuditCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Show, verify, export and witness the audit log",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("audit: want show, verify or export, or witness")
		}}
	cmd.AddCommand(newAuditShowCommand(a), newAuditVerifyCommand(a), newAuditExportCommand(a), newAuditWitnessCommand(a))
	return cmd
}

func newAuditShowCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "show [NAME[/N]]", Short: "Print the records, one line each (with --json as they are)", Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAuditShow(cmd.Context(), args) }}
}

func newAuditVerifyCommand(a *app) *cobra.Command {
	var key, witness string
	cmd := &cobra.Command{Use: "verify [FILE]", Short: "Verify the log, or an exported file of it, with the public key alone",
		Long: `Finds any record that was changed, dropped, added, moved or cut off, against the signed
checkpoint. --key is the public key or a file that holds it (default: audit.pub beside the
journal); --witness is a checkpoint that was kept elsewhere (a file, or file:, git: or https: as
in pawl audit witness), and finds a log that was rolled back as a whole.

Exit status: 0 everything is as it was signed · 1 it is not, or could not be read · 3 you may not read it`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAuditVerify(cmd.Context(), args, key, witness)
		}}
	cmd.Flags().StringVar(&key, "key", "", "public key, or file that holds it")
	cmd.Flags().StringVar(&witness, "witness", "", "checkpoint that was kept elsewhere: a file, git:DIR or https://HOST#KEY")
	return cmd
}

// auditLog opens the log to read.
func (a *app) auditLog(ctx context.Context) (checkpoint []byte, records iter.Seq2[[]byte, error], done func(), err error) {
	j, err := a.readState(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if j == nil {
		return nil, nil, nil, usage("there is no journal yet, so there is no audit log")
	}
	checkpoint, records, err = j.Audit(ctx)
	if err != nil {
		j.Close()
		return nil, nil, nil, err
	}
	return checkpoint, records, func() { j.Close() }, nil
}

// auditRecords opens the log to be shown. A server is asked for records only,
// which more people may see than may take the whole log away.
func (a *app) auditRecords(ctx context.Context, args []string) (checkpoint []byte, records iter.Seq2[[]byte, error], done func(), err error) {
	if a.far == nil {
		return a.auditLog(ctx)
	}
	credential := ""
	if len(args) == 1 {
		credential = credentialOf(args[0])
	}
	return nil, a.far.records(ctx, credential), func() {}, nil
}

func (a *app) runAuditShow(ctx context.Context, args []string) error {
	_, records, done, err := a.auditRecords(ctx, args)
	if err != nil {
		return err
	}
	defer done()
	found := false
	for raw, err := range records {
		if err != nil {
			return err
		}
		var r shown
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("reading a record: %w", err)
		}
		if len(args) == 1 && r.Data.Target.Credential != args[0] && r.Data.Context.Rotation != args[0] {
			continue
		}
		found = true
		if a.json {
			a.print("%s", raw)
			continue
		}
		a.print("%s", r.text())
	}
	if found || len(args) == 0 {
		return nil
	}
	if name, number, ok := strings.Cut(args[0], "/"); ok {
		return usage("the log has nothing of a rotation %s of %s", word(number), word(name))
	}
	if err := a.neverHeardOf(args[0]); err != nil {
		return err
	}
	a.say("%s the log has nothing of %s yet", a.sign(idle), args[0])
	return nil
}

// tailAudit prints the last n records.
func (a *app) tailAudit(ctx context.Context, n int) error {
	_, records, done, err := a.auditLog(ctx)
	if err != nil {
		return err
	}
	defer done()
	var last []string
	for raw, err := range records {
		if err != nil {
			return err
		}
		var r shown
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		last = append(last, r.text())
	}
	for _, text := range last[max(0, len(last)-n):] {
		a.print("%s", text)
	}
	return nil
}

// shown is the part of a record that is shown to people.
type shown struct {
	Time string `json:"time"`
	Type string `json:"type"`
	Data struct {
		Outcome string       `json:"outcome"`
		Actor   pawl.Actor   `json:"actor"`
		Target  audit.Target `json:"target"`
		Context struct {
			Rotation string `json:"rotation"`
			Detail   string `json:"detail"`
		} `json:"context"`
		Log struct {
			Index int64 `json:"index"`
		} `json:"log"`
	} `json:"data"`
}

func (r shown) text() string {
	t := r.Data.Target
	parts := []string{fmt.Sprintf("%6d  %s  %-32s %-8s %s", r.Data.Log.Index, r.Time, r.Type, r.Data.Outcome, r.Data.Context.Rotation), r.Data.Actor.ID}
	for _, p := range []string{t.Consumer, t.ProviderID} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if strings.HasSuffix(r.Type, ".completed") {
		parts = append(parts, "old "+orDash(t.OldID)+" → new "+t.NewID)
	}
	if r.Data.Context.Detail != "" {
		parts = append(parts, "· "+r.Data.Context.Detail)
	}
	return strings.Join(parts, " ")
}

func (a *app) runAuditVerify(ctx context.Context, args []string, key, witness string) error {
	public, err := a.publicKey(key)
	if err != nil {
		return err
	}
	report, err := a.verifyLog(ctx, args, public, witness)
	if err != nil {
		return notAsSigned(err, args)
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "ok": true, "size": report.Size})
	}
	if report.Part {
		a.print("ok: %d records, each in the signed log, and none changed, added or left out since the file was made", report.Size)
		return nil
	}
	a.print("ok: %d records, unchanged and complete up to the signed checkpoint", report.Size)
	if witness != "" {
		a.say("%s the witness vouches for %d of them", a.sign(good), report.Witnessed)
	}
	return nil
}

func (a *app) verifyLog(ctx context.Context, args []string, key, witness string) (audit.Report, error) {
	if len(args) == 1 {
		return a.verifyFile(ctx, args[0], key, witness)
	}
	checkpoint, records, done, err := a.auditLog(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	defer done()
	kept, show, err := a.witness(ctx, witness, key)
	if err != nil {
		return audit.Report{}, err
	}
	if len(kept) > 0 {
		return audit.VerifyAgainst(kept, checkpoint, key, records)
	}
	if show && a.far != nil {
		return audit.Report{}, usage("this witness is shown the log on the server's machine: here name a checkpoint that was kept, file:PATH or git:DIR")
	}
	report, err := audit.Verify(checkpoint, key, records)
	if err != nil || !show {
		return report, err
	}
	j, err := a.readState(ctx)
	if err != nil {
		return report, err
	}
	defer j.Close()
	seen, err := a.showWitness(ctx, j, key, witness)
	if report.Witnessed = seen.Size; err != nil && pawl.KindOf(err) != pawl.Conflict {
		return report, &exit{code: exitFailed, err: fmt.Errorf("the log is as it was signed, but the witness could not be asked: %w", err)}
	}
	return report, err
}

// publicKey is what --key says: a file that holds the key, or the key itself.
func (a *app) publicKey(key string) (string, error) {
	if key == "" && a.far != nil {
		return a.far.me.PublicKey, nil
	}
	if key == "" {
		path, err := a.stateFile()
		if err != nil {
			return "", err
		}
		key = filepath.Join(filepath.Dir(path), "audit.pub")
	} else if _, err := os.Stat(key); err != nil {
		if !strings.Contains(key, "+") { // a key has its parts between plus signs
			return "", usage("--key: there is no such file, and it is no key: %v", err)
		}
		return key, nil
	}
	text, err := os.ReadFile(key)
	if err != nil {
		return "", usage("no public key: %v; name it with --key", err)
	}
	return strings.TrimSpace(string(text)), nil
}
