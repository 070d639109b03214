package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/journal"
)

var auditor = desktest.Who("udo", access.Auditor)

// rotateAll rotates each credential so many times, one after the other.
func rotateAll(t *testing.T, o *desktest.Office, times int, names ...string) {
	t.Helper()
	root := desktest.Who("root", access.Roles()...)
	for range times {
		for _, name := range names {
			if _, err := o.Start(t.Context(), root, api.Start{Credential: name, AutoRevoke: true}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
	}
}

// TestRotationsInPages reads a list page by page while it grows.
func TestRotationsInPages(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "api"}, {Name: "web"}}, func(t *testing.T, o *desktest.Office) {
		rotateAll(t, o, 3, "api", "web")
		pages := func(q desk.Query) (out []string) {
			for {
				page, err := o.Rotations(t.Context(), eva, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Items {
					out = append(out, r.ID+" "+r.Outcome)
				}
				if q.After = page.Next; page.Next == "" {
					return out
				}
				rotateAll(t, o, 1, "api") // what is begun meanwhile moves nothing
			}
		}
		for name, tt := range map[string]struct {
			q    desk.Query
			want string
		}{
			"all": {desk.Query{Limit: 4}, "web/3 done api/3 done web/2 done api/2 done web/1 done api/1 done"},
			"of":  {desk.Query{Credential: "web"}, "web/3 done web/2 done web/1 done"},
			"by":  {desk.Query{Text: "we"}, "web/3 done web/2 done web/1 done"},
		} {
			if got := strings.Join(pages(tt.q), " "); !strings.HasSuffix(got, tt.want) {
				t.Errorf("%s: %s", name, got)
			}
		}
		if _, err := o.Rotations(t.Context(), eva, desk.Query{After: "x"}); pawl.KindOf(err) != pawl.Invalid {
			t.Errorf("a cursor of nobody: %v", err)
		}
	})
}

// TestCredentialsFollowOthers has another process begin and end rotations.
func TestCredentialsFollowOthers(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "api", More: "schedule: {every: 30d}"}, {Name: "web", More: "schedule: {every: 30d}"}}, func(t *testing.T, o *desktest.Office) {
		see := func() string {
			page, err := o.Credentials(t.Context(), eva, desk.Query{})
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, c := range page.Items {
				last := "never"
				if c.Last != nil {
					last = time.Since(*c.Last).Round(time.Hour).String()
				}
				out = append(out, fmt.Sprintf("%s %s %s%s", c.Name, c.State, last, c.Open))
			}
			return strings.Join(out, ", ")
		}
		expect := func(want string) {
			t.Helper()
			if got := see(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		expect("api never never, web never never")
		rotateAll(t, o, 1, "web")
		expect("web ok 1h0m0s, api never never")
		rotateAll(t, o, 1, "api")
		for range 40 { // more than a look at what is new reads at once
			rotateAll(t, o, 1, "web")
		}
		expect("api ok 41h0m0s, web ok 1h0m0s")
		o.Stop()
		r, err := o.Start(t.Context(), desktest.Who("root", access.Roles()...), api.Start{Credential: "api"})
		if err != nil {
			t.Fatal(err)
		}
		expect("api rotating 41h0m0sapi/2, web ok 1h0m0s")
		_, err = o.Journal.Append(t.Context(), pawl.RotationID{Credential: "api", Number: 2}, journal.At{Revision: r.Revision}, journal.Batch{Close: pawl.Completed})
		if err != nil {
			t.Fatal(err)
		}
		expect("web ok 1h0m0s, api ok 0s")
		time.Sleep(31 * 24 * time.Hour)
		expect("web overdue 745h0m0s, api overdue 744h0m0s")
		o.Run()
	})
}

// TestRecordsInPages asks the log in every way.
func TestRecordsInPages(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "api"}, {Name: "web"}}, func(t *testing.T, o *desktest.Office) {
		rotateAll(t, o, 2, "api", "web")
		if _, err := o.Rotation(t.Context(), access.Subject{}, pawl.RotationID{Credential: "api", Number: 1}); err == nil {
			t.Fatal("nobody may look")
		}
		all := func(q desk.RecordQuery) (out []audit.Record) {
			q.Limit = 7
			for {
				page, err := o.Records(t.Context(), auditor, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Items {
					rec, err := audit.Decode(r.Body)
					if err != nil || int(rec.Index) != r.Index {
						t.Fatal(r, err)
					}
					out = append(out, rec)
				}
				if q.After = page.Next; page.Next == "" {
					return out
				}
			}
		}
		log := all(desk.RecordQuery{Oldest: true})
		for name, tt := range map[string]struct {
			q     desk.RecordQuery
			about journal.About
		}{
			"all":        {},
			"credential": {desk.RecordQuery{Credential: "web"}, journal.About{Credential: "web"}},
			"rotation":   {desk.RecordQuery{Rotation: "api/2"}, journal.About{Rotation: pawl.RotationID{Credential: "api", Number: 2}}},
			"person":     {desk.RecordQuery{Person: "root@acme.example"}, journal.About{Person: "root@acme.example"}},
			"action":     {desk.RecordQuery{Action: "auth.denied"}, journal.About{Action: audit.AuthDenied}},
		} {
			var want, wantBack, got, gotBack []int64
			for _, r := range log {
				if tt.about.Matches(r.Event) {
					want, wantBack = append(want, r.Index), append([]int64{r.Index}, wantBack...)
				}
			}
			for _, r := range all(tt.q) {
				gotBack = append(gotBack, r.Index)
			}
			tt.q.Oldest = true
			for _, r := range all(tt.q) {
				got = append(got, r.Index)
			}
			if len(want) == 0 || fmt.Sprint(got, gotBack) != fmt.Sprint(want, wantBack) {
				t.Errorf("%s: got %v and %v, want %v", name, got, gotBack, want)
			}
		}
		for what, q := range map[string]desk.RecordQuery{"cursor": {After: "x"}, "negative": {After: "-4"}, "rotation": {Rotation: "api"}} {
			if _, err := o.Records(t.Context(), auditor, q); pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := o.Records(t.Context(), eva, desk.RecordQuery{}); pawl.KindOf(err) != pawl.Forbidden {
			t.Errorf("a viewer saw the log: %v", err)
		}
	})
}
