package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// routes is every route there is.
func (s *Server) routes() {
	d := s.cfg.Desk
	get(s, "version", "/api/v1/version", "Which pawl this is", func(context.Context, *struct{}) (*version, error) { return &version{s.cfg.Version, "1"}, nil })

	get(s, "list-credentials", "/api/v1/credentials", "The catalog, what needs somebody first", func(ctx context.Context, in *listing) (*api.Page[api.Credential], error) {
		return point(d.Credentials(ctx, subject(ctx), desk.Query{After: in.After, Limit: in.Limit, Text: in.Text, State: api.State(in.State)}))
	})
	get(s, "get-credential", "/api/v1/credentials/{name}", "One credential, its places and its newest rotations", func(ctx context.Context, in *Named) (*api.CredentialView, error) {
		return point(d.Credential(ctx, subject(ctx), in.Name))
	})
	post(s, "plan", "/api/v1/credentials/{name}/plans", "What a rotation would do, and whether it could; changes nothing", func(ctx context.Context, in *planning) (*api.Planned, error) {
		return point(d.Survey(ctx, subject(ctx), in.Name, in.Body))
	})

	post(s, "start-rotation", "/api/v1/rotations", "Begin a rotation", func(ctx context.Context, in *starting) (*api.Rotation, error) {
		return point(d.StartOnce(ctx, subject(ctx), in.Body, request(ctx)))
	})
	get(s, "list-rotations", "/api/v1/rotations", "Rotations, the newest first", func(ctx context.Context, in *runs) (*api.Page[api.Rotation], error) {
		return point(d.Rotations(ctx, subject(ctx), desk.Query{After: in.After, Limit: in.Limit, Text: in.Text, Open: in.Open, Credential: in.Of}))
	})
	huma.Register(s.api, operation(http.MethodGet, "get-rotation", "/api/v1/rotations/{credential}/{number}", "One rotation; its ETag is its revision"),
		func(ctx context.Context, in *One) (*tagged, error) {
			r, err := d.Rotation(ctx, subject(ctx), in.id())
			if err != nil {
				return nil, problem(err)
			}
			return &tagged{etag(r.Revision), r}, nil
		})
	get(s, "list-events", "/api/v1/rotations/{credential}/{number}/events", "What happened in a rotation, from one event on", func(ctx context.Context, in *since) (*api.Page[api.Line], error) {
		lines, err := d.Lines(ctx, subject(ctx), in.id(), in.After)
		return &api.Page[api.Line]{Items: lines}, err
	})
	s.decisions(d)

	get(s, "list-waiting", "/api/v1/waiting", "Open rotations that wait for a person", func(ctx context.Context, _ *struct{}) (*api.Page[api.Rotation], error) {
		all, err := d.Waiting(ctx, subject(ctx))
		return &api.Page[api.Rotation]{Items: all}, err
	})
	get(s, "get-calendar", "/api/v1/calendar", "What is due when, what begins by itself, and what waits for a person", func(ctx context.Context, _ *struct{}) (*api.Calendar, error) {
		return point(d.Calendar(ctx, subject(ctx)))
	})
	get(s, "list-records", "/api/v1/audit/records", "The audit log, newest first", func(ctx context.Context, in *records) (*api.Page[api.Record], error) {
		return point(d.Records(ctx, subject(ctx), in.query()))
	})
	s.auditing(d)
	s.work(d)
	s.team()
	s.describeStream()
	s.mux.HandleFunc("GET /api/v1/events", s.stream)
}

// decisions are what can be said to an open rotation.
func (s *Server) decisions(d *desk.Desk) {
	say := func(verb, summary string, do func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error)) {
		post(s, verb+"-rotation", "/api/v1/rotations/{credential}/{number}/"+verb, summary, func(ctx context.Context, in *deciding) (*api.Rotation, error) {
			rev, err := in.revision()
			if err != nil {
				return nil, err
			}
			return point(do(ctx, in, rev))
		})
	}
	say("pause", "Begin nothing new", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Pause(ctx, subject(ctx), in.id(), rev)
	})
	say("resume", "Go on, and try again what was given up on", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Resume(ctx, subject(ctx), in.id(), rev)
	})
	say("revoke", "Ask for the revoke; it is made once everything is proved", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		if in.Body.Why != "" {
			return d.RevokeAs(ctx, subject(ctx), in.id(), rev, in.Body.Why)
		}
		return d.Revoke(ctx, subject(ctx), in.id(), rev)
	})
	say("rollback", "Put the old credential back everywhere", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Rollback(ctx, subject(ctx), in.id(), rev, in.Body.Why)
	})
	say("approve", "Agree to the plan with this digest", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Approve(ctx, subject(ctx), in.id(), rev, in.Body.Digest)
	})
	say("break-glass", "Go on without the approval; everybody is told", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.BreakGlass(ctx, subject(ctx), in.id(), rev, in.Body.Digest, in.Body.Why)
	})
	say("deny", "Refuse the approval; everything goes back", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Deny(ctx, subject(ctx), in.id(), rev, in.Body.Why)
	})
	say("confirm", "Say that a human step is done", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Confirm(ctx, subject(ctx), in.id(), rev, in.Body.Consumer)
	})
	say("handover", "Give it to somebody else to look after", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Handover(ctx, subject(ctx), in.id(), rev, in.Body.To, in.Body.Why)
	})
	say("accept", "Go on although something is known to be left behind", func(ctx context.Context, in *deciding, rev int64) (api.Rotation, error) {
		return d.Accept(ctx, subject(ctx), in.id(), rev, in.Body.Consumer, in.Body.Place, in.Body.Why)
	})
}

// What requests consist of.
type (
	version struct {
		Version string `json:"version"`
		API     string `json:"api"`
	}
	listing struct {
		After string `query:"after" maxLength:"100"`
		Limit int    `query:"limit" minimum:"0" maximum:"200"`
		Text  string `query:"q" maxLength:"80"`
		State string `query:"state" enum:"ok,due,overdue,rotating,waiting,never"`
	}
	runs struct {
		After string `query:"after" maxLength:"80"`
		Limit int    `query:"limit" minimum:"0" maximum:"200"`
		Text  string `query:"q" maxLength:"80"`
		Open  bool   `query:"open"`
		Of    string `query:"credential" maxLength:"64"`
	}
	records struct {
		After      string `query:"after" maxLength:"20"`
		Limit      int    `query:"limit" minimum:"0" maximum:"200"`
		Order      string `query:"order" enum:"newest,oldest" doc:"Oldest, to follow the log from a record on: after is then its number."`
		Credential string `query:"credential" maxLength:"64"`
		Rotation   string `query:"rotation" maxLength:"80"`
		Person     string `query:"person" maxLength:"200" doc:"Who did it."`
		Action     string `query:"action" maxLength:"64" example:"secret.rotate.completed"`
	}
	Named struct {
		Name string `path:"name" maxLength:"64"`
	}
	planning struct {
		Named
		Body api.Look
	}
	starting struct{ Body api.Start }
	One      struct {
		Credential string `path:"credential" maxLength:"64"`
		Number     int    `path:"number" minimum:"1"`
	}
	since struct {
		One
		After int `query:"after" minimum:"0" doc:"The number of the last event that is known."`
	}
	deciding struct {
		One
		IfMatch string `header:"If-Match" maxLength:"40" doc:"The ETag of the rotation that was looked at. If it has changed since, the answer is 412."`
		Body    api.Decision
	}
	tagged struct {
		ETag string `header:"ETag"`
		Body api.Rotation
	}
	answered[T any] struct{ Body T }
)

func (in *records) query() desk.RecordQuery {
	return desk.RecordQuery{After: in.After, Limit: in.Limit, Oldest: in.Order == "oldest", Credential: in.Credential, Rotation: in.Rotation, Person: in.Person, Action: in.Action}
}

func (o One) id() pawl.RotationID { return pawl.RotationID{Credential: o.Credential, Number: o.Number} }

func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// revision is what the caller has looked at.
func (d deciding) revision() (int64, error) {
	if d.IfMatch == "" || d.IfMatch == "*" {
		return desk.Anything, nil
	}
	rev, err := strconv.ParseInt(strings.Trim(d.IfMatch, `"`), 10, 64)
	if err != nil || rev < 1 {
		return 0, &pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("If-Match is not an ETag of this API")}
	}
	return rev, nil
}

func point[T any](v T, err error) (*T, error) { return &v, err }

func operation(method, id, path, summary string) huma.Operation {
	errs := []int{400, 401, 403, 404, 409, 412, 422, 429, 502, 503}
	if method == http.MethodPost {
		errs = append(errs, 413, 415)
	}
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, MaxBodyBytes: mostBody, SkipValidateBody: false, Errors: errs}
}

// get and post register an operation whose answer is a document.
func get[I, O any](s *Server, id, path, summary string, do func(context.Context, *I) (*O, error)) {
	register(s, operation(http.MethodGet, id, path, summary), do)
}

func post[I, O any](s *Server, id, path, summary string, do func(context.Context, *I) (*O, error)) {
	op := operation(http.MethodPost, id, path, summary)
	op.Parameters = []*huma.Param{{Name: keyHeader, In: "header", Required: true, Schema: &huma.Schema{Type: "string"},
		Description: "Makes the request safe to send twice."}}
	register(s, op, do)
}

func register[I, O any](s *Server, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*answered[O], error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, problem(err)
		}
		return &answered[O]{*out}, nil
	})
}
