// Command provider is an OpenID provider for the test in a browser: zitadel's,
// with its two users. It takes where it is to send people back to on its standard
// input, says its address on its standard output, and ends with the input.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// A house is a provider where people stay signed in: whoever is not asked to sign
// in again did so an hour ago.
type house struct{ *storage.Storage }

func (h house) AuthRequestByID(ctx context.Context, id string) (op.AuthRequest, error) {
	return stay(h.Storage.AuthRequestByID(ctx, id))
}

func (h house) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	return stay(h.Storage.AuthRequestByCode(ctx, code))
}

func stay(r op.AuthRequest, err error) (op.AuthRequest, error) {
	if real, ok := r.(*storage.AuthRequest); ok && err == nil && !slices.Contains(real.Prompt, "login") {
		return stayed{real}, nil
	}
	return r, err
}

// stayed is the request of somebody who was signed in already.
type stayed struct{ *storage.AuthRequest }

func (s stayed) GetAuthTime() time.Time { return s.AuthRequest.GetAuthTime().Add(-time.Hour) }

func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return fmt.Errorf("no address to send people back to")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	storage.RegisterClients(storage.WebClient("pawl", "CANARY-client-secret", lines.Text()))
	h := exampleop.SetupServer(issuer, house{storage.NewStorage(storage.NewUserStore(issuer))}, slog.New(slog.DiscardHandler), false)
	go http.Serve(l, h)
	fmt.Fprintln(out, issuer)
	lines.Scan() // until there is no more
	return lines.Err()
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
