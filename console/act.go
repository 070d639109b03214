package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
)

// acts are the routes of the forms that change something.
func (c *Console) acts() {
	c.get("POST /credentials/{name}/plan", c.plan) // it looks at vendors and changes nothing, but it is work
	c.post("POST /credentials/{name}/start", c.start)
	for verb, do := range map[string]func(*Console, context.Context, access.Subject, decision) (api.Rotation, error){
		"approve": (*Console).approve, "break-glass": (*Console).breakGlass, "deny": (*Console).deny, "revoke": (*Console).revoke, "rollback": (*Console).rollback,
		"pause": (*Console).pauseIt, "resume": (*Console).resume, "confirm": (*Console).confirm,
	} {
		c.post("POST /rotations/{credential}/{number}/"+verb, func(r *http.Request, who access.Subject) (string, error) {
			d, err := decided(r)
			if err != nil {
				return "", err
			}
			run, err := do(c, r.Context(), who, d)
			return "/rotations/" + run.ID, err
		})
	}
}

// post serves a form, and leads on to a page that shows what became of it: to
// load that again sends nothing twice.
func (c *Console) post(pattern string, f func(*http.Request, access.Subject) (next string, err error)) {
	c.raw(pattern, func(w http.ResponseWriter, r *http.Request, who access.Subject) error {
		if err := r.ParseForm(); err != nil {
			return invalid("the form could not be read, or is too long")
		}
		next, err := f(r, who)
		if typed, ok := errors.AsType[*mistyped](err); ok {
			return c.typeAgain(w, r, who, typed)
		}
		if err != nil {
			return err
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	})
}

// A decision is what somebody says to a rotation, and what they had seen of it.
type decision struct {
	id       pawl.RotationID
	revision int64
	digest   string
	why      string
	step     string
	name     string // of the credential, typed once more
}

func decided(r *http.Request) (decision, error) {
	id, err := rotationID(r)
	if err != nil {
		return decision{}, err
	}
	form := r.PostForm
	d := decision{id: id, digest: form.Get("digest"), why: strings.TrimSpace(form.Get("why")), step: form.Get("step"), name: strings.TrimSpace(form.Get("name"))}
	if d.revision, err = strconv.ParseInt(form.Get("revision"), 10, 64); err != nil || d.revision <= 0 {
		return d, invalid("the form does not say what was looked at")
	}
	return d, nil
}

func (c *Console) approve(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.Approve(ctx, who, d.id, d.revision, d.digest)
}

func (c *Console) breakGlass(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.BreakGlass(ctx, who, d.id, d.revision, d.digest, d.why)
}

func (c *Console) deny(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.Deny(ctx, who, d.id, d.revision, d.why)
}

// revoke is the one step that cannot be undone, so the name is typed for it.
func (c *Console) revoke(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	if d.name != d.id.Credential {
		return api.Rotation{}, &mistyped{d.name}
	}
	return c.cfg.Desk.Revoke(ctx, who, d.id, d.revision)
}

// mistyped is another name than the one that had to be typed.
type mistyped struct{ name string }

func (m *mistyped) Error() string { return "another name was typed" }

// typeAgain shows the rotation again, with what was wrong beside the form.
func (c *Console) typeAgain(w http.ResponseWriter, r *http.Request, who access.Subject, m *mistyped) error {
	v, err := c.rotation(r, who)
	if err != nil {
		return err
	}
	p := v.data.(rotationPage)
	p.Mistyped, p.Typed = true, clip(m.name)
	v.data, v.live, v.status = p, "", http.StatusBadRequest
	c.render(w, r, who, v)
	return nil
}

func (c *Console) rollback(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.Rollback(ctx, who, d.id, d.revision, d.why)
}

func (c *Console) pauseIt(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.Pause(ctx, who, d.id, d.revision)
}

func (c *Console) resume(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.Resume(ctx, who, d.id, d.revision)
}

func (c *Console) confirm(ctx context.Context, who access.Subject, d decision) (api.Rotation, error) {
	return c.cfg.Desk.Confirm(ctx, who, d.id, d.revision, d.step)
}

// plan shows what a rotation would do, on the credential's page.
func (c *Console) plan(r *http.Request, who access.Subject) (*view, error) {
	reason, err := reasonOf(r.PostFormValue("reason"))
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	planned, err := c.cfg.Desk.Plan(r.Context(), who, name, pawl.Reason(reason))
	if err != nil {
		return nil, err
	}
	p, err := c.credentialPage(r, who, name)
	if err != nil {
		return nil, err
	}
	p.Plan, p.Reason = &planned, reason
	return &view{name: "credential", title: p.Name, data: p}, nil
}

// start begins exactly the plan that was shown.
func (c *Console) start(r *http.Request, who access.Subject) (string, error) {
	reason, err := reasonOf(r.PostForm.Get("planned"))
	if err != nil {
		return "", err
	}
	digest := r.PostForm.Get("digest")
	if digest == "" {
		return "", invalid("look at the plan first")
	}
	run, err := c.cfg.Desk.Start(r.Context(), who, api.Start{Credential: r.PathValue("name"), Reason: reason, Digest: digest, AutoRevoke: r.PostForm.Get("auto") == "yes"})
	return "/rotations/" + run.ID, err
}

// reasonOf is one of the reasons that the page offers.
func reasonOf(text string) (string, error) {
	for _, r := range reasons {
		if r.Value == text {
			return text, nil
		}
	}
	return "", invalid("no such reason")
}
