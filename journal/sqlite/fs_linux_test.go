package sqlite

import "testing"

func TestNetworkFUSE(t *testing.T) {
	for kind, network := range map[string]bool{
		"fuse.sshfs": true, "fuse.rclone": true, "fuse.s3fs": true,
		"fuse.gocryptfs": false, "fuseblk": false, "virtiofs": false, "": false,
	} {
		if got := networkFUSE(kind) != ""; got != network {
			t.Errorf("%q: got %v, want %v", kind, got, network)
		}
	}
}

func TestMountType(t *testing.T) {
	if got := mountType("/proc/self"); got != "proc" {
		t.Errorf("got %q, want proc", got)
	}
	if got := networkFileSystem(t.TempDir()); got != "" {
		t.Skipf("tests run on a network file system (%s)", got)
	}
}
