package console

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// credentialsPage is the catalog, what is due first at the top.
type credentialsPage struct {
	Items  []api.Credential
	Counts api.Counts
	Text   string
	State  api.State
	Tabs   []tab
	Next   string // the address of the next page
	CSV    string
}

// tab is a filter that is in the address.
type tab struct {
	Path, Title string
	Count       int
	Here        bool
}

var tabs = []struct {
	state api.State
	title string
}{{"", "All"}, {api.Overdue, "Overdue"}, {api.Soon, "Due soon"}, {api.Rotating, "Open"}, {api.Fine, "Fine"}, {api.Never, "Never rotated"}}

func (c *Console) credentials(r *http.Request, who access.Subject) (*view, error) {
	q := credentialQuery(r)
	page, err := c.cfg.Desk.Credentials(r.Context(), who, q)
	if err != nil {
		return nil, err
	}
	counts, err := c.cfg.Desk.Counts(r.Context(), who)
	if err != nil {
		return nil, err
	}
	p := credentialsPage{Items: page.Items, Counts: counts, Text: q.Text, State: q.State, CSV: address("/credentials.csv", "q", q.Text, "state", string(q.State))}
	if page.Next != "" {
		p.Next = address("/credentials", "q", q.Text, "state", string(q.State), "after", page.Next)
	}
	for _, t := range tabs {
		n := counts.States[t.state]
		if t.state == "" {
			n = counts.All
		}
		p.Tabs = append(p.Tabs, tab{address("/credentials", "q", q.Text, "state", string(t.state)), t.title, n, t.state == q.State})
	}
	return &view{name: "credentials", title: "Credentials", live: "all", data: p}, nil
}

func credentialQuery(r *http.Request) desk.Query {
	in := r.URL.Query()
	return desk.Query{Text: in.Get("q"), State: api.State(in.Get("state")), After: in.Get("after"), Limit: 50}
}

// address is a path with what is not empty of a query.
func address(path string, query ...string) string {
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		if query[i+1] != "" {
			q.Set(query[i], query[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// csv writes the whole list that the page shows a part of.
func (c *Console) csv(w http.ResponseWriter, r *http.Request, who access.Subject) error {
	q := credentialQuery(r)
	q.Limit, q.After = 200, ""
	page, err := c.cfg.Desk.Credentials(r.Context(), who, q)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="credentials.csv"`)
	out := csv.NewWriter(w)
	out.Write([]string{"name", "title", "state", "owner", "mode", "places", "last rotated", "due"})
	for {
		for _, cr := range page.Items {
			out.Write([]string{plain(cr.Name), plain(cr.Title), string(cr.State), plain(cr.Owner), cr.Mode, strconv.Itoa(cr.Places), stamp(cr.Last), stamp(cr.Due)})
		}
		if page.Next == "" {
			break
		}
		q.After = page.Next
		if page, err = c.cfg.Desk.Credentials(r.Context(), who, q); err != nil {
			break // half a list ends in the middle; what is there is right
		}
	}
	out.Flush()
	return nil
}

// plain keeps a spreadsheet from taking a text for a formula.
func plain(text string) string {
	if text != "" && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' || text[0] == '\t' || text[0] == '\r') {
		return "'" + text
	}
	return text
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
