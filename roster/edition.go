package roster

import (
	"context"
	"crypto/rand"
)

// An Edition says which roster this is, and how many changes of who may come in
// it has seen. Of two copies of one roster, the one with the lower number is the
// older: people who were disabled since are not in it, nor are revoked tokens.
type Edition struct {
	ID     string // random, made with the roster
	Number int64  // 0: nobody was ever let in
}

// Editions tell an older copy from the newest one.
type Editions interface {
	// Edition returns which one this is. Its number grows in the same moment as
	// each change of who may come in: PutPerson, AddPasskey, DropPasskey,
	// DropSession, AddToken, RevokeToken, and of somebody's code AddCode and
	// TakeCode. To sign in and to be seen is no change; nor is the code of the
	// first admin, who is nobody yet.
	Edition(ctx context.Context) (Edition, error)

	// Renew makes it another one, with everybody in it: from now on no older
	// copy is a copy of it, and neither is a newer one of what it was before.
	Renew(ctx context.Context) (Edition, error)
}

// NewEditionID returns an id for a roster.
func NewEditionID() string { return rand.Text()[:16] }
