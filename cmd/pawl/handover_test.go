package main

import (
	"strings"
	"testing"
)

func TestIsWho(t *testing.T) {
	long := strings.Repeat("a", 63)
	for text, want := range map[string]bool{
		"bo": true, "bo@acme.example": true, "b.o-1_2@h": true, long + "@" + long: true,
		"": false, "@h": false, "bo@": false, "bo@-h": false, ".bo": false, "b o": false, "bo@h@h": false,
		long + "a": false, "bo@" + long + "a": false, long + "a@h": false,
	} {
		if got := isWho(text); got != want {
			t.Errorf("isWho(%q) = %v", text, got)
		}
	}
}
