package heroku

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/once"
	"github.com/pawl-dev/pawl/provider/wire"
)

// shared is [client.do] for a read that several questions are answered by.
func (c *client) shared(ctx context.Context, k call, out json.Unmarshaler) (wire.Response, error) {
	type key struct {
		c    *client
		path string
	}
	type answer struct {
		text json.RawMessage
		resp wire.Response
	}
	got, err := once.Do(ctx, key{c, k.path}, func() (a answer, err error) {
		a.resp, err = c.do(ctx, k, &a.text)
		return a, err
	})
	if err == nil && out.UnmarshalJSON(got.text) != nil { // its error may quote the answer
		err = &pawl.Error{Op: k.op, Kind: pawl.Unavailable, Err: errors.New("the answer is not the JSON that was expected")}
	}
	return got.resp, err
}
