package runbook

import (
	"regexp"
	"strings"
)

// aside are headings of what is to be known, or is for another situation, and
// is not to be done in a rotation.
var aside = regexp.MustCompile(`(?i)^\W*(if|when|in case)\b|\b(gotchas?|notes?|background|overview|contacts?|references?|links|rollback|roll back|undo|recovery|troubleshooting|faq|history|metadata|` +
	`wrong|fails|failed|emergency|incidents?|escalat\w+|on-?call|leak\w*|compromised?|offboarding|onboarding)\b`)

// What ends the old generation is not a step of a person: it would come before
// the proofs. Rather too many notes than one such step.
var (
	revokes  = regexp.MustCompile(`(?i)\b(revok|destroy|deactivat|invalidat)`)
	removes  = regexp.MustCompile(`(?i)\b(delet|remov|disabl|expir|retir)`)
	whatEnds = regexp.MustCompile(`(?i)\b(old|previous|former|existing|keys?|tokens?|credentials?|secrets?|authorizations?)\b|delete-access-key`)
)

func ends(step string) bool {
	return revokes.MatchString(step) || removes.MatchString(step) && whatEnds.MatchString(step)
}

// sift makes notes of the steps that end the old generation, and of what
// follows one in its section: that is to be seen after the revoke.
func (d *draft) sift() {
	var kept []step
	over, gone := "", false
	for _, s := range d.steps {
		switch {
		case ends(s.words):
			over, gone = s.section, true
			d.notes = append(d.notes, "- pawl revokes, once every place is proved: "+s.words)
		case gone && s.section == over:
			d.notes = append(d.notes, "- after the revoke: "+s.words)
		default:
			kept = append(kept, s)
		}
	}
	d.steps = kept
}

// body is a document without its front matter, whose lines are notes.
func body(source string) (rest string, front []string) {
	source = strings.TrimPrefix(strings.ReplaceAll(source, "\r\n", "\n"), "\uFEFF")
	inner, ok := strings.CutPrefix(source, "---\n")
	if !ok {
		return source, nil
	}
	head, rest, closed := strings.Cut("\n"+inner, "\n---\n")
	if !closed {
		return source, nil
	}
	for line := range strings.Lines(head) {
		line = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7F || r == '\uFEFF' { // no YAML, not even in a comment
				return ' '
			}
			return r
		}, line)
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			front = append(front, line)
		}
	}
	return rest, front
}
