package server

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

var takenType = reflect.TypeFor[api.Taken]()

// mostValue bounds what is read of a value: more than that is the wrong file.
const mostValue = 64 << 10

// isValue reports whether a request brings a value. Such a body is never
// remembered, not even as a digest, so the request has no idempotency key: that
// the same value is taken twice is once is the engine's promise.
func isValue(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/api/v1/rotations/") && strings.HasSuffix(r.URL.Path, "/value")
}

// take is the one way in for a value: bound to a rotation and its step. Nothing
// that comes back has it, whatever is wrong with it.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	id := pawl.RotationID{Credential: r.PathValue("credential")}
	id.Number, _ = strconv.Atoi(r.PathValue("number"))
	if r.PathValue("step") != pawl.MintStep {
		write(w, problem(&pawl.Error{Op: "api", Kind: pawl.NotFound, Err: errors.New("only the step " + pawl.MintStep + " takes a value")}))
		return
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, mostValue+1))
	defer clear(text)
	if err != nil || len(text) > mostValue {
		write(w, problem(&pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("that cannot be read, or is more than 64 KiB and hardly a value")}))
		return
	}
	taken, err := s.cfg.Desk.Take(r.Context(), subject(r.Context()), id, pawl.NewSecret(text))
	if err != nil {
		f := problem(err)
		f.Received = taken.Received
		write(w, f)
		return
	}
	writeJSON(w, taken)
}
