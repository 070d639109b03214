package catalog

import (
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// humanKind is the kind of consumer that is a person: somebody's shell, a
// device that is set by hand.
const humanKind = "human"

type humanKeys struct {
	ID     entryID  `json:"id" required:"true" doc:"Short name, unique in this file."`
	Kind   string   `json:"kind" required:"true" doc:"human: something that only a person can do."`
	Wave   string   `json:"wave" doc:"The wave it belongs to; without one it comes after everything else."`
	Prove  rawList  `json:"prove" doc:"What shows that it was done."`
	People []string `json:"people" doc:"Who may do it."`
	Notify rawNodes `json:"notify" doc:"Whom to tell, and how, as {slack: D0000000000}."`
	Ask    string   `json:"ask" required:"true" doc:"What to do, in a sentence or two. Never a value."`
	Open   page     `json:"open" doc:"The page on which it is done."`
	Within wait     `json:"within" doc:"How long it may take, as 2h. Who is told is reminded when half of it and when all of it is over."`
	Blocks blocks   `json:"blocks" doc:"What waits for it: revoke, as if not given, or nothing."`
}

func (e *consumerEntry) readHuman(r *reader, n *node) {
	var keys humanKeys
	seen := r.mapping(n, layout{into: []any{&keys}})
	e.ID, e.Kind, e.Wave, e.at = string(keys.ID), humanKind, keys.Wave, n.at
	if id := seen["id"]; id != nil {
		e.at = id.at
	}
	e.Op = pawl.Op{Name: humanKind + "@1"}
	e.Require, e.standard = pawl.Claimed, pawl.Claimed
	e.Where = strings.Join(keys.People, ", ")
	if e.Where == "" {
		e.Where = "anybody"
	}
	e.Proofs = r.proofs(keys.Prove.items, pawl.Op{Config: []byte("{}")}).ops
	e.Human = &pawl.Human{People: keys.People, Ask: keys.Ask, Blocks: keys.Blocks != blocksNothing, Machine: len(e.Proofs) > 0,
		Open: string(keys.Open), Within: time.Duration(keys.Within)}
	if keys.Notify.node != nil {
		e.Human.Notify, e.Human.To = r.notify(keys.Notify.node)
	}
}

// notify reads whom to tell: one notifier with its address, and the connection
// if there are several.
func (r *reader) notify(n *node) (*pawl.Op, string) {
	var op *pawl.Op
	to := ""
	for _, p := range n.pairs {
		if p.key.text == "connection" {
			continue
		}
		offer, known := r.kinds.notifiers[p.key.text]
		switch {
		case !known:
			r.report(p.key.at, r.suggest(p.key.text, append(sortedKeys(r.kinds.notifiers), "connection")), "no way to notify %q", clip(p.key.text, 60))
		case op != nil:
			r.report(p.key.at, "", "one way to notify is enough")
		case p.value.kind != textNode || p.value.text == "":
			r.report(p.value.at, "", "%s: say to whom", p.key.text)
		default:
			op, to = &pawl.Op{Name: offer.kind.Name}, p.value.text
			if offer.connects {
				op.Connection = r.chosenConnection(p.key, n.get("connection"), offer.kind.Name, offer.vendor)
			}
		}
	}
	if len(n.pairs) == 0 {
		r.report(n.at, r.suggest("", sortedKeys(r.kinds.notifiers)), "whom to notify is missing")
	}
	return op, to
}

// blocks says what waits for a person.
type blocks string

const (
	blocksRevoke  blocks = "revoke"
	blocksNothing blocks = "nothing"
)

func (b *blocks) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	*b = blocks(n.text)
	if *b != blocksRevoke && *b != blocksNothing {
		r.report(n.at, r.suggest(n.text, []string{string(blocksRevoke), string(blocksNothing)}), "%q cannot wait for a person", clip(n.text, 60))
	}
}
