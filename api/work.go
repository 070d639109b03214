package api

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pawl-dev/pawl"
)

// Me returns who asks, as the server knows them.
func (c *Client) Me(ctx context.Context) (m Me, err error) {
	return m, c.get(ctx, "/api/v1/me", &m)
}

// Catalog returns the files of the server's catalog.
func (c *Client) Catalog(ctx context.Context) (fs.FS, error) {
	text, err := c.download(ctx, "/api/v1/catalog")
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, &pawl.Error{Op: "api", Kind: pawl.Unavailable, Err: errors.New("the catalog that the server sent cannot be read")}
	}
	return z, nil
}

// Runs lists rotations as the journal has them, the newest first. Of one
// credential it is so many at most, with their events; of all it is a part of
// the list, without.
func (c *Client) Runs(ctx context.Context, credential string, open bool, after string, most int) (p Page[Run], err error) {
	q := url.Values{"credential": {credential}, "open": {strconv.FormatBool(open)}, "after": {after}, "limit": {strconv.Itoa(most)}}
	return p, c.get(ctx, "/api/v1/runs?"+q.Encode(), &p)
}

// Run returns one rotation as the journal has it.
func (c *Client) Run(ctx context.Context, id pawl.RotationID) (r Run, err error) {
	return r, c.get(ctx, "/api/v1/runs/"+url.PathEscape(id.Credential)+"/"+strconv.Itoa(id.Number), &r)
}

// Survey is [Client.Plan] with all that may be said of what is planned.
func (c *Client) Survey(ctx context.Context, name string, l Look) (p Planned, err error) {
	return p, c.post(ctx, credentialPath(name)+"/plans", l, 0, &p)
}

// Sight looks at every place now, and changes nothing.
func (c *Client) Sight(ctx context.Context, name string) (s Sightings, err error) {
	return s, c.post(ctx, credentialPath(name)+"/sight", struct{}{}, 0, &s)
}

// Discover searches for copies of the value.
func (c *Client) Discover(ctx context.Context, name string) (s Search, err error) {
	return s, c.post(ctx, credentialPath(name)+"/discover", struct{}{}, 0, &s)
}

// Sweep lists generations that nobody ought to be using.
func (c *Client) Sweep(ctx context.Context, name string) (l Leftovers, err error) {
	return l, c.post(ctx, credentialPath(name)+"/sweep", struct{}{}, 0, &l)
}

// Kill revokes one of them.
func (c *Client) Kill(ctx context.Context, name string, k Kill) (d Killed, err error) {
	return d, c.post(ctx, credentialPath(name)+"/sweep/revoke", k, 0, &d)
}

// OldWorks asks whether the old generation of a rotation still works. The answer
// is a fault: denied, or mismatch if it does.
func (c *Client) OldWorks(ctx context.Context, id pawl.RotationID) (*Fault, error) {
	var a struct {
		Answer *Fault `json:"answer"`
	}
	err := c.post(ctx, path(id)+"/old", struct{}{}, 0, &a)
	return a.Answer, err
}

// Ways says how a step is done by hand.
func (c *Client) Ways(ctx context.Context, id pawl.RotationID, step string) (p Page[Way], err error) {
	return p, c.get(ctx, path(id)+"/steps/"+url.PathEscape(step)+"/ways", &p)
}

// AuditLog returns the whole audit log with its checkpoint, as an export has it.
func (c *Client) AuditLog(ctx context.Context) ([]byte, error) {
	return c.download(ctx, "/api/v1/audit/export")
}

// Evidence returns an evidence pack of a part of the log, or its page. Days and
// times are as the command line has them; empty: without a bound.
func (c *Client) Evidence(ctx context.Context, from, to, credential string, page bool) ([]byte, error) {
	q := url.Values{"from": {from}, "to": {to}, "credential": {credential}}
	if page {
		q.Set("format", "html")
	}
	return c.download(ctx, "/api/v1/audit/evidence?"+q.Encode())
}

// Records returns a part of the audit log, oldest first, from a record on; of one
// credential if one is named.
func (c *Client) Records(ctx context.Context, from, credential string) (p Page[Record], err error) {
	q := url.Values{"after": {from}, "credential": {credential}, "order": {"oldest"}, "limit": {"200"}}
	return p, c.get(ctx, "/api/v1/audit/records?"+q.Encode(), &p)
}

// Take gives the value that a person has made. It goes in and never comes out:
// nothing that is returned has it.
func (c *Client) Take(ctx context.Context, id pawl.RotationID, step string, given pawl.Secret) (t Taken, err error) {
	req, err := c.request(ctx, http.MethodPost, path(id)+"/steps/"+url.PathEscape(step)+"/value", given.Reveal())
	if err != nil {
		return t, err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	return t, c.do(req, &t)
}

// Remainder says what a rotation would leave if it were ended as it is.
func (c *Client) Remainder(ctx context.Context, id pawl.RotationID) (r Remainder, err error) {
	return r, c.post(ctx, path(id)+"/remainder", struct{}{}, 0, &r)
}

// Abandon ends a rotation as it is.
func (c *Client) Abandon(ctx context.Context, id pawl.RotationID, e Ending) (r Remainder, err error) {
	return r, c.post(ctx, path(id)+"/abandon", e, 0, &r)
}

func credentialPath(name string) string { return "/api/v1/credentials/" + url.PathEscape(name) }

// download returns a file as it is.
func (c *Client) download(ctx context.Context, path string) (text []byte, err error) {
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	err = c.send(req, func(body io.Reader) error {
		text, err = io.ReadAll(io.LimitReader(body, mostFile+1))
		if err == nil && len(text) > mostFile {
			return &pawl.Error{Op: "api", Kind: pawl.Unavailable, Err: errors.New("the answer is too large")}
		}
		return err
	})
	return text, err
}

func decode(into any) func(io.Reader) error {
	return func(body io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(body, mostAnswer))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return &pawl.Error{Op: "api", Kind: pawl.Unknown, Err: errors.New("the server's answer cannot be read")}
		}
		return nil
	}
}
