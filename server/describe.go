package server

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

var failedType = reflect.TypeFor[failed]()

// describe adds a route that is not huma's to what describes the API: what it
// takes, and what it answers with, all of them files or streams.
func (s *Server) describe(op huma.Operation, takes []*huma.Param, answers ...string) {
	all := s.api.OpenAPI().Components.Schemas
	op.Parameters = takes
	ok := &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{}}
	for _, kind := range answers {
		ok.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	op.Responses = map[string]*huma.Response{"200": ok}
	for _, status := range append(op.Errors, http.StatusInternalServerError) {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: all.Schema(failedType, true, "")}}}
	}
	s.api.OpenAPI().AddOperation(&op)
}

func text(most int, doc string, oneOf ...any) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, MaxLength: &most, Description: doc, Enum: oneOf}
}

func inQuery(name string, is *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Schema: is, Description: is.Description}
}

// describeEvidence, describeValue and describeStream are of the routes whose
// handlers read requests themselves.
func (s *Server) describeEvidence() {
	op := operation(http.MethodGet, "get-evidence", "/api/v1/audit/evidence", "An evidence pack, or its page")
	s.describe(op, []*huma.Param{
		inQuery("from", text(40, "The first day, or a time.")), inQuery("to", text(40, "The day or time before which it ends.")),
		inQuery("credential", text(64, "Only of this one.")), inQuery("format", text(8, "The pack (the default), or its page.", "jsonl", "html")),
	}, "application/x-ndjson", "text/html")
}

func (s *Server) describeValue() {
	one := 1.0
	op := operation(http.MethodPost, "take-value", "/api/v1/rotations/{credential}/{number}/steps/{step}/value",
		"Give the value that a person has made: the body is the value, or what the vendor's tools print of it. It never comes out again; a repeated one is taken once")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	s.describe(op, []*huma.Param{
		{Name: "credential", In: "path", Required: true, Schema: text(64, "")},
		{Name: "number", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &one}},
		{Name: "step", In: "path", Required: true, Schema: text(64, "")},
	}, "application/json")
	s.api.OpenAPI().Paths[op.Path].Post.Responses["200"].Content["application/json"].Schema = s.api.OpenAPI().Components.Schemas.Schema(takenType, true, "")
}

func (s *Server) describeStream() {
	op := operation(http.MethodGet, "stream-events", "/api/v1/events",
		"What happens, as server-sent events: of a rotation each event with its number as id (as list-events has them), else which rotations have changed. A comment every 15 seconds says that it is alive")
	s.describe(op, []*huma.Param{
		inQuery("rotation", text(80, "The rotation, as NAME/NUMBER.")),
		{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Description: "Where a client was: the number of the last event that it has seen."},
	}, "text/event-stream")
}
