package notify

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/rotation"
)

// Notes are all that there is to tell of what the desk shows now. Asked again
// with the same it says the same; the outbox knows what was told.
func Notes(cal api.Calendar, rotations []api.Rotation, link string) []Note {
	var all []Note
	for _, c := range cal.Items {
		all = append(all, coming(c, cal.Now)...)
	}
	for _, r := range rotations {
		all = append(all, of(r)...)
	}
	for i := range all {
		all[i].At, all[i].Link = cal.Now, href(link, all[i])
	}
	return all
}

func href(link string, n Note) string {
	switch {
	case link == "":
		return ""
	case n.Rotation != "":
		return strings.TrimRight(link, "/") + "/rotations/" + n.Rotation
	}
	return strings.TrimRight(link, "/") + "/credentials/" + n.Credential
}

// coming is what there is to tell of a credential's time.
func coming(c api.Coming, now time.Time) []Note {
	var all []Note
	n := Note{Credential: c.Credential, Text: outlook(c), Next: c.Next}
	person := c.Do == "person"
	if person {
		n.Occasion, n.Key, n.Stands = catalog.TellTask, "task/"+c.Credential, true
		n.Title = c.Credential + " waits for somebody to begin its rotation"
		all = append(all, n)
	}
	if c.Due == nil {
		return all
	}
	n.Stands, n.Title = false, fmt.Sprintf("%s is due %s", c.Credential, c.Due.Format("Mon 2006-01-02 15:04 MST"))
	about := fmt.Sprintf("%s/%d", c.Credential, c.Due.Unix())
	if c.Overdue {
		return append(all, late(n, c, about, now)...)
	}
	for i := len(c.Remind) - 1; i >= 0; i-- { // the newest only: who comes back after a week is told once
		if at := c.Remind[i]; !now.Before(at) && c.Open == "" {
			n.Occasion, n.Key = catalog.TellDue, fmt.Sprintf("due/%s/%d", about, at.Unix())
			return append(all, n)
		}
	}
	return all
}

// again are the days after which it is said once more that something is
// overdue; after the last one every week.
var again = []int{1, 3, 7}

// late is what there is to tell of what is past its time: that it is, until it
// is not, and once more if that stays so.
func late(n Note, c api.Coming, about string, now time.Time) []Note {
	n.Occasion, n.Urgent, n.Stands = catalog.TellOverdue, true, true
	n.Key, n.About = "overdue/"+about, "overdue/"+about
	n.Title = fmt.Sprintf("%s is overdue since %s", c.Credential, c.Due.Format("Mon 2006-01-02 15:04 MST"))
	all := []Note{n}
	days, said := int(now.Sub(*c.Due)/(24*time.Hour)), 0
	for _, d := range again {
		if days >= d {
			said = d
		}
	}
	if days >= 14 {
		said = days / 7 * 7
	}
	if said > 0 {
		n.Key, n.Stands = fmt.Sprintf("overdue/%s/day-%d", about, said), false
		n.Title = fmt.Sprintf("%s is overdue since %d days", c.Credential, days)
		all = append(all, n)
	}
	return all
}

// outlook says what will be done about it.
func outlook(c api.Coming) string {
	switch c.Do {
	case "person":
		return "Nobody begins it by itself: " + c.Why + "."
	case "hold":
		return "It does not begin: " + c.Why + "."
	case "running":
		return "Its rotation " + c.Open + " is under way."
	case "begin":
		return "It begins by itself now."
	}
	if c.Begins != nil {
		return "It begins by itself " + c.Begins.Format("Mon 2006-01-02 15:04 MST") + "."
	}
	return ""
}

// of is what there is to tell of a rotation.
func of(r api.Rotation) []Note {
	all := glass(r)
	if r.Outcome != "" {
		return append(all, ended(r))
	}
	for _, w := range r.Waits {
		n := Note{Credential: r.Credential, Rotation: r.ID, Stands: true, Occasion: catalog.TellWaiting,
			Key: strings.TrimSuffix("wait/"+r.ID+"/"+w.On+"/"+w.Consumer, "/"), Text: sentence(w.Detail), Next: w.Hint}
		switch rotation.On(w.On) {
		case rotation.OnApproval:
			n.Occasion, n.Title = catalog.TellApproval, r.ID+" waits for approval"
			n.Text = fmt.Sprintf("Asked for by %s (%s). %d of %d places are proved on the new key. The old one is revoked once somebody agrees.", r.By, r.Reason, r.Proved, r.Required)
			n.Approval = &Approval{Digest: r.Digest, By: r.By}
			if r.Approval != nil {
				n.Title, n.Approval.From = r.ID+" waits for approval from "+r.Approval.From, r.Approval.From
			}
		case rotation.OnHelp:
			n.Title, n.Urgent = r.ID+" needs somebody", true
		case rotation.OnPerson, rotation.OnVendor:
			n.Title = r.ID + " waits for a person"
		case rotation.OnRevoke:
			n.Title = r.ID + " is ready for the revoke"
		default:
			continue // it goes on by itself, or somebody has paused it and knows
		}
		n.Next = cmp.Or(n.Next, command(r.Credential, w))
		all = append(all, n)
	}
	return all
}

// glass is the alarm that nobody was asked. It is told once each time, also if
// the rotation is over by the time that it is looked at.
func glass(r api.Rotation) []Note {
	if r.Approval == nil || r.Approval.Glass == nil {
		return nil
	}
	g := r.Approval.Glass
	return []Note{{Credential: r.Credential, Rotation: r.ID, Occasion: catalog.TellGlass, Urgent: true, Key: "glass/" + r.ID + "/" + g.At.Format(time.RFC3339Nano),
		Title: r.ID + ": " + g.By + " broke the glass", Next: "pawl status " + r.Credential,
		Text: fmt.Sprintf("It goes on without the approval of %s, until %s. Why: %s", r.Approval.From, g.Until.Format("2006-01-02 15:04 MST"), sentence(g.Why))}}
}

// command is what somebody does about a wait that does not say it.
func command(credential string, w api.Wait) string {
	switch rotation.On(w.On) {
	case rotation.OnApproval:
		return "pawl approve " + credential
	case rotation.OnRevoke:
		return "pawl revoke " + credential
	}
	return "pawl status " + credential
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[n:], ".") + "."
}

func ended(r api.Rotation) Note {
	n := Note{Credential: r.Credential, Rotation: r.ID, Key: "end/" + r.ID, Occasion: catalog.TellCompleted, Title: r.ID + " is done",
		Text: fmt.Sprintf("Begun by %s (%s). %d of %d places are proved on the new key; the old one is dead.", r.By, r.Reason, r.Proved, r.Required)}
	old := "The old key is untouched."
	if !r.OldValid { // abandoned, maybe after the revoke was sent
		old = "Whether the old key is still valid is not certain."
	}
	rehearsed := r.Reason == string(pawl.Rehearsal) && r.Outcome == string(pawl.RolledBack)
	switch {
	case rehearsed:
		n.Title, n.Text = r.ID+", a rehearsal, is done", fmt.Sprintf("Begun by %s. Everything is as it was.", r.By)
	case r.Outcome == string(pawl.RolledBack):
		n.Occasion, n.Title, n.Text = catalog.TellFailed, r.ID+" was rolled back", fmt.Sprintf("Begun by %s (%s). The old key is everywhere again.", r.By, r.Reason)
	case r.Outcome == string(pawl.Failed):
		n.Occasion, n.Title, n.Text = catalog.TellFailed, r.ID+" failed", fmt.Sprintf("Begun by %s (%s). %s", r.By, r.Reason, old)
	}
	if n.Occasion == catalog.TellFailed {
		n.Urgent, n.Next = true, "pawl history "+r.Credential
	}
	return n
}

// how says how something that stood came out.
func how(n Note, r *api.Rotation) string {
	switch {
	case n.Occasion == catalog.TellOverdue:
		return "it is not overdue any more"
	case n.Occasion == catalog.TellTask:
		return "it was seen to"
	case r != nil && r.Outcome == "" && r.Phase == string(rotation.RollingBack):
		return "it goes back to the old key"
	case r != nil && n.Approval != nil && r.Approval != nil && r.Approval.Glass != nil:
		return r.Approval.Glass.By + " broke the glass"
	case r != nil && n.Approval != nil && r.Approval != nil && len(r.Approval.Given) > 0:
		return "approved by " + strings.Join(r.Approval.Given, ", ")
	case r != nil && r.Outcome != "":
		return r.ID + " has ended: " + r.Outcome
	}
	return "it goes on"
}
