package desk_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
)

// TestCredentialsInPages: who reads the list page by page sees each credential
// that stays where it is, also if the one that a page ended with moves meanwhile.
func TestCredentialsInPages(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}, func(t *testing.T, o *desktest.Office) {
		var seen []string
		for q := (desk.Query{Limit: 2}); ; {
			page, err := o.Credentials(t.Context(), eva, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.Items {
				seen = append(seen, c.Name)
			}
			if q.After = page.Next; page.Next == "" {
				break
			}
			if len(seen) == 2 {
				rotateAll(t, o, 1, "b") // it is never no more, and goes to the front
			}
		}
		if got := strings.Join(seen, " "); got != "a b c d e" {
			t.Error(got)
		}
		gone, err := o.Credentials(t.Context(), eva, desk.Query{After: "5.9223372036854775807.bb"})
		if err != nil || len(gone.Items) != 3 {
			t.Errorf("after one that is in the catalog no more: %v %+v", err, gone.Items)
		}
		for _, after := range []string{"a", "x.y.z", "5.1", "5..a", "."} {
			if _, err := o.Credentials(t.Context(), eva, desk.Query{After: after}); pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("%s: %v", after, err)
			}
		}
	})
}

// TestRunsInPages: as many as are asked for, with where to go on, of all and of
// one, and of one with their events.
func TestRunsInPages(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "api"}, {Name: "web"}}, func(t *testing.T, o *desktest.Office) {
		rotateAll(t, o, 3, "api", "web")
		read := func(of string, limit int) (pages string) {
			for q := (desk.Query{Limit: limit}); ; {
				page, err := o.Runs(t.Context(), eva, of, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Items {
					if pages += r.ID + " "; (len(r.Events) > 0) != (of != "") {
						t.Errorf("%d events", len(r.Events))
					}
				}
				if q.After = page.Next; page.Next == "" {
					return pages
				}
				pages += "| "
			}
		}
		for i, tt := range []struct {
			of    string
			limit int
			want  string
		}{
			{"", 0, "web/3 api/3 web/2 api/2 web/1 api/1 "},
			{"", 4, "web/3 api/3 web/2 api/2 | web/1 api/1 "},
			{"", 6, "web/3 api/3 web/2 api/2 web/1 api/1 "},
			{"web", 2, "web/3 web/2 | web/1 "},
			{"web", 0, "web/3 | web/2 | web/1 "},
			{"nothing", 9, ""},
		} {
			if got := read(tt.of, tt.limit); got != tt.want {
				t.Errorf("%d: %q", i, got)
			}
		}
		if _, err := o.Runs(t.Context(), eva, "", desk.Query{After: "x"}); pawl.KindOf(err) != pawl.Invalid {
			t.Error(err)
		}
	})
}
