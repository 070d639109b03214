//go:build linux || darwin || freebsd

package main

import "syscall"

// freeBytes is how much this user may still write where dir is.
func freeBytes(dir string) (free uint64, known bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return uint64(max(int64(st.Bavail), 0)) * uint64(st.Bsize), true
}
