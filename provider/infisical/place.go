package infisical

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

// place is one secret of one environment.
type place struct {
	*client
	settings
}

var (
	_ pawl.Consumer    = (*place)(nil)
	_ pawl.Reader      = (*place)(nil)
	_ pawl.Snapshotter = (*place)(nil)
	_ pawl.Preflighter = (*place)(nil)
)

func newPlace(c *client, s settings) pawl.Consumer { return &place{c, s} }

// Set implements [pawl.Consumer]. The Receipt's Mark is the version.
//
// Where the identity may not see the value, w.Over cannot be checked and an
// equal value cannot be recognised: it writes.
func (p *place) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	const op = "infisical.Set"
	want, err := p.wanted(op, w.To)
	if err != nil {
		return pawl.Receipt{}, err
	}
	before, err := p.fetch(ctx, op)
	if err != nil {
		return pawl.Receipt{}, err
	}
	if before.holds(want) {
		return pawl.Receipt{Mark: before.mark(), Moved: before.updated}, nil
	}
	if err := p.mayReplace(op, before, w.Over); err != nil {
		return pawl.Receipt{}, err
	}
	answer, err := p.put(ctx, op, before, want)
	if err != nil {
		return p.raced(ctx, op, want, err)
	}
	if answer.Approval != nil {
		return pawl.Receipt{Changed: true, Pending: p.pending(answer.Approval.Slug)}, nil
	}
	return p.confirm(ctx, op, before, want)
}

func (p *place) wanted(op string, c pawl.Content) (content, error) {
	want, err := readContent(c)
	if err == nil && !c.Snapshot {
		err = storable(want.value)
	}
	if err != nil {
		return content{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	return want, nil
}

// mayReplace is nil if what is there is among over.
func (p *place) mayReplace(op string, before state, over []pawl.Content) error {
	if over == nil || before.hidden {
		return nil
	}
	for _, o := range over {
		allowed, err := readContent(o)
		if err != nil {
			return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
		}
		if before.holds(allowed) {
			return nil
		}
	}
	err := errors.New("it holds a value that nobody expected")
	if before.absent {
		err = errors.New("it holds no value, though one was expected")
	}
	return &pawl.Error{Op: op, Kind: pawl.Conflict, Hint: "find out who changed " + p.Where() + ", and whether that is still needed", Err: err}
}

// raced looks again after a refusal that only comes when the place changed
// between the read and the write: another Set of ours may have been faster, and
// else it is a Conflict. This one wrote nothing.
func (p *place) raced(ctx context.Context, op string, want content, err error) (pawl.Receipt, error) {
	if !errors.Is(err, errAbsent) && !errors.Is(err, errVague) && !errors.Is(err, errExists) {
		return pawl.Receipt{}, err
	}
	if now, again := p.fetch(ctx, op); again == nil && now.holds(want) {
		return pawl.Receipt{Mark: now.mark(), Moved: now.updated}, nil
	}
	return pawl.Receipt{}, &pawl.Error{Op: op, Kind: pawl.Conflict, Hint: "find out who else writes " + p.Where(), Err: err}
}

func (p *place) pending(slug string) string {
	request := "the change request"
	if isSlug(slug) {
		request += " " + slug
	}
	return fmt.Sprintf("approve %s in Infisical (project %s, environment %s, path %s)", request, p.Project, p.Env, p.folder())
}

// isSlug keeps what a server sends from being shown unless it is a plain name.
func isSlug(s string) bool {
	plain := func(r rune) bool {
		return r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return s != "" && len(s) <= 40 && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0
}

var errNoValue = errors.New("it holds no value")

// Read implements [pawl.Reader]. An empty value is no value. A value that may not be seen is Forbidden.
func (p *place) Read(ctx context.Context) (pawl.Secret, error) {
	const op = "infisical.Read"
	got, err := p.visible(ctx, op)
	if err != nil {
		return pawl.Secret{}, err
	}
	if got.absent || got.empty {
		return pawl.Secret{}, &pawl.Error{Op: op, Kind: pawl.NotFound, Hint: "give a value to the secret " + p.Where(), Err: errNoValue}
	}
	return got.value, nil
}

// Snapshot implements [pawl.Snapshotter]. A value that may not be seen is
// Forbidden.
func (p *place) Snapshot(ctx context.Context) (pawl.Secret, error) {
	const op = "infisical.Snapshot"
	got, err := p.visible(ctx, op)
	if err != nil {
		return pawl.Secret{}, err
	}
	snap, err := got.snapshot()
	if err != nil {
		return pawl.Secret{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("the value cannot be written down")}
	}
	return snap, nil
}

func (p *place) visible(ctx context.Context, op string) (state, error) {
	got, err := p.fetch(ctx, op)
	if err == nil && got.hidden {
		err = &pawl.Error{Op: op, Kind: pawl.Forbidden, Err: errors.New("the value is hidden from this identity"),
			Hint: fmt.Sprintf("give the identity of the connection %q the permission to read values in environment %s, path %s", p.name, p.Env, p.folder())}
	}
	return got, err
}

// Preflight implements [pawl.Preflighter]: the identity can sign in, and the
// place can be read. Whether it can be written shows only when it is.
func (p *place) Preflight(ctx context.Context) ([]string, error) {
	got, err := p.fetch(ctx, "infisical.Preflight")
	switch {
	case err != nil:
		return nil, err
	case got.absent:
		return []string{p.Where() + " does not exist; it will be created"}, nil
	case got.hidden:
		return []string{p.Where() + " is hidden from this identity: only the version can show a write, and nothing can be put back"}, nil
	}
	return nil, nil
}
