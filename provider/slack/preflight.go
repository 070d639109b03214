package slack

import (
	"context"
	"net/http"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
)

var _ pawl.Preflighter = (*workspace)(nil)

// Preflight implements [pawl.Preflighter]: the token signs in. It asks once,
// however many people are to be told.
//
// API: https://docs.slack.dev/reference/methods/auth.test
func (w *workspace) Preflight(ctx context.Context) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tried {
		return nil, w.trial
	}
	err := w.authTest(ctx)
	if ctx.Err() == nil {
		w.tried, w.trial = true, err
	}
	return nil, err
}

func (w *workspace) authTest(ctx context.Context) error {
	const op = "slack.Preflight"
	var answer struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if _, err := wire.Do(ctx, w.http, wire.Request{Op: op, Method: http.MethodGet, URL: w.root + "/auth.test", Token: w.token}, &answer); err != nil {
		return err
	}
	if !answer.OK {
		e := w.refused(false, answer.Error)
		e.Op = op
		return e
	}
	return nil
}
