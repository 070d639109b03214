package main

import (
	"bytes"
	"io"
)

// prefixed writes each line with a prefix, so that it is seen of which rotation
// it is. Lines must come whole.
type prefixed struct {
	w      io.Writer
	prefix string
	clock  func() string // before the prefix; nil: nothing
}

func (p *prefixed) Write(b []byte) (int, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(b) {
		if len(bytes.TrimSpace(line)) > 0 {
			if p.clock != nil {
				out.WriteString(p.clock())
			}
			out.WriteString(p.prefix)
		}
		out.Write(line)
	}
	_, err := p.w.Write(out.Bytes())
	return len(b), err
}
