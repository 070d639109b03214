package terminal

import (
	"bytes"
	"io"
)

// A Prefixed writes each line with a prefix, so that it is seen of which rotation
// it is. Lines must come whole.
type Prefixed struct {
	To     io.Writer
	Prefix string
	Clock  func() string // before the prefix; nil: nothing
}

func (p *Prefixed) Write(b []byte) (int, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(b) {
		if len(bytes.TrimSpace(line)) > 0 {
			if p.Clock != nil {
				out.WriteString(p.Clock())
			}
			out.WriteString(p.Prefix)
		}
		out.Write(line)
	}
	_, err := p.To.Write(out.Bytes())
	return len(b), err
}
