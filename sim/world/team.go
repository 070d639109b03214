package world

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Further is another Heroku token of the company's, in apps of its own and in
// the store.
type Further struct {
	Name, Title, Why, Owner string
	Key                     string
	Apps                    []string
	Secret                  bool   // also in a GitHub Actions secret
	Every                   string // as the catalog writes it
	More                    string // further lines of the catalog's entry

	ID string // of the authorization in use
}

// Furthers are what a team has besides [Credential].
func Furthers() []Further {
	return []Further{
		{Name: "heroku-ci-deploy-token", Title: "Heroku token of the deploy workflows", Why: "CI deploys with it. Whoever has it can release anything.", Owner: "platform",
			Key: "HEROKU_CI_TOKEN", Apps: []string{"acme-ci-runner"}, Secret: true, Every: "90d", More: "approval: {from: security}\n"},
		{Name: "heroku-log-drain-token", Title: "Heroku token of the log drains", Owner: "observability", Key: "HEROKU_LOGS_TOKEN", Apps: []string{"acme-logs-prod", "acme-metrics-prod"}, Every: "60d"},
		{Name: "heroku-billing-token", Title: "Heroku token that reads invoices", Owner: "finance", Key: "HEROKU_BILLING_TOKEN", Apps: []string{"acme-billing-prod"}, Every: "180d"},
		{Name: "heroku-review-apps-token", Title: "Heroku token of the review apps", Why: "The web team's review apps are made with it.", Owner: "web",
			Key: "HEROKU_REVIEW_TOKEN", Apps: []string{"acme-web-staging", "acme-web-prod"}, Every: "90d"},
		{Name: "heroku-scheduler-token", Title: "Heroku token of the scheduled jobs", Owner: "data", Key: "HEROKU_SCHEDULER_TOKEN", Apps: []string{"acme-scheduler-prod", "acme-etl-prod"}, Every: "30d"},
		{Name: "heroku-support-token", Title: "Heroku token of the support console", Owner: "support", Key: "HEROKU_SUPPORT_TOKEN", Apps: []string{"acme-support-prod"}, Every: "90d"},
		{Name: "heroku-mobile-token", Title: "Heroku token of the mobile backend", Why: "The mobile API and its worker scale themselves with it.", Owner: "mobile",
			Key: "HEROKU_MOBILE_TOKEN", Apps: []string{"acme-mobile-api", "acme-mobile-worker"}, Secret: true, Every: "90d"},
	}
}

// Add brings further credentials into the world, and returns them with the ids
// of their authorizations.
func (w *World) Add(all []Further) []Further {
	for i, f := range all {
		id, value := w.Heroku.AddAuthorization(Account, "acme-"+f.Name+" 2026", []string{"global"})
		for _, app := range f.Apps {
			w.Heroku.AddApp(app, map[string]string{f.Key: value, "APP_ENV": "production"})
		}
		if f.Secret {
			w.GitHub.SetSecret(Repo, "", f.Key, value)
		}
		w.Infisical.Put("prod", "/", f.Key, value)
		all[i].ID = id
	}
	return all
}

// WriteFurther writes their entries into the catalog in dir.
func WriteFurther(dir string, all []Further) error {
	for _, f := range all {
		if err := os.WriteFile(filepath.Join(dir, "credentials", f.Name+".yaml"), []byte(f.entry()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (f Further) entry() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nname: %s\ntitle: %s\n", f.Name, f.Title)
	if f.Why != "" {
		fmt.Fprintf(&b, "why: %s\n", f.Why)
	}
	fmt.Fprintf(&b, "applies_to: [%s]\nowner: %s\nissuer: {kind: heroku/authorization, connection: heroku, description: acme-%s, scope: [global], check: {account: %s}}\n", f.Key, f.Owner, f.Name, Account)
	fmt.Fprintf(&b, "schedule: {every: %s, window: \"Mon-Fri 08:00-18:00 Europe/Paris\", remind: [14d, 3d]}\n%s", f.Every, f.More)
	fmt.Fprintf(&b, "store: {kind: infisical/secret, connection: infisical, project: %s, env: prod, key: %s}\nconsumers:\n", Project, f.Key)
	for _, app := range f.Apps {
		fmt.Fprintf(&b, "  - {id: %s, kind: heroku/config-var, connection: heroku, app: %s, keys: [%s]}\n", strings.TrimPrefix(app, "acme-"), app, f.Key)
	}
	if f.Secret {
		fmt.Fprintf(&b, "  - {id: ci, kind: github/actions-secret, connection: github, repo: %s, secret: %s, require: timestamp}\n", Repo, f.Key)
	}
	b.WriteString("finish: {soak: 5s, watch: 5s}\n")
	return b.String()
}
