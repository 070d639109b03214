package signin

import (
	"net/http"
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

// unseen is what the owner of the state may do while it cannot be read who belongs
// to the team: to watch over what is under way, and to stop it or put it back. A
// rotation needs nothing of the roster for that. Nothing is begun or agreed to,
// since it is not known which of the team they are.
func unseen() []access.Action {
	return []access.Action{access.See, access.Verify, access.Drive, access.Rollback, access.SeeAudit, access.SeeSetup}
}

// alarmed is what was said last of a roster that cannot be read.
type alarmed struct {
	sync.Mutex
	text string
}

// unread says once that the roster could not be read, and returns why; what is no
// trouble of the roster's is returned as it is.
func (s *Server) unread(r *http.Request, err error) error {
	switch pawl.KindOf(err) {
	case pawl.NotFound, pawl.Denied, pawl.Forbidden:
		return err
	}
	if r.Context().Err() != nil { // they have gone: nothing is wrong with it
		return err
	}
	s.alarmed.Lock()
	defer s.alarmed.Unlock()
	if text := err.Error(); s.alarmed.text != text {
		s.alarmed.text = text
		s.cfg.Alarm("it cannot be read who belongs to the team, and nobody but the owner of the state is let in, on this machine: "+text, "next", pawl.HintOf(err))
	}
	return err
}
