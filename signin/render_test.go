package signin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/frame/frametest"
)

// TestHostileTexts: a script in any field of any page is text. Where a page leads
// on to is a path of ours by then (local).
func TestHostileTexts(t *testing.T) {
	f := newFrame(frame.Config{Team: "/team", SignOut: "/sign-out", Note: frametest.Hostile})
	for _, name := range []string{"in", "ways"} {
		p := &Page{}
		frametest.Every(t, name, p, 2, func() string {
			p.Next, p.Again = "/", "/sign-in?again"
			p.Who = access.Subject{Actor: pawl.Actor{Type: "user", ID: frametest.Hostile}, Roles: access.Roles(), Fresh: true}
			w := httptest.NewRecorder()
			if err := f.Show(w, httptest.NewRequest(http.MethodGet, "/sign-in", nil), p.Who, frame.View{Name: name, Title: frametest.Hostile, Bare: name == "in", Modules: []string{module}, Data: p}); err != nil {
				t.Error(name, err)
			}
			return w.Body.String()
		})
	}
}
