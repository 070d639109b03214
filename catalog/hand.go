package catalog

import (
	"net/url"
	"time"

	"github.com/pawl-dev/pawl"
)

// handKeys are those of an issuer, a store or a consumer that only a person can
// do: pawl says how, waits, and looks whether it was done.
type handKeys struct {
	By     by       `json:"by" doc:"operator: a person does it, and pawl checks it. Not given: pawl does it."`
	Ask    string   `json:"ask" doc:"With by: what to do, if the vendor's own commands do not say it all. Never a value."`
	People []string `json:"people" doc:"With by: who may do it."`
	Notify rawNodes `json:"notify" doc:"With by: whom to tell, and how, as {slack: D0000000000}."`
	Within wait     `json:"within" doc:"With by: how long it may take, as 2h. Who is told is reminded when half of it and when all of it is over."`
	Open   page     `json:"open" doc:"With by: the page on which it is done."`
}

// hand returns what a person is asked for at an entry, or nil if pawl does it.
func (r *reader) hand(k handKeys, seen map[string]*node, ask string) *pawl.Human {
	if k.By == "" {
		for _, key := range []string{"ask", "people", "notify", "within", "open"} {
			if n := seen[key]; n != nil && seen["by"] == nil {
				r.report(n.at, "add by: operator, or take it out", "%q is for what a person does", key)
			}
		}
		return nil
	}
	h := &pawl.Human{People: k.People, Ask: k.Ask, Blocks: true, Machine: true, Open: string(k.Open), Within: time.Duration(k.Within)}
	if h.Ask == "" {
		h.Ask = ask
	}
	if k.Notify.node != nil {
		h.Notify, h.To = r.notify(k.Notify.node)
	}
	return h
}

// byHand is hand for a place. What a person writes shares no call with what pawl
// does.
func (e *Entry) byHand(r *reader, k handKeys, seen map[string]*node) {
	if e.Hand = r.hand(k, seen, "Put the new value into "+e.Where+"."); e.Hand != nil && e.group != "" {
		e.group += "\x00" + string(byOperator)
	}
}

// Mode derives how much of a rotation people do, as [pawl.Plan.Mode] of its plan
// does.
func (c *Credential) Mode() pawl.Mode {
	p := pawl.Plan{Hand: c.Issuer.Hand, Approval: c.Approval}
	for _, e := range c.places() {
		p.Consumers = append(p.Consumers, pawl.Place{ID: e.ID, Human: e.Human, Hand: e.Hand})
	}
	return p.Mode()
}

// by says who does something that pawl could not, or is not to do.
type by string

const byOperator by = "operator"

func (b *by) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	if *b = by(n.text); *b != byOperator {
		r.report(n.at, r.suggest(n.text, []string{string(byOperator)}), "%q cannot do it", clip(n.text, 60))
	}
}

func (*by) jsonSchema(*schemas) object {
	return object{"type": "string", "enum": []string{string(byOperator)}}
}

// page is the address of a page for people.
type page string

func (p *page) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	u, err := url.Parse(n.text)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		r.report(n.at, "", "want the address of a page, as https://console.acme.example/settings")
	case u.User != nil:
		r.report(n.at, "", "an address must not hold a name or a password")
	default:
		*p = page(n.text)
	}
}

func (*page) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": "^https?://"}
}
