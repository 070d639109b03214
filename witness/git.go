package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/audit"
)

// A git is a repository with a work tree. Each checkpoint is a commit that
// touches one file; what else is in the repository stays as it is. To bring it
// elsewhere is the repository's business: a hook that pushes, or somebody who
// fetches.
type git struct {
	name, dir string
	env       []string
	now       func() time.Time
}

func (g *git) Name() string { return g.name }

// checkpointName is the file of an installation: one repository can witness
// several.
func checkpointName(install string) string { return "pawl-" + install + ".checkpoint" }

// Kept is what the newest commit has; what lies about in the work tree, or was
// added and not committed because we were killed, does not count. That it cannot
// be read is not that there is none.
func (g *git) Kept(ctx context.Context, install string) ([]byte, error) {
	name := checkpointName(install)
	list, err := g.run(ctx, "ls-tree", "HEAD", "--", name)
	if err != nil {
		if commits, failed := g.run(ctx, "rev-list", "--all", "--max-count=1"); failed == nil && len(commits) == 0 {
			return nil, nil // nothing was ever committed
		}
		return nil, err
	}
	if len(list) == 0 {
		return nil, nil
	}
	return g.run(ctx, "show", "HEAD:./"+name)
}

// Show commits the checkpoint.
func (g *git) Show(ctx context.Context, log Log) (Seen, error) {
	head, err := audit.ParseCheckpoint(log.Checkpoint, log.Key)
	if err != nil {
		return Seen{}, err
	}
	kept, err := g.Kept(ctx, head.Install)
	if err != nil {
		return Seen{}, err
	}
	name := checkpointName(head.Install)
	if _, err := consistent(kept, log); err != nil {
		return Seen{}, err
	}
	seen := Seen{head.Tree.N, g.now()}
	if bytes.Equal(kept, log.Checkpoint) {
		return seen, nil
	}
	if tree, err := g.run(ctx, "rev-parse", "--is-inside-work-tree"); err != nil || strings.TrimSpace(string(tree)) != "true" {
		return Seen{}, errors.Join(err, unavailable(errors.New("the repository has no work tree")))
	}
	if err := replace(filepath.Join(g.dir, name), log.Checkpoint); err != nil {
		return Seen{}, err
	}
	if _, err := g.run(ctx, "add", "--", name); err != nil {
		return Seen{}, err
	}
	_, err = g.run(ctx, "commit", "--quiet", "--only", "--message", fmt.Sprintf("pawl: %d records", head.Tree.N), "--", name)
	return seen, err
}

// run calls git without a shell, in a name of its own. Hooks run: one of them may push.
func (g *git) run(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", g.dir, "-c", "user.name=pawl", "-c", "user.email=pawl@localhost", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Env = append([]string{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0"}, g.env...)
	cmd.WaitDelay = time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if text, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n"); text != "" {
			err = errors.New("git: " + text)
		}
		return nil, unavailable(err)
	}
	return out.Bytes(), nil
}
