package sqlite

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// networkFileSystem returns the name of the file system that dir is on if it
// is one over a network, and "" otherwise or if that cannot be told. The
// numbers are those of statfs(2).
func networkFileSystem(dir string) string {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return ""
	}
	switch uint32(st.Type) {
	case 0x6969:
		return "nfs"
	case 0x517B, 0xFE534D42, 0xFF534D42:
		return "smb"
	case 0x5346414F, 0x6B414653:
		return "afs"
	case 0x00C36400:
		return "ceph"
	case 0x01021997:
		return "9p"
	case 0x65735546: // FUSE, which may be anything
		return networkFUSE(mountType(dir))
	}
	return ""
}

// networkFUSE picks those FUSE file systems that are over a network.
func networkFUSE(kind string) string {
	for _, network := range []string{"sshfs", "s3fs", "rclone", "gcsfuse", "glusterfs", "ceph", "juicefs", "davfs", "curlftpfs", "moosefs", "goofys"} {
		if strings.Contains(kind, network) {
			return kind
		}
	}
	return ""
}

// mountType returns the type of the mount that dir is on, as
// /proc/self/mountinfo has it (proc_pid_mountinfo(5)).
func mountType(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	kind, longest := "", 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if len(fields) < 5 || len(rest) == 0 {
			continue
		}
		if at := fields[4]; len(at) >= longest && (at == "/" || abs == at || strings.HasPrefix(abs, at+"/")) {
			kind, longest = rest[0], len(at)
		}
	}
	return kind
}
