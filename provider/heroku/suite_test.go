package heroku_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
	"github.com/pawl-dev/pawl/provider/providertest"
	"github.com/pawl-dev/pawl/sim"
)

// TestIssuerSuite: the accounts that differ to an issuer. The plain ones are in
// package providertest, with those of the other vendors.
func TestIssuerSuite(t *testing.T) {
	for name, tt := range map[string]struct {
		options  herokusim.Options
		settings heroku.Authorization
	}{
		"tokens are shown": {herokusim.Options{}, heroku.Authorization{Description: stem}},
		"pages of one":     {herokusim.Options{MaskTokens: true, PageSize: 1}, heroku.Authorization{Description: stem}},
		"narrow scope": {herokusim.Options{MaskTokens: true},
			heroku.Authorization{Description: stem, Scope: []string{"write-protected"}, Check: heroku.Check{ConfigVarsOf: app}}},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Issuer(t, mark, func(t *testing.T) (pawl.Issuer, *sim.Server) {
				a := newAccount(t, tt.options)
				srv := sim.New(t, a.Sim)
				return openIssuer(t, srv.URL, a.token, a.clock.now, tt.settings), srv
			})
		})
	}
}

// TestConfigVarSuite: the apps that differ to a consumer.
func TestConfigVarSuite(t *testing.T) {
	for name, tt := range map[string]struct {
		options herokusim.Options
		keys    []string
	}{
		"several keys":  {herokusim.Options{}, []string{key, "ACME_FALLBACK"}},
		"slow releases": {herokusim.Options{ReleaseDelay: 20 * time.Second, BootDelay: 10 * time.Second}, []string{key}},
		"preboot":       {herokusim.Options{BootDelay: 10 * time.Second, Preboot: 3 * time.Minute}, []string{key}},
		"pages of one":  {herokusim.Options{PageSize: 1}, []string{key}},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Consumer(t, mark, func(t *testing.T) (pawl.Consumer, *sim.Server, providertest.Options) {
				a := newAccount(t, tt.options)
				vars := map[string]string{"DATABASE_URL": "postgres://CANARY-db"}
				for _, k := range tt.keys {
					vars[k] = a.old
				}
				a.AddApp("acme-suite", vars)
				srv := sim.New(t, a.Sim)
				return openConsumer(t, srv.URL, a.token, heroku.ConfigVar{App: "acme-suite", Keys: tt.keys}), srv,
					providertest.Options{Old: secret(a.old), New: secret("HRKU-CANARY-new"), Third: secret("HRKU-CANARY-third"),
						Settle: func() { a.clock.add(5 * time.Minute) }, Now: a.clock.now}
			})
		})
	}
}
