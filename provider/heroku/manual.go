package heroku

import (
	"strings"

	"github.com/pawl-dev/pawl/provider"
)

var (
	_ provider.Manual = (*Authorization)(nil)
	_ provider.Manual = (*ConfigVar)(nil)
)

const accept = `-H 'Accept: application/vnd.heroku+json; version=3'`

// signIn is for the command line and for curl alike: "heroku login" leaves a
// token in ~/.netrc, which curl --netrc takes from there.
func signIn(url string) []provider.Step {
	return []provider.Step{{
		Do:     "Sign in to Heroku as somebody who may see the apps and the authorizations. Never with the token that is to be rotated: `HEROKU_API_KEY` must not be set.",
		Run:    []string{"unset HEROKU_API_KEY", "heroku login", "heroku whoami", "HEROKU=" + provider.Quote(url)},
		Expect: "the e-mail of your account",
		IfNot:  "an account that signs in through an identity provider cannot make long-lived tokens: ask the owner for a management account",
	}}
}

// Manual implements [provider.Manual].
func (a *Authorization) Manual(url string) provider.Handbook {
	return provider.Handbook{
		SignIn: signIn(url),
		Identify: []provider.Step{{
			Do:     "Find the authorization in use by its description, `" + a.Description + " …`, and note its **id**. The id is no secret; the token is another thing.",
			Run:    []string{"heroku authorizations", "OLD_ID=          # the id, by hand"},
			Expect: "exactly one whose description begins like that",
			IfNot:  "with none or several, stop: `heroku authorizations:info ID` shows when each was made and the end of its token. Guess nothing",
		}},
		Mint: []provider.Step{{
			Do: "Make the new one. Its token is shown once, here; it stays in a variable of this shell.",
			Run: []string{
				`OUT=$(heroku authorizations:create --json --description ` + provider.Quote(a.Description+" ") + `"$(date +%F)" --scope ` + provider.Quote(strings.Join(a.scope(), ",")) + `)`,
				`NEW=$(printf %s "$OUT" | jq -r .access_token.token) NEW_ID=$(printf %s "$OUT" | jq -r .id); unset OUT`,
				`echo "id $NEW_ID, ${#NEW} characters"`,
			},
			Expect: "an id that is not $OLD_ID, and several dozen characters",
			IfNot:  "if no id came, look for one with today's date in `heroku authorizations`, revoke it (`heroku authorizations:revoke ID`) and make another: its token is lost",
		}},
		Check: a.checkByHand(),
		Revoke: []provider.Step{{
			Do:     "Revoke the old one, by its id. **This cannot be undone.**",
			Run:    []string{`heroku authorizations:revoke "$OLD_ID"`},
			Expect: "`done, revoked authorization`",
			IfNot:  "`heroku authorizations` shows whether it is still there; revoking again does no harm",
		}},
		Dead: []provider.Step{{
			Do:     "Try the old token until it is refused three times in a row. 401 counts; 403, 429 and 5xx prove nothing.",
			Run:    []string{status(`"$OLD"`, "/account")},
			Expect: "`401`",
			IfNot:  "while it is `200` the old token works: look whether the right one was revoked",
		}},
	}
}

// status asks with a value that stands in no argument, and prints the status.
func status(value, path string) string {
	return `curl -sS -o /dev/null -w '%{http_code}\n' ` + accept + ` -H @<(printf 'Authorization: Bearer %s' ` + value + `) "$HEROKU` + path + `"`
}

func (a *Authorization) checkByHand() (steps []provider.Step) {
	if a.readsAccount() {
		expect := "the account it is to belong to"
		if a.Check.Account != "" {
			expect = "`" + a.Check.Account + "`"
		}
		steps = append(steps, provider.Step{
			Do:     "The new token works, and is of the right account.",
			Run:    []string{`curl -sS ` + accept + ` -H @<(printf 'Authorization: Bearer %s' "$NEW") "$HEROKU/account" | jq -r .email`},
			Expect: expect, IfNot: "stop here: revoke the new one (`heroku authorizations:revoke \"$NEW_ID\"`); nothing else was changed",
		})
	}
	if app := a.Check.ConfigVarsOf; app != "" && a.readsConfigVars() {
		steps = append(steps, provider.Step{
			Do:  "It may read the config vars of " + app + ".",
			Run: []string{status(`"$NEW"`, "/apps/"+app+"/config-vars")}, Expect: "`200`", IfNot: "as above",
		})
	}
	if len(steps) == 0 {
		steps = append(steps, provider.Step{Do: "The new token works.", Run: []string{status(`"$NEW"`, "/apps")}, Expect: "`200`", IfNot: "as above"})
	}
	return steps
}

// Manual implements [provider.Manual].
func (c *ConfigVar) Manual(url string) provider.Handbook {
	body := make([]string, len(c.Keys))
	for i, k := range c.Keys {
		body[i] = k + ": ."
	}
	app := c.App
	return provider.Handbook{
		SignIn: signIn(url),
		Write: []provider.Step{{
			Do: "Set " + strings.Join(c.Keys, ", ") + " of " + app + ", all in one call: the app restarts once. (`heroku config:set` would put the value into the list of processes.)",
			Run: []string{`printf %s "$NEW" | jq -Rs '{` + strings.Join(body, ", ") + `}' | curl -sS --netrc -X PATCH ` + accept +
				` -H 'Content-Type: application/json' --data @- -o /dev/null -w '%{http_code}\n' "$HEROKU/apps/` + app + `/config-vars"`},
			Expect: "`200`",
			IfNot:  "`401`: sign in again. `403`: this login may not write there. After a 5xx look first whether it happened: compare as below",
		}},
		Prove: []provider.Step{{
			Do: "The release succeeded, every dyno runs on it or a later one, and the app holds the new value.",
			Run: []string{
				"heroku releases --app " + app + " --num 3",
				"heroku ps --app " + app,
				`[ "$(heroku config:get ` + c.Keys[0] + ` --app ` + app + `)" = "$NEW" ] && echo same || echo DIFFERENT`,
			},
			Expect: "the newest release without `failed`; every dyno `up`, and started after it; `same`",
			IfNot:  "a failed release leaves the old value running: mend the release before the revoke, or go back",
		}},
	}
}
