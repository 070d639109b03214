package httpprobe

import (
	"fmt"

	"github.com/pawl-dev/pawl/provider"
)

var _ provider.Manual = (*Settings)(nil)

// Manual implements [provider.Manual].
func (s *Settings) Manual(string) provider.Handbook {
	at := provider.Quote(s.HTTP)
	steps := []provider.Step{{
		Do:     "The consumer is well. While both values are valid this says nothing of which one it uses.",
		Run:    []string{`curl -sS -o /dev/null -w '%{http_code}\n' ` + at},
		Expect: fmt.Sprintf("`%d`", s.status()), IfNot: "look at its log before you go on; the old value still works everywhere",
	}}
	if s.Expect != "" {
		steps[0].Run = append(steps[0].Run, "curl -sS "+at+" | jq "+provider.Quote(s.Expect))
		steps[0].Expect += " and `true`"
	}
	if attest := s.Attest.expr(); attest != "" && !s.Attest.asks() {
		steps = append(steps, provider.Step{
			Do:     "It shows the digest of the value that it has loaded. This is what tells the new value from the old.",
			Run:    []string{`[ "$(curl -sS ` + at + ` | jq -r ` + provider.Quote(attest) + `)" = "$(printf %s "$NEW" | sha256sum | cut -d' ' -f1)" ] && echo same || echo DIFFERENT`},
			Expect: "`same`", IfNot: "it still runs on the other value: restart it, and look again",
		})
	}
	return provider.Handbook{Prove: steps}
}
