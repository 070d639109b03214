package infisical

import (
	"net/url"

	"github.com/pawl-dev/pawl/provider"
)

var _ provider.Manual = (*settings)(nil)

// Manual implements [provider.Manual].
func (s *settings) Manual(root string) provider.Handbook {
	path := s.Path
	if path == "" {
		path = "/"
	}
	quoted := func(name, value string) string { return "--arg " + name + " " + provider.Quote(value) }
	where := "--data-urlencode projectId=" + provider.Quote(s.Project) + " --data-urlencode environment=" + provider.Quote(s.Env) + " --data-urlencode secretPath=" + provider.Quote(path)
	key := `"$INFISICAL"/api/v4/secrets/` + url.PathEscape(s.Key)
	return provider.Handbook{
		SignIn: []provider.Step{{
			Do: "Sign in to Infisical as the machine identity (or do its steps in the browser). Three wrong client secrets lock it for some minutes.",
			Run: []string{
				"INFISICAL=" + provider.Quote(root),
				`read -rp 'client id: ' ID; read -rsp 'client secret: ' SECRET; echo`,
				`INFISICAL_TOKEN=$(printf '%s\n%s' "$ID" "$SECRET" | jq -Rn '[inputs] | {clientId: .[0], clientSecret: .[1]}' |`,
				`  curl -sS -H 'Content-Type: application/json' --data @- "$INFISICAL"/api/v1/auth/universal-auth/login | jq -r .accessToken); unset SECRET`,
				`echo "${#INFISICAL_TOKEN} characters"`,
			},
			Expect: "some hundred characters",
			IfNot:  "`4 characters` is `null`: the sign-in was refused",
		}},
		Write: []provider.Step{{
			Do: "Set " + s.Key + " in " + s.Env + " " + path + ".",
			Run: []string{
				`printf %s "$NEW" | jq -Rs ` + quoted("project", s.Project) + " " + quoted("env", s.Env) + " " + quoted("path", path) +
					` '{projectId: $project, environment: $env, secretPath: $path, type: "shared", secretValue: .}' |`,
				`  curl -sS -X PATCH -H @<(printf 'Authorization: Bearer %s' "$INFISICAL_TOKEN") -H 'Content-Type: application/json' --data @- ` + key + ` | jq '.secret.version, .approval.slug'`,
			},
			Expect: "the number of the new version, and `null`",
			IfNot:  "a name in place of `null` is a change request: somebody has to approve it in Infisical before it takes effect. `404` on a server from before 2025: use `/api/v3/secrets/raw/` and `workspaceId`",
		}},
		Prove: []provider.Step{{
			Do: "It is there: read it again.",
			Run: []string{
				`[ "$(curl -sS -G -H @<(printf 'Authorization: Bearer %s' "$INFISICAL_TOKEN") ` + where + ` ` + key + ` | jq -r .secret.secretValue)" = "$NEW" ] && echo same || echo DIFFERENT`,
			},
			Expect: "`same`",
			IfNot:  "write it again; if it stays different, something else writes there: find it first",
		}},
	}
}
