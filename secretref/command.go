package secretref

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// command runs a program and returns what it prints. It is given nothing of
// the environment but HOME, PATH and LANG, because the environment is where
// other secrets are. What it says on stderr is not repeated: a vendor's tool
// may well say the token there.
func (r *Resolver) command(ctx context.Context, ref Ref) ([]byte, error) {
	program, err := r.lookPath(ref.Argv[0])
	if err != nil {
		return nil, failed(pawl.Denied, ref, "is not installed", "install it, or refer to the secret in another way")
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout())
	defer cancel()
	out := &capped{left: maxSize}
	cmd := exec.CommandContext(ctx, program, ref.Argv[1:]...)
	cmd.Args[0] = ref.Argv[0]
	cmd.Dir = r.Dir
	cmd.Env = r.environ()
	cmd.Stdout = out
	cmd.WaitDelay = time.Second // a child of it that keeps stdout open does not keep us
	err = cmd.Run()
	byHand := "run it by hand to see why: " + strings.Join(ref.Argv, " ")
	switch {
	case ctx.Err() != nil:
		return nil, failed(pawl.Unavailable, ref, "did not finish in time", byHand)
	case errors.Is(err, errTooMuch) || out.left < 0:
		return nil, failed(pawl.Invalid, ref, "printed more than 64 KiB", byHand)
	case err != nil:
		return nil, failed(pawl.Denied, ref, "failed", byHand)
	}
	value := bytes.TrimSpace(out.buf.Bytes())
	if len(value) == 0 {
		return nil, failed(pawl.Denied, ref, "printed nothing", byHand)
	}
	return value, nil
}

func (r *Resolver) environ() []string {
	env := []string{"HOME=" + r.home()}
	for _, name := range []string{"PATH", "LANG"} {
		if value := r.getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// lookPath finds a program in the PATH that the Resolver knows. Relative
// folders in it are passed over: what runs must not depend on where pawl was
// started.
func (r *Resolver) lookPath(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return exec.LookPath(r.path(name))
	}
	for _, dir := range filepath.SplitList(r.getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", os.ErrNotExist
}

var errTooMuch = errors.New("too much output")

// capped keeps what is written to it up to a limit. Going over it is an error,
// which ends the program.
type capped struct {
	buf  bytes.Buffer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		return 0, errTooMuch
	}
	return c.buf.Write(p)
}
