package catalog

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Credential is what is to be rotated.
type Credential struct {
	File      string // relative to the catalog's folder
	Name      string
	Title     string
	Why       string
	AppliesTo []string
	Owner     string
	Role      string
	Issuer    Entry
	Store     *Entry  // nil if there is no system of record
	Consumers []Entry // in the order of the file
	Schedule  Schedule
	Approval  *pawl.Approval
	Elsewhere []pawl.Acknowledgement // places that are no consumers, and may lose the value
	Soak      time.Duration
	Watch     time.Duration

	StaleAfter time.Duration // how long a validation of the runbook counts; zero: as long as usual

	at  position
	sum [sha256.Size]byte // of its file
}

// A Schedule says when a credential is due.
type Schedule struct {
	Every  time.Duration // zero: not on a schedule
	Window Window        // when a rotation may begin
	Remind []time.Duration
}

type credentialKeys struct {
	Version   version         `json:"version" required:"true" doc:"Format of this file: 1."`
	Name      credentialName  `json:"name" required:"true" doc:"Short name, for commands and journals."`
	Title     string          `json:"title" doc:"One line that says what it is."`
	Why       string          `json:"why" doc:"Who needs it, and what for."`
	AppliesTo []string        `json:"applies_to" doc:"Names under which it is known, such as environment variables."`
	Owner     string          `json:"owner" doc:"The team that answers for it."`
	Role      string          `json:"role" doc:"The role that may rotate it."`
	Issuer    issuerEntry     `json:"issuer" required:"true" doc:"Where new generations come from."`
	Schedule  scheduleKeys    `json:"schedule" doc:"When it is due."`
	Approval  *approvalKeys   `json:"approval" doc:"Who else has to agree before the old generation is revoked."`
	Store     *storeEntry     `json:"store" doc:"The system of record: written first, restored last."`
	Consumers []consumerEntry `json:"consumers" doc:"Every place that holds a copy of the value."`
	Elsewhere []elsewhereKeys `json:"elsewhere" doc:"Places that are no consumers and may lose the value when the old generation is revoked."`
	Finish    finishKeys      `json:"finish" doc:"What happens around the revoke."`

	StaleAfter period `json:"stale_after" doc:"How long a completed rotation or rehearsal shows that this still works; 180d if not given."`
}

type scheduleKeys struct {
	Every  period   `json:"every" required:"true" doc:"How long a generation is used, as 90d."`
	Window Window   `json:"window" doc:"When a rotation may begin, as Tue-Thu 09:00-16:00 Europe/Paris."`
	Remind []period `json:"remind" doc:"How long before it is due to remind somebody, as [14d, 3d]."`
}

type approvalKeys struct {
	From  string         `json:"from" required:"true" doc:"The team that approves."`
	Count *approvalCount `json:"count" doc:"How many of them; 1 if not given."`
	Alone bool           `json:"alone" doc:"A team of one: who asks for the rotation may approve it. It is written into the audit log."`
}

type finishKeys struct {
	Soak  wait `json:"soak" doc:"How long to wait between the last proof and the revoke."`
	Watch wait `json:"watch" doc:"How long to watch the consumers after the old generation is dead."`
}

func (r *reader) credential(root *node) *Credential {
	var k credentialKeys
	seen := r.mapping(root, layout{into: []any{&k}})
	if seen == nil {
		return nil
	}
	c := &Credential{
		File: r.file, Name: string(k.Name), Title: k.Title, Why: k.Why, AppliesTo: k.AppliesTo, Owner: k.Owner, Role: k.Role,
		Issuer: k.Issuer.Entry, Soak: time.Duration(k.Finish.Soak), Watch: time.Duration(k.Finish.Watch), at: root.at,
		Schedule:   Schedule{Every: time.Duration(k.Schedule.Every), Window: k.Schedule.Window},
		StaleAfter: time.Duration(k.StaleAfter), sum: sha256.Sum256(r.text),
	}
	if at := seen["name"]; at != nil {
		c.at = at.at
	}
	for _, d := range k.Schedule.Remind {
		c.Schedule.Remind = append(c.Schedule.Remind, time.Duration(d))
	}
	if k.Approval != nil {
		c.Approval = &pawl.Approval{From: k.Approval.From, Count: 1, Alone: k.Approval.Alone}
		if k.Approval.Count != nil {
			c.Approval.Count = int(*k.Approval.Count)
		}
	}
	if k.Store != nil {
		c.Store = &k.Store.Entry
	}
	for _, e := range k.Consumers {
		c.Consumers = append(c.Consumers, e.Entry)
	}
	c.Elsewhere = r.acknowledgements(k.Elsewhere, seen["elsewhere"])
	r.checkTimes(c, seen)
	r.checkPlaces(c, root, seen)
	return c
}

// checkTimes finds durations that contradict each other.
func (r *reader) checkTimes(c *Credential, seen map[string]*node) {
	every := c.Schedule.Every
	if every == 0 {
		return
	}
	if remind := seen["schedule"].get("remind"); remind != nil && len(remind.items) == len(c.Schedule.Remind) {
		for i, d := range c.Schedule.Remind {
			if d >= every {
				r.report(remind.items[i].at, "", "a reminder this long before is never due: it is rotated every %s", seen["schedule"].get("every").text)
			}
		}
	}
	if finish := seen["finish"]; finish != nil && c.Soak+c.Watch >= every {
		r.report(finish.at, "", "soak and watch together take longer than the time until the next rotation, %s", seen["schedule"].get("every").text)
	}
}

// checkPlaces finds a credential that nothing uses, and consumers with one id.
func (r *reader) checkPlaces(c *Credential, root *node, seen map[string]*node) {
	if c.Store == nil && len(c.Consumers) == 0 {
		at := root.at
		if list := seen["consumers"]; list != nil {
			at = list.at
		}
		r.report(at, "", "neither a store nor a consumer: a new generation would go nowhere")
	}
	lines := map[string]int{}
	for _, e := range c.Consumers {
		line, twice := lines[e.ID]
		switch {
		case e.ID == "":
		case e.ID == pawl.MintStep && c.Issuer.Hand != nil:
			r.report(e.at, "", "the id %q is that of the step in which the issuer's person mints", e.ID)
		case e.ID == storeID:
			r.report(e.at, "", "the id %q is the one of the store", storeID)
		case twice:
			r.report(e.at, "", "duplicate consumer id %q, first on line %d", e.ID, line)
		default:
			lines[e.ID] = e.at.line
		}
	}
}

// places returns the store and the consumers.
func (c *Credential) places() []Entry {
	if c.Store == nil {
		return c.Consumers
	}
	return append([]Entry{*c.Store}, c.Consumers...)
}

// version is the format of a file.
type version int

func (v *version) readNode(r *reader, n *node) {
	if n.kind != intNode || n.text != "1" {
		r.report(n.at, "write version: 1", "this pawl reads files of version 1 only")
		return
	}
	*v = 1
}

// maxApprovals bounds how many people have to agree.
const maxApprovals = 20

// approvalCount is a small positive number.
type approvalCount int

func (c *approvalCount) readNode(r *reader, n *node) {
	if !r.is(n, intNode) {
		return
	}
	for i := 1; i <= maxApprovals; i++ {
		if n.text == fmt.Sprint(i) {
			*c = approvalCount(i)
			return
		}
	}
	r.report(n.at, "", "an approval needs between 1 and %d people", maxApprovals)
}

const maxName = 64

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// credentialName is the name of a credential.
type credentialName string

func (c *credentialName) readNode(r *reader, n *node) {
	if r.is(n, textNode) && r.checkName(n, "a name") {
		*c = credentialName(n.text)
	}
}

// checkName reports a name that is none, and suggests one that is.
func (r *reader) checkName(n *node, what string) bool {
	if len(n.text) <= maxName && namePattern.MatchString(n.text) {
		return true
	}
	suggestion := ""
	slug := strings.Trim(slugRunes(n.text), "-")
	if slug != "" && len(slug) <= maxName && !looksSecret(n.text) {
		suggestion = fmt.Sprintf("did you mean %q?", slug)
	}
	r.report(n.at, suggestion, "%s has small letters, digits and dashes only, and at most %d of them", what, maxName)
	return false
}

func slugRunes(text string) string {
	return strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(clip(text, 2*maxName)))
}
