package engine

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

// scrub takes the rotation's values out of an event's texts. No provider
// quotes a value; this is the net below all of them, for the day when a vendor
// puts a token into a text that nobody thought of.
func (v values) scrub(ev pawl.Event) pawl.Event {
	texts := []*string{&ev.Detail, &ev.Hint, &ev.Reason, &ev.Mark, &ev.Ticket}
	if len(ev.Findings) > 0 {
		ev.Findings = append([]string{}, ev.Findings...)
	}
	for i := range ev.Findings {
		texts = append(texts, &ev.Findings[i])
	}
	ev.Strays, ev.Searched = slices.Clone(ev.Strays), slices.Clone(ev.Searched)
	for i := range ev.Strays {
		texts = append(texts, &ev.Strays[i].Where)
	}
	for i := range ev.Searched {
		texts = append(texts, &ev.Searched[i].Detail)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, value := range v.m {
		raw := value.Reveal()
		if len(raw) < scrubbed {
			continue
		}
		for _, text := range texts {
			*text = strings.ReplaceAll(*text, string(raw), "[secret]")
		}
	}
	return ev
}

// scrubbed is the length from which a value is looked for. A shorter one is a
// word, and taking it out would only garble what people read.
const scrubbed = 8
