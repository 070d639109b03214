package console

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// auditPage is the audit log, the newest first.
type auditPage struct {
	Items    []record
	Text     string
	By       string // what Text is: see ways
	Ways     []string
	Next     string
	Export   bool
	Log      api.Log // how far it was verified, and witnessed
	Verified bool    // just now, by the button
}

// ways are what the log can be narrowed by.
var ways = []string{"credential", "rotation", "person", "action"}

// record is one line of the log as people read it.
type record struct {
	Index   int
	At      time.Time
	Action  string
	Outcome string
	Actor   string
	Target  string
	Detail  string
	Body    string // as it was signed
	Badge   badge
}

func (c *Console) audit(r *http.Request, who access.Subject) (*view, error) {
	p, err := c.auditPage(r, who)
	if err != nil {
		return nil, err
	}
	return &view{name: "audit", title: "Audit", live: "all", data: p}, nil
}

// verify reads the whole log again and says what it came to.
func (c *Console) verify(r *http.Request, who access.Subject) (*view, error) {
	report, err := c.cfg.Desk.VerifyLog(r.Context(), who)
	if err != nil {
		return nil, err
	}
	p, err := c.auditPage(r, who)
	if err != nil {
		return nil, err
	}
	p.Log, p.Verified = report, true
	return &view{name: "audit", title: "Audit", data: p}, nil
}

func (c *Console) auditPage(r *http.Request, who access.Subject) (*auditPage, error) {
	in := r.URL.Query()
	p := &auditPage{Text: in.Get("q"), By: in.Get("by"), Ways: ways, Export: access.Check(who, access.Request{Action: access.ExportAudit}) == nil}
	q := desk.RecordQuery{After: in.Get("after"), Limit: 50}
	switch p.By {
	case "person":
		q.Person = p.Text
	case "rotation":
		q.Rotation = p.Text
	case "action":
		q.Action = p.Text
	default:
		p.By, q.Credential = "credential", p.Text
	}
	page, err := c.cfg.Desk.Records(r.Context(), who, q)
	if err != nil {
		return nil, err
	}
	if p.Log, err = c.cfg.Desk.Log(r.Context(), who); err != nil {
		return nil, err
	}
	for _, item := range page.Items {
		p.Items = append(p.Items, readRecord(item))
	}
	if page.Next != "" {
		p.Next = address("/audit", "q", p.Text, "by", p.By, "after", page.Next)
	}
	return p, nil
}

var results = map[string]badge{"success": {"ok", "success", "good"}, "failure": {"cross", "refused or failed", "bad"}, "unknown": {"alert", "unknown", "warn"},
	"pending": {"run", "about to be tried", "busy"}}

func readRecord(item api.Record) record {
	var body struct {
		Time time.Time `json:"time"`
		Data struct {
			Action  string                                       `json:"action"`
			Outcome string                                       `json:"outcome"`
			Actor   struct{ ID string }                          `json:"actor"`
			Target  struct{ Credential, Consumer, Where string } `json:"target"`
			Context struct {
				Rotation string `json:"rotation"`
				Detail   string `json:"detail"`
				Kind     string `json:"error_kind"`
			} `json:"context"`
		} `json:"data"`
	}
	rec := record{Index: item.Index, Body: string(item.Body)}
	if err := json.Unmarshal(item.Body, &body); err != nil {
		rec.Badge, rec.Detail = warn, "this record cannot be read"
		return rec
	}
	d := body.Data
	rec.At, rec.Action, rec.Outcome, rec.Actor = body.Time, d.Action, d.Outcome, d.Actor.ID
	rec.Target = first(d.Context.Rotation, d.Target.Credential)
	if d.Target.Consumer != "" {
		rec.Target += " · " + d.Target.Consumer
	}
	rec.Detail = clip(first(d.Context.Detail, d.Context.Kind, d.Target.Where))
	rec.Badge = words(results, d.Outcome, badge{"none", d.Outcome, "idle"})
	return rec
}

// mostDetail is how much of a detail is in the list; all of it is in the record
// below.
const mostDetail = 90

func clip(text string) string {
	if all := []rune(text); len(all) > mostDetail {
		return string(all[:mostDetail]) + "…"
	}
	return text
}

// export hands out the whole log, to be verified anywhere.
func (c *Console) export(w http.ResponseWriter, r *http.Request, who access.Subject) error {
	out := &download{w: w}
	err := c.cfg.Desk.ExportLog(r.Context(), who, out)
	if err != nil && !out.begun {
		return err
	}
	return nil // what was cut off does not verify
}

// auditKey hands out the public key of the log: what was exported is verified
// with it.
func (c *Console) auditKey(w http.ResponseWriter, r *http.Request, who access.Subject) error {
	key, err := c.cfg.Desk.AuditKey(r.Context(), who)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="audit.pub"`)
	_, err = io.WriteString(w, key+"\n")
	return err
}

// A download says that it is one with its first byte, so that an error before
// it is still a page.
type download struct {
	w     http.ResponseWriter
	begun bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.w.Header().Set("Content-Type", "application/x-ndjson")
		d.w.Header().Set("Content-Disposition", `attachment; filename="pawl-audit.jsonl"`)
	}
	return d.w.Write(p)
}

// evidence hands out what an auditor asks for: of some days, the last one
// included.
func (c *Console) evidence(w http.ResponseWriter, r *http.Request, who access.Subject) error {
	in := r.URL.Query()
	q := desk.EvidenceQuery{Page: in.Get("as") != "pack"}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		var err error
		if text := in.Get(name); text != "" {
			if *at, err = time.Parse(time.DateOnly, text); err != nil {
				return invalid(name + ": want a day, as 2026-11-26")
			}
		}
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	text, err := c.cfg.Desk.Evidence(r.Context(), who, q)
	if err != nil {
		return err
	}
	name, kind := "pawl-evidence.html", "text/html; charset=utf-8"
	if !q.Page {
		name, kind = "pawl-evidence.jsonl", "application/x-ndjson"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Write(text)
	return nil
}
