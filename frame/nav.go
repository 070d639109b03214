package frame

import (
	"strings"

	"github.com/pawl-dev/pawl/access"
)

type link struct {
	Path, Title, Icon, Key string
	Here                   bool
}

// A section is a page that the navigation leads to, with the action that
// somebody has to be allowed to find it there.
type section struct {
	link
	action access.Action
	below  string // where the pages are that belong to it, besides its own address
}

var sections = []section{
	{link{Path: "/", Title: "Now", Icon: "now", Key: "n"}, access.See, ""},
	{link{Path: "/credentials", Title: "Credentials", Icon: "key", Key: "c"}, access.See, "/rotations"},
	{link{Path: "/calendar", Title: "Calendar", Icon: "calendar", Key: "d"}, access.See, ""},
	{link{Path: "/approvals", Title: "Approvals", Icon: "approve", Key: "a"}, access.See, ""},
	{link{Path: "/consumers", Title: "Consumers", Icon: "places", Key: "u"}, access.See, ""},
	{link{Path: "/connections", Title: "Connections", Icon: "plug", Key: "o"}, access.SeeSetup, ""},
	{link{Path: "/audit", Title: "Audit", Icon: "log", Key: "l"}, access.SeeAudit, ""},
	{link{Path: "/settings", Title: "Settings", Icon: "settings", Key: "s"}, access.See, "/team /sign-in"},
}

// nav is what somebody can go to. It asks the table of roles only: that
// something is not shown is no refusal.
func nav(who access.Subject, at string) (all []link) {
	for _, s := range sections {
		if access.Check(who, access.Request{Action: s.action}) != nil {
			continue
		}
		s.Here = at == s.Path || s.Path != "/" && strings.HasPrefix(at, s.Path)
		for _, below := range strings.Fields(s.below) {
			s.Here = s.Here || strings.HasPrefix(at, below)
		}
		all = append(all, s.link)
	}
	return all
}

// tabs lead from one page about oneself and the team to the others; none
// elsewhere.
func (f *Frame) tabs(who access.Subject, at string) []link {
	if f.cfg.Team == "" {
		return nil
	}
	all := []link{{Path: "/settings", Title: "You"}, {Path: "/sign-in/ways", Title: "Sign-in"}, {Path: f.cfg.Team + "/me", Title: "Sessions and tokens"}}
	if access.Check(who, access.Request{Action: access.SeeSetup}) == nil {
		all = append(all, link{Path: f.cfg.Team, Title: "Team"})
	}
	found := false
	for i := range all {
		all[i].Here = all[i].Path == at
		found = found || all[i].Here
	}
	if !found {
		return nil
	}
	return all
}
