package team

import (
	"net/http/httptest"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/frame/frametest"
)

// TestHostileTexts: a script in any field of any page is text.
func TestHostileTexts(t *testing.T) {
	pages := New(Config{Frame: frame.Config{Team: "/team", SignOut: "/sign-out", Note: frametest.Hostile}})
	who := access.Subject{Actor: pawl.Actor{Type: "user", ID: frametest.Hostile}, Roles: access.Roles(), Fresh: true}
	for _, path := range []string{"/team", "/team/me"} {
		p := &page{}
		frametest.Every(t, path, p, 1, func() string {
			p.Here, p.Again = path, "/sign-in?again" // ours
			w := httptest.NewRecorder()
			pages.show(w, httptest.NewRequest("GET", path, nil), who, p, nil)
			if w.Code != 200 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			return w.Body.String()
		})
	}
}
