package desk

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// A RecordQuery narrows and pages the audit log. Newest is first unless Oldest
// is set, for somebody who follows the log from one record on.
type RecordQuery struct {
	After      string // the cursor that the last page ended with
	Limit      int    // 0: 50
	Oldest     bool
	Credential string
	Rotation   string // NAME/N
	Person     string // the actor's id
	Action     string
}

// Records returns a part of the audit log. A page may be short and have a next
// one all the same: only so much is searched at a time.
func (d *Desk) Records(ctx context.Context, who access.Subject, q RecordQuery) (api.Page[api.Record], error) {
	page := api.Page[api.Record]{Items: []api.Record{}}
	if err := d.allow(ctx, who, access.Request{Action: access.SeeAudit}, q.Credential); err != nil {
		return page, err
	}
	about := journal.About{Credential: q.Credential, Person: q.Person, Action: audit.Action(q.Action)}
	if q.Rotation != "" {
		if err := about.Rotation.UnmarshalText([]byte(q.Rotation)); err != nil {
			return page, fault(pawl.Invalid, "a rotation is NAME/NUMBER", "not a rotation")
		}
	}
	at, err := cursor(q.After, q.Oldest)
	if err != nil {
		return page, err
	}
	if q.Oldest {
		return page, d.recordsFrom(ctx, about, at, Query{Limit: q.Limit}.limit(), &page)
	}
	found, err := d.cfg.Journal.AuditPage(ctx, about, at, Query{Limit: q.Limit}.limit())
	if err != nil {
		return page, err
	}
	for i, r := range found.Records {
		page.Items = append(page.Items, api.Record{Index: int(r.Index), Body: json.RawMessage(found.Lines[i])})
	}
	if found.Next > 0 {
		page.Next = strconv.FormatInt(found.Next, 10)
	}
	return page, nil
}

// cursor is where a page begins.
func cursor(after string, oldest bool) (int64, error) {
	if after == "" && oldest {
		return 0, nil
	}
	if after == "" {
		return journal.Newest, nil
	}
	at, err := strconv.ParseInt(after, 10, 64)
	if err != nil || at < 0 {
		return 0, fault(pawl.Invalid, "leave it out to begin", "after is not what a page ended with")
	}
	return at, nil
}

// recordsFrom goes forward, through so much of the log at a time.
func (d *Desk) recordsFrom(ctx context.Context, about journal.About, from int64, most int, page *api.Page[api.Record]) error {
	for line, err := range d.cfg.Journal.AuditRange(ctx, from, from+journal.Searched) {
		if err != nil {
			return err
		}
		r, err := audit.Decode(line)
		if err != nil {
			return err
		}
		if len(page.Items) == most {
			page.Next = strconv.FormatInt(r.Index, 10)
			return nil
		}
		if about.Matches(r.Event) {
			page.Items = append(page.Items, api.Record{Index: int(r.Index), Body: json.RawMessage(line)})
		}
		if r.Index == from+journal.Searched-1 {
			page.Next = strconv.FormatInt(r.Index+1, 10)
		}
	}
	return nil
}
