//go:build unix

package main

import (
	"os"
	"syscall"
	"testing"
)

// TestCertificatePipe: nothing is read of a pipe, which would never answer.
func TestCertificatePipe(t *testing.T) {
	testBadCertificate(t, func(g *gateway) {
		os.Remove(g.cert)
		if err := syscall.Mkfifo(g.cert, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}
