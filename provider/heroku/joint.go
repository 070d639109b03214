package heroku

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl"
)

// A part is one write of several to an app, each to keys of its own.
type part struct {
	v    *configVars
	w    pawl.Write
	want vars
	out  *pawl.Joined
	done bool // out says what came of it
}

func (p *part) fail(kind pawl.Kind, err error, hint string) {
	p.done, p.out.Err = true, &pawl.Error{Op: "heroku.Set", Kind: kind, Err: err, Hint: hint}
}

// SetJointly implements [pawl.Joiner]: the keys of all are read at once, and
// those that are to be changed are written by one PATCH, which makes one
// release and one restart. Each write is compared for itself: what somebody
// else changed under one key is a Conflict of that one only.
func (v *configVars) SetJointly(ctx context.Context, all []pawl.Joint) []pawl.Joined {
	out := make([]pawl.Joined, len(all))
	parts, whole := v.parts(all, out)
	if len(undecided(parts)) == 0 {
		return out
	}
	now, before, err := whole.look(ctx, "heroku.Set")
	if err != nil {
		settle(undecided(parts), pawl.Joined{Err: err})
		return out
	}
	var there []*part
	for _, p := range undecided(parts) {
		switch mine := now.under(p.v.set.Keys); {
		case mine.equal(p.want):
			there = append(there, p)
		case !p.v.mayOverwrite(mine, p.w.Over):
			p.fail(pawl.Conflict, fmt.Errorf("%s holds something else than this rotation knows of", p.v.set.Where()),
				"Somebody changed it. Find out who, and decide which value is to stay.")
		}
	}
	if len(there) > 0 {
		r, err := v.unchanged(ctx)
		settle(there, pawl.Joined{Receipt: r, Err: err})
	}
	if rest := undecided(parts); len(rest) > 0 {
		v.write(ctx, rest, before)
	}
	return out
}

// parts sorts what is asked for, and returns the config vars of all of it that
// can be meant.
func (v *configVars) parts(all []pawl.Joint, out []pawl.Joined) (parts []*part, whole *configVars) {
	whole = &configVars{c: v.c, set: ConfigVar{App: v.set.App}}
	for i, j := range all {
		p := &part{w: j.Write, out: &out[i]}
		parts = append(parts, p)
		own, ok := j.Consumer.(*configVars)
		if !ok || own.c != v.c || own.set.App != v.set.App {
			p.fail(pawl.Invalid, fmt.Errorf("cannot be written together with %s", v.set.Where()), "")
			continue
		}
		var err error
		p.v = own
		if p.want, err = desired(own.set.Keys, j.Write.To); err != nil {
			p.fail(pawl.Invalid, err, "")
			continue
		}
		if twice := slices.IndexFunc(own.set.Keys, func(k string) bool { return slices.Contains(whole.set.Keys, k) }); twice >= 0 {
			p.fail(pawl.Invalid, fmt.Errorf("%s %s is written for another credential at the same time", v.set.App, own.set.Keys[twice]), "")
			continue
		}
		whole.set.Keys = append(whole.set.Keys, own.set.Keys...)
	}
	return parts, whole
}

// write makes one PATCH of all parts. The API refuses it as a whole if it
// cannot take one of them; then each is tried alone, so that none is held up by
// another.
func (v *configVars) write(ctx context.Context, parts []*part, before int) {
	whole, want := &configVars{c: v.c, set: ConfigVar{App: v.set.App}}, vars{}
	for _, p := range parts {
		whole.set.Keys = append(whole.set.Keys, p.v.set.Keys...)
		for k, value := range p.want {
			want[k] = value
		}
	}
	got, err := whole.patch(ctx, want)
	switch {
	case pawl.KindOf(err) == pawl.Invalid && len(parts) > 1:
		for _, p := range parts {
			r, err := p.v.Set(ctx, p.w)
			settle([]*part{p}, pawl.Joined{Receipt: r, Err: err})
		}
		return
	case err != nil:
		settle(parts, pawl.Joined{Err: err})
		return
	}
	for _, p := range parts {
		if !got.under(p.v.set.Keys).equal(p.want) {
			p.fail(pawl.Unknown, errors.New(p.v.set.Where()+": the answer to the write does not hold what was written"), "")
		}
	}
	if written := undecided(parts); len(written) > 0 {
		settle(written, pawl.Joined{Receipt: pawl.Receipt{Changed: true, Mark: v.markAfter(ctx, before)}})
	}
}

// undecided are the parts of which it is not said yet what came of them.
func undecided(parts []*part) (left []*part) {
	for _, p := range parts {
		if !p.done {
			left = append(left, p)
		}
	}
	return left
}

func settle(parts []*part, as pawl.Joined) {
	for _, p := range parts {
		p.done, *p.out = true, as
	}
}
