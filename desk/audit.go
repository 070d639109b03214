package desk

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
)

// Records returns a part of the audit log, oldest first, from a record on.
func (d *Desk) Records(ctx context.Context, who access.Subject, from, limit int, credential string) (api.Page[api.Record], error) {
	page := api.Page[api.Record]{Items: []api.Record{}}
	if err := d.allow(ctx, who, access.Request{Action: access.SeeAudit}, credential); err != nil {
		return page, err
	}
	_, records, err := d.cfg.Journal.Audit(ctx)
	if err != nil {
		return page, err
	}
	limit = Query{Limit: limit}.limit()
	i := -1
	for line, err := range records {
		i++
		switch {
		case err != nil:
			return page, err
		case i < from:
			continue
		}
		r, err := audit.Decode(line)
		if err != nil {
			return page, err
		}
		if credential != "" && r.Target.Credential != credential {
			continue
		}
		if len(page.Items) == limit {
			page.Next = strconv.Itoa(i)
			break
		}
		page.Items = append(page.Items, api.Record{Index: i, Body: json.RawMessage(line)})
	}
	return page, nil
}
