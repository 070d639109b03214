package secretref

import "testing"

const netrcExample = `
# machine api.heroku.com login x password CANARY-comment
machine git.heroku.com
  login ops@acme.example
  password CANARY-git
macdef init
machine api.heroku.com password CANARY-macro

machine api.heroku.com login machine password CANARY-api
machine 127.0.0.1:8765 login "a b" password "CANARY \"q\" 8765"
machine nopass login x
machine other password #CANARY-hash
default login x password CANARY-default
`

func TestNetrc(t *testing.T) {
	for machine, want := range map[string]string{
		"git.heroku.com": "CANARY-git",
		"api.heroku.com": "CANARY-api",
		"API.Heroku.com": "CANARY-api",
		"127.0.0.1:8765": `CANARY "q" 8765`,
		"other":          "#CANARY-hash",
		"nopass":         "",
		"absent":         "",
		"default":        "",
		"":               "",
	} {
		got, found := netrcPassword(netrcExample, machine)
		if got != want || found != (want != "") {
			t.Errorf("password for %q = %q, %v, want %q", machine, got, found, want)
		}
	}
}

func TestNetrcDamaged(t *testing.T) {
	for _, text := range []string{"machine", "machine a", "machine a password", `machine a password "CANARY`, "macdef", `machine "a password CANARY`, "password CANARY"} {
		if got, found := netrcPassword(text, "a"); found {
			t.Errorf("%q: found %q", text, got)
		}
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add(netrcExample, "api.heroku.com")
	f.Fuzz(func(t *testing.T, text, machine string) {
		one, ok1 := netrcPassword(text, machine)
		two, ok2 := netrcPassword(text, machine)
		if one != two || ok1 != ok2 || (!ok1 && one != "") {
			t.Errorf("netrcPassword(%q, %q) = %q, %v then %q, %v", text, machine, one, ok1, two, ok2)
		}
	})
}
