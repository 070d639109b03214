package httpprobe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"
)

const (
	maxQuery = 4 << 10         // bytes of an expression
	patience = 1 * time.Second // for an expression to give its first output
)

// query is a compiled jq expression. It sees the answer and nothing else: no
// environment, no files. Its deadline is for accidents; an expression is as
// trusted as the catalog that it is in.
type query struct {
	key  string // the setting it is from
	code *gojq.Code
}

// compile returns nil for an empty expression.
func compile(key, text string) (*query, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxQuery {
		return nil, fmt.Errorf("%s: more than %d bytes", key, maxQuery)
	}
	parsed, err := gojq.Parse(text)
	if e, ok := errors.AsType[*gojq.ParseError](err); ok {
		return nil, fmt.Errorf("%s: %w at column %d", key, e, max(e.Offset-len(e.Token), 0)+1)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return &query{key, code}, nil
}

// first returns the expression's first output, or what is wrong. The text of a
// jq error is not used: it quotes the answer.
func (q *query) first(ctx context.Context, body any) (got any, wrong string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, ok := q.code.RunWithContext(ctx, body).Next()
	if err, failed := got.(error); failed {
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, q.key + " takes too long on this answer"
		}
		return nil, q.key + " fails on this answer"
	}
	if !ok {
		return nil, q.key + " gives nothing on this answer"
	}
	return got, ""
}
