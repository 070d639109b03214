package github

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v88/github"
	"golang.org/x/crypto/nacl/box"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

var (
	_ pawl.Consumer    = (*actionsSecret)(nil)
	_ pawl.Preflighter = (*actionsSecret)(nil)
	_ provider.Located = (*SecretSettings)(nil)
)

// maxValue is the most that GitHub stores in one secret.
const maxValue = 48 << 10

// actionsSecret is a write-only place. It is no [pawl.Reader] and no
// [pawl.Snapshotter], since nothing can be read back; for the same reason it
// cannot honour [pawl.Write.Over]. What somebody else writes after us is
// noticed by its time.
//
// API: https://docs.github.com/en/rest/actions/secrets
type actionsSecret struct {
	c     *client
	s     SecretSettings
	watch watch
}

func newActionsSecret(c *client, s SecretSettings) pawl.Consumer { return &actionsSecret{c: c, s: s} }

// Set always writes, as nobody can tell what is there. The receipt's mark is
// the time of the update as GitHub has it, or empty if it could not be had.
// Invalid: GitHub cannot store this value. Unknown: it may have been written.
func (a *actionsSecret) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	const op = "github.Set"
	if err := storable(op, w.To); err != nil {
		return pawl.Receipt{}, err
	}
	body := &gh.EncryptedSecret{Name: a.s.name()}
	if err := a.share(ctx, op, body); err != nil {
		return pawl.Receipt{}, err
	}
	if err := a.seal(ctx, op, w.To.Secret, body); err != nil {
		return pawl.Receipt{}, err
	}
	if err := a.write(ctx, op, body); err != nil {
		return pawl.Receipt{}, err
	}
	receipt := pawl.Receipt{Changed: true}
	if updated, err := a.updated(ctx, op); err == nil { // if not, what was written stays written
		receipt.Mark, receipt.Moved = mark(updated), updated
	}
	return receipt, nil
}

func storable(op string, to pawl.Content) error {
	invalid := func(format string, args ...any) error {
		return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: fmt.Errorf(format, args...)}
	}
	size := len(to.Secret.Reveal())
	switch {
	case to.Snapshot:
		return invalid("a secret that cannot be read has no snapshot to go back to")
	case size == 0:
		return invalid("no value to store")
	case size > maxValue:
		return invalid("the value has %d bytes, and a GitHub secret at most %d", size, maxValue)
	}
	return nil
}

// seal encrypts the value to the key of whoever holds the secret.
func (a *actionsSecret) seal(ctx context.Context, op string, value pawl.Secret, body *gh.EncryptedSecret) error {
	pub, err := get[gh.PublicKey](ctx, a.c, op, a.s.path()+"/public-key")
	if err != nil {
		return hinted(err, a.hints())
	}
	raw, err := base64.StdEncoding.DecodeString(pub.GetKey())
	if err != nil || len(raw) != 32 || pub.GetKeyID() == "" {
		return incomplete(op)
	}
	sealed, err := box.SealAnonymous(nil, value.Reveal(), (*[32]byte)(raw), rand.Reader)
	if err != nil {
		return &pawl.Error{Op: op, Kind: pawl.Other, Err: fmt.Errorf("sealing: %w", err)}
	}
	body.KeyID, body.EncryptedValue = pub.GetKeyID(), base64.StdEncoding.EncodeToString(sealed)
	return nil
}

// write puts the secret and counts the write once it is answered.
func (a *actionsSecret) write(ctx context.Context, op string, body *gh.EncryptedSecret) error {
	a.watch.begin()
	err := a.put(ctx, op, body)
	if err != nil {
		a.watch.end(0)
		return err
	}
	a.watch.end(a.c.runs.wrote())
	return nil
}

func (a *actionsSecret) put(ctx context.Context, op string, body *gh.EncryptedSecret) error {
	req, err := a.c.NewRequest(ctx, http.MethodPut, a.s.path()+"/"+body.Name, body)
	if err != nil {
		return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: fmt.Errorf("making the request for %s", body.Name)}
	}
	resp, err := a.c.Do(req, nil)
	if err != nil {
		return hinted(a.c.failed(op, true, resp, err), a.hints())
	}
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusNoContent {
		// A proxy's page, for one, says 200.
		return &pawl.Error{Op: op, Kind: pawl.Unknown, Err: fmt.Errorf("answered %d, neither created nor updated", resp.StatusCode)}
	}
	return nil
}

// updated is when the secret was last written, by GitHub's clock.
func (a *actionsSecret) updated(ctx context.Context, op string) (time.Time, error) {
	s, err := a.stored(ctx, op)
	if err != nil {
		return time.Time{}, err
	}
	return s.UpdatedAt.UTC(), nil
}

func (a *actionsSecret) stored(ctx context.Context, op string) (*gh.Secret, error) {
	s, err := get[gh.Secret](ctx, a.c, op, a.s.path()+"/"+a.s.name())
	if err != nil {
		return nil, err
	}
	if s.UpdatedAt.IsZero() {
		return nil, incomplete(op)
	}
	return s, nil
}

// mark is what an update is known by. GitHub's times are whole seconds, so of
// two writes in one second the second one goes unnoticed.
func mark(updated time.Time) string { return updated.UTC().Format(time.RFC3339Nano) }

func (a *actionsSecret) hints() map[pawl.Kind]string {
	return map[pawl.Kind]string{
		pawl.Forbidden: "the token needs the permission Secrets: read and write for " + a.s.holder(),
		pawl.NotFound:  a.s.holder() + " does not exist, or the token may not see it (permission Secrets: read and write)",
	}
}
