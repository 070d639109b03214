package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReleaseBuild holds `make release` to what depends on it: -X of a variable
// that is not there is ignored in silence, and the action downloads by name.
func TestReleaseBuild(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	makefile, install := read("Makefile"), read("action/install.sh")
	set := regexp.MustCompile(`-X main\.(\w+)=`).FindAllStringSubmatch(makefile, -1)
	if len(set) != 2 || set[0][1] != "version" || set[1][1] != "revision" {
		t.Errorf("the release sets %v", set)
	}
	if version != "dev" || revision != "" {
		t.Errorf("version %q and revision %q are set in the source", version, revision)
	}
	if !strings.Contains(makefile, "-o $$f ./cmd/pawl") || !strings.Contains(makefile, "f=dist/pawl_$$(echo $$t | tr / _)") || !strings.Contains(install, "/pawl_${os}_${arch}\"") {
		t.Error("the action does not download what make release writes")
	}
	for _, target := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		if !strings.Contains(makefile, target) {
			t.Errorf("no release for %s", target)
		}
	}
}
