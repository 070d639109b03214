package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// sane is what can be said against an effect on the spot, by whoever holds the
// values. None of it can happen unless something is wrong with this program;
// then it stops for a person, which costs less than to revoke or to overwrite
// what it should not. It is checked in production, for every effect.
func sane(s *rotation.State, v values, a rotation.Action) error {
	var err error
	switch a.Do {
	case rotation.DoMint:
		err = saneMint(s, a)
	case rotation.DoSet:
		err = saneSet(v, a)
	case rotation.DoKill:
		if a.ID == "" || a.ID == s.OldID || a.ID == s.NewID() {
			err = fmt.Errorf("generation %q is to be revoked as an orphan, and is in use", a.ID)
		}
	case rotation.DoRevoke:
		err = saneRevoke(s, v, a)
	}
	if err == nil {
		return nil
	}
	return &pawl.Error{Op: "engine", Kind: pawl.Operator, Err: fmt.Errorf("pawl is wrong, and stops: %w", err),
		Hint: "nothing was sent; please report it with the output of pawl audit export"}
}

func saneMint(s *rotation.State, a rotation.Action) error {
	same := 0
	for _, other := range s.Attempts {
		if other.Label == a.Label {
			same++
		}
	}
	if s.Label == "" || !strings.HasPrefix(a.Label, s.Label+"/") || same != 1 {
		return fmt.Errorf("the label %q is not of this rotation, or not new", a.Label)
	}
	return nil
}

func saneSet(v values, a rotation.Action) error {
	name := sealName(a.Side, a.Attempt)
	if a.Prior {
		name = priorName(a.Consumer)
	}
	if v.get(name).IsZero() {
		return fmt.Errorf("%s is to be written with %s, and that value is not there", a.Consumer, name)
	}
	return nil
}

// saneRevoke: what is revoked is what this rotation's journal says is doomed,
// and the value that stays is in our hands, of another id, and another value.
func saneRevoke(s *rotation.State, v values, a rotation.Action) error {
	stays, goes := v.side(s.Target, len(s.Attempts)), v.side(s.Doomed(), len(s.Attempts))
	switch {
	case !s.Ready || a.ID == "" || a.Side != s.Doomed() || a.ID != s.ID(s.Doomed()):
		return fmt.Errorf("%s generation %q is to be revoked; what goes is %q", a.Side, a.ID, s.ID(s.Doomed()))
	case a.ID == s.ID(s.Target):
		return errors.New("both generations have one id")
	case stays.IsZero():
		return errors.New("the value that stays does not open")
	case stays.Equal(goes):
		return errors.New("both generations have one value")
	}
	return nil
}
