package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// auditing are the routes about the log as a whole.
func (s *Server) auditing(d *desk.Desk) {
	get(s, "get-log", "/api/v1/audit", "How far the audit log was verified and witnessed", func(ctx context.Context, _ *struct{}) (*api.Log, error) {
		return point(d.Log(ctx, subject(ctx)))
	})
	post(s, "verify-log", "/api/v1/audit/verify", "Read the whole log, and say whether it is as it was signed", func(ctx context.Context, _ *struct{}) (*api.Log, error) {
		return point(d.VerifyLog(ctx, subject(ctx)))
	})
	s.describeEvidence()
	s.mux.HandleFunc("GET /api/v1/audit/evidence", s.evidence)
}

// evidence answers with a file. It is never shown in place: the page has its own
// style, which is not that of the site that it came from.
func (s *Server) evidence(w http.ResponseWriter, r *http.Request) {
	ask := r.URL.Query()
	q := desk.EvidenceQuery{Credential: ask.Get("credential"), Page: ask.Get("format") == "html"}
	var err, err2 error
	q.From, err = dayOrTime(ask.Get("from"))
	q.To, err2 = dayOrTime(ask.Get("to"))
	wrong := ""
	switch f := ask.Get("format"); {
	case err != nil || err2 != nil:
		wrong = "from and to are days such as 2026-07-01, or times such as 2026-07-01T09:00:00Z"
	case len(q.Credential) > 64:
		wrong = "no credential has so long a name"
	case f != "" && f != "jsonl" && f != "html":
		wrong = "format is jsonl or html"
	}
	if wrong != "" {
		write(w, problem(&pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New(wrong)}))
		return
	}
	text, err := s.cfg.Desk.Evidence(r.Context(), subject(r.Context()), q)
	if err != nil {
		write(w, problem(err))
		return
	}
	kind, ending := "application/x-ndjson", "jsonl"
	if q.Page {
		kind, ending = "text/html; charset=utf-8", "html"
	}
	name := strings.Trim("evidence-"+ask.Get("from")+"-"+ask.Get("to"), "-")
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+safeName(name)+"."+ending+`"`)
	w.Write(text)
}

// safeName keeps what can be a part of a file's name anywhere.
func safeName(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, text)
}

func dayOrTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}
