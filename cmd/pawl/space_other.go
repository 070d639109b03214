//go:build !linux && !darwin && !freebsd

package main

// freeBytes cannot be told here.
func freeBytes(string) (free uint64, known bool) { return 0, false }
