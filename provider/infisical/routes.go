package infisical

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
)

// routes is the version of the API that a server has.
type routes uint8

const (
	unseen routes = iota // nothing is known of the server yet
	v4
	v3 // deprecated: all that a server from before 2025 has
)

func (r routes) base() string {
	if r == v3 {
		return "/api/v3/secrets/raw/"
	}
	return "/api/v4/secrets/"
}

// project is the name of the parameter for the project's id.
func (r routes) project() string {
	if r == v3 {
		return "workspaceId"
	}
	return "projectId"
}

func (p *place) url(r routes) string { return p.root + r.base() + url.PathEscape(p.Key) }

func (c *client) seen() (r routes) {
	c.lock(func() { r = c.routes })
	return r
}

// fetch reads the place. That there is no secret is no error.
func (p *place) fetch(ctx context.Context, op string) (state, error) {
	got, err := p.fetchEither(ctx, op)
	if errors.Is(err, errAbsent) || errors.Is(err, errVague) {
		return state{absent: true}, nil
	}
	return got, err
}

// fetchEither reads the place by the API that the server is known to have. As
// long as nothing is known it asks for v4, then for v3, and believes the first
// that answers in a way that only Infisical does.
func (p *place) fetchEither(ctx context.Context, op string) (state, error) {
	if r := p.seen(); r != unseen {
		return p.get(ctx, op, r, current)
	}
	got, err := p.get(ctx, op, v4, current)
	if p.learn(v4, err) || !errors.Is(err, errRoute) && !errors.Is(err, errVague) {
		return got, err
	}
	got3, err3 := p.get(ctx, op, v3, current)
	if p.learn(v3, err3) {
		return got3, err3
	}
	return got, err
}

// learn notes that the server has r, if its answer shows that.
func (p *place) learn(r routes, err error) bool {
	if err != nil && !errors.Is(err, errAbsent) && !errors.Is(err, errFolder) {
		return false
	}
	p.lock(func() { p.routes = r })
	return true
}

var errShape = errors.New("the answer is not the JSON that was expected")

// current stands for the number of the current version.
const current = 0

// get reads one version of the secret.
func (p *place) get(ctx context.Context, op string, r routes, version int) (state, error) {
	query := url.Values{
		r.project():              {p.Project},
		"environment":            {p.Env},
		"secretPath":             {p.folder()},
		"type":                   {"shared"},
		"viewSecretValue":        {"true"},
		"expandSecretReferences": {"false"}, // the value as it is written, not what it refers to
		"include_imports":        {"false"}, // a secret of another place is not the one that we write
	}
	if version != current {
		query.Set("version", strconv.Itoa(version))
	}
	var out struct {
		Secret *stored `json:"secret"`
	}
	err := p.call(ctx, wire.Request{
		Op:     op,
		Method: http.MethodGet,
		URL:    p.url(r) + "?" + query.Encode(),
		Fail:   p.failed(&p.settings),
	}, &out)
	if err != nil {
		return state{}, err
	}
	if out.Secret == nil {
		return state{}, &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errShape}
	}
	got, err := out.Secret.state()
	if err != nil {
		return state{}, &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: err}
	}
	return got, nil
}

// written is the answer to a write: either of the two.
type written struct {
	Secret   *struct{} `json:"secret"`
	Approval *struct {
		Slug string `json:"slug"`
	} `json:"approval"`
}

// put sends one write. It is a creation, an update or a deletion.
func (p *place) put(ctx context.Context, op string, before state, want content) (written, error) {
	r := p.seen() // the read before it has seen to that, unless there is nothing to see
	body := map[string]string{
		r.project():   p.Project,
		"environment": p.Env,
		"secretPath":  p.folder(),
		"type":        "shared",
	}
	method := http.MethodPatch
	switch {
	case want.absent:
		method = http.MethodDelete
	case before.absent:
		method = http.MethodPost
	}
	if !want.absent {
		body["secretValue"] = string(want.value.Reveal())
	}
	var out written
	err := p.call(ctx, wire.Request{
		Op:      op,
		Method:  method,
		URL:     p.url(r),
		Body:    body,
		Mutates: true,
		Fail:    p.failed(&p.settings),
	}, &out)
	if err == nil && out.Secret == nil && out.Approval == nil {
		err = &pawl.Error{Op: op, Kind: pawl.Unknown, Err: errShape}
	}
	return out, err
}
