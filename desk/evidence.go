package desk

import (
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/evidence"
)

// An EvidenceQuery says of what. What is zero is without a bound.
type EvidenceQuery struct {
	From, To   time.Time
	Credential string
	Page       bool // for people, as HTML; else the pack
}

// Evidence makes an evidence pack, or its page. The whole log is read for it, so
// it is made for one at a time.
func (d *Desk) Evidence(ctx context.Context, who access.Subject, q EvidenceQuery) ([]byte, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.ExportAudit}, q.Credential); err != nil {
		return nil, err
	}
	if d.cfg.Signer == nil {
		return nil, keyless("sign evidence")
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return nil, fault(pawl.Invalid, "give an earlier from, or a later to", "from has to be before to")
	}
	if err := d.heardOf(ctx, q.Credential); err != nil {
		return nil, err
	}
	done, err := d.alone()
	if err != nil {
		return nil, err
	}
	defer done()
	checkpoint, records, err := d.cfg.Journal.Audit(ctx)
	if err != nil {
		return nil, err
	}
	p, err := evidence.Build(evidence.Input{Signer: d.cfg.Signer, Checkpoint: checkpoint, Records: records, Hashes: d.cfg.Journal.AuditHashes(ctx),
		Made: d.now(), By: who.Actor, From: q.From, To: q.To, Credential: q.Credential, Every: d.every()})
	if err != nil {
		return nil, err
	}
	if q.Page {
		return p.Page(d.cfg.Signer)
	}
	return p.Text(), nil
}

// heardOf refuses a name that is neither in the catalog nor was ever rotated: what
// is signed of it would say that nothing happened to a credential that there is.
func (d *Desk) heardOf(ctx context.Context, credential string) error {
	if credential == "" || slices.Contains(d.cfg.Catalog().Names(), credential) {
		return nil
	}
	runs, err := d.cfg.Journal.Recent(ctx, credential, 1)
	if err == nil && len(runs) == 0 {
		err = fault(pawl.NotFound, "look at what there is: GET /api/v1/credentials", "no credential of that name was ever rotated here, and none is in the catalog")
	}
	return err
}

// keyless is the error of what takes the key of the log, which only a server on a
// state folder has.
func keyless(to string) error {
	return fault(pawl.Unavailable, "ask the server of the state folder whose log it is", "this server has no key to %s with", to)
}

func (d *Desk) every() map[string]time.Duration {
	every, cat := map[string]time.Duration{}, d.cfg.Catalog()
	for _, name := range cat.Names() {
		if cred, err := cat.Credential(name); err == nil {
			every[name] = cred.Schedule.Every
		}
	}
	return every
}

// alone keeps what reads the whole log to one at a time.
func (d *Desk) alone() (done func(), err error) {
	if !d.reading.TryLock() {
		return nil, fault(pawl.Throttled, "try again in a moment", "the log is being read for somebody else")
	}
	return d.reading.Unlock, nil
}

// AuditKey is the public key of the log, for who may see the log.
func (d *Desk) AuditKey(ctx context.Context, who access.Subject) (string, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.SeeAudit}, ""); err != nil {
		return "", err
	}
	if d.cfg.Signer == nil {
		return "", keyless("sign the log")
	}
	return d.cfg.Signer.Public(), nil
}

// VerifyLog shows that every record of the log is as it was signed. A log that
// is not is no error but the answer.
func (d *Desk) VerifyLog(ctx context.Context, who access.Subject) (api.Log, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.SeeAudit}, ""); err != nil {
		return api.Log{}, err
	}
	if d.cfg.Signer == nil {
		return api.Log{}, keyless("verify the log")
	}
	done, err := d.alone()
	if err != nil {
		return api.Log{}, err
	}
	defer done()
	checkpoint, records, err := d.cfg.Journal.Audit(ctx)
	if err != nil {
		return api.Log{}, err
	}
	report, err := audit.Verify(checkpoint, d.cfg.Signer.Public(), records)
	found := verified{at: d.now(), size: report.Size}
	if pawl.KindOf(err) == pawl.Conflict {
		found.wrong, err = err.Error(), nil
	}
	if err != nil {
		return api.Log{}, err
	}
	d.verified.Store(&found)
	return d.logAt(checkpoint) // what was looked at, not what was appended meanwhile
}

// verified is what the last look at the whole log came to.
type verified struct {
	at    time.Time
	size  int64
	wrong string
}

// Log says how long the log is, how far it was verified and witnessed, and when.
func (d *Desk) Log(ctx context.Context, who access.Subject) (api.Log, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.SeeAudit}, ""); err != nil {
		return api.Log{}, err
	}
	return d.log(ctx)
}

func (d *Desk) log(ctx context.Context) (api.Log, error) {
	checkpoint, _, err := d.cfg.Journal.Audit(ctx)
	if err != nil {
		return api.Log{}, err
	}
	return d.logAt(checkpoint)
}

func (d *Desk) logAt(checkpoint []byte) (api.Log, error) {
	l := api.Log{Checkpoint: string(checkpoint), Witnesses: []api.Witness{}}
	if d.cfg.Signer != nil {
		l.Key = d.cfg.Signer.Public()
		head, err := audit.ParseCheckpoint(checkpoint, l.Key)
		if err != nil {
			return api.Log{}, err
		}
		l.Size = head.Tree.N
	}
	if v := d.verified.Load(); v != nil {
		l.Verified, l.VerifiedAt, l.Wrong = v.size, stamp(v.at), v.wrong
	}
	l.Witnesses = append(l.Witnesses, d.Witnesses()...)
	return l, nil
}

// Witnesses is what other places have seen of the log.
func (d *Desk) Witnesses() []api.Witness {
	if d.cfg.Witnesses == nil {
		return nil
	}
	return d.cfg.Witnesses()
}
