package httpprobe

import (
	"errors"
	"net/url"

	"github.com/pawl-dev/pawl/provider"
)

var _ provider.Settings = (*Settings)(nil)

// Settings say what to ask and how to read the answer.
type Settings struct {
	HTTP   string  `json:"http" doc:"Address to GET. It is asked without credentials, unless a connection of kind http is named, and redirects are not followed." required:"true"`
	Status int     `json:"status,omitempty" doc:"Status that a good answer has. If not given, 200."`
	Expect string  `json:"expect,omitempty" doc:"jq expression over the answer that is true when the consumer is well."`
	Attest *Attest `json:"attest,omitempty" doc:"How the answer shows the value in use: a jq expression that gives its SHA-256, in hex, or a group."`
}

func (s *Settings) status() int {
	if s.Status == 0 {
		return 200
	}
	return s.Status
}

// Validate implements [provider.Settings].
func (s *Settings) Validate() error {
	u, err := url.Parse(s.HTTP)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("http: want an address that begins with https:// or http://")
	case u.User != nil:
		return errors.New("http: no user or password in an address")
	case s.Status != 0 && (s.Status < 200 || s.Status > 599):
		return errors.New("status: from 200 to 599")
	}
	_, _, err = s.compile()
	return err
}

func (s *Settings) compile() (expect, attest *query, err error) {
	if expect, err = compile("expect", s.Expect); err != nil {
		return nil, nil, err
	}
	if err := s.Attest.check(s.HTTP); err != nil {
		return nil, nil, err
	}
	attest, err = compile(s.Attest.key(), s.Attest.expr())
	return expect, attest, err
}

// Where implements [provider.Settings]. The query is left out: some put a
// secret there.
func (s *Settings) Where() string {
	u, err := url.Parse(s.HTTP)
	if err != nil {
		return "http"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}
