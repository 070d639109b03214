package peer_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/peer"
)

func TestUID(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // a short path: those of sockets are bounded
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for network, address := range map[string]string{"unix": filepath.Join(dir, "s"), "tcp": "127.0.0.1:0"} {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		client, err := net.Dial(network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		uid, err := peer.UID(c)
		if network == "unix" && (err != nil || uid != os.Getuid()) {
			t.Errorf("uid %d, %v", uid, err)
		}
		if network == "tcp" && pawl.KindOf(err) != pawl.Denied {
			t.Errorf("over tcp: %d %v", uid, err)
		}
	}
}
