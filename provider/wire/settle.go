package wire

import (
	"bytes"
	"io"
	"net/http"
)

// settled hands out answers that are not a success with all of their body in
// memory and the exchange over. Callers tend to look at the status and drop the
// rest, and some clients put a copy in place of the body and never close the
// original: the slot and the connection would be lost.
//
// What does not fit into [maxErrorBody], or does not arrive, is cut off: the
// status alone says enough.
type settled struct{ next http.RoundTripper }

func (s *settled) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(req)
	if err != nil || resp.StatusCode < 300 {
		return resp, err
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return resp, nil
}
