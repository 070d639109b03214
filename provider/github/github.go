// Package github keeps a credential in GitHub Actions, and has a workflow prove
// that it works there.
//
// A stored secret cannot be read back: GitHub only tells when it was updated.
// So the secret itself is at most [pawl.Timestamp] evidence, and what counts is
// a workflow run that was started after the write and signed in with the value.
//
// Two things make a written secret not the one in use, and both are looked for
// (https://docs.github.com/en/actions/reference/security/secrets):
//
//   - An environment's secret wins over the repository's, which wins over the
//     organization's.
//   - A run takes repository and organization secrets when it is queued, and an
//     environment's when the job starts. Runs from before the write still have
//     the old value and would fail half way if it were revoked.
package github

import (
	"context"
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// DefaultURL is the REST root of github.com. An enterprise server's is
// https://HOST/api/v3.
const DefaultURL = "https://api.github.com"

// permissions are what the token needs, as GitHub calls them.
const permissions = "Secrets: read and write. Actions: read and write. Environments: read (write, to rotate an environment's secret)."

// Provider is what GitHub offers.
func Provider() provider.Provider {
	secret := provider.Consumer("github/actions-secret", 1,
		"A GitHub Actions secret of a repository, one of its environments, or an organization.",
		pawl.Exercised, newActionsSecret)
	secret.Proof = "workflow"
	secret.Effort = provider.Effort{Check: 4, Write: 3, Look: 7}
	workflow := provider.Prover("workflow", 1,
		"A workflow that is dispatched after the write and has to succeed.", newWorkflow)
	workflow.Connection = "github"
	workflow.Starts = true
	workflow.Effort = provider.Effort{Check: 1, Write: 3}
	workflow.Inherit = []string{"repo", "secret"}
	return provider.Provider{
		Name: "github",
		Doc:  "Secrets of GitHub Actions, on github.com or an enterprise server.",
		Connection: &provider.Connecting{
			PerSecond: 15, // 900 points a minute, a read being one
			URL:       DefaultURL,
			Secrets:   []provider.Secret{{Name: "token", Doc: "A fine-grained personal access token, or a GitHub App's installation token."}},
			Scopes:    permissions,
			Open:      open,
			Discover:  func(c any) pawl.Discoverer { return search{c.(*client)} },
			Examine:   func(ctx context.Context, c any) (provider.Exam, error) { return c.(*client).examine(ctx) },
		},
		Consumers: []provider.ConsumerKind{secret},
		Provers:   []provider.ProverKind{workflow},
	}
}
