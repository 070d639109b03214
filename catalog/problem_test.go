package catalog_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
)

var update = flag.Bool("update", false, "write what the tests want from what they get")

// TestProblems reads the catalogs of testdata/problems, each of which says in
// its file "want" what has to be reported of it.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fsys, want := unpack(string(text))
			c, problems := catalog.LoadFS(fsys, vendors())
			if c != nil || len(problems) == 0 {
				t.Fatal("no problem was found")
			}
			got := problems.Error()
			if leaks(got) {
				t.Errorf("a value is shown:\n%s", got)
			}
			if *update {
				given, _, _ := strings.Cut(string(text), "-- want --\n")
				if err := os.WriteFile(file, []byte(given+"-- want --\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			_, again := catalog.LoadFS(fsys, vendors())
			if diff := cmp.Diff(got, again.Error()); diff != "" {
				t.Errorf("the second time it says something else:\n%s", diff)
			}
			if err := problems.Err(); pawl.KindOf(err) != pawl.Invalid || leaks(err.Error()) {
				t.Errorf("Err() = %v", err)
			}
		})
	}
}

func leaks(text string) bool {
	return strings.Contains(text, "CANARY") || strings.Contains(text, "hunter2")
}

// unpack reads the txtar format: a comment, then files headed "-- NAME --".
func unpack(text string) (fsys fstest.MapFS, want string) {
	fsys = fstest.MapFS{}
	for part := range strings.SplitSeq("\n"+text, "\n-- ") {
		name, data, found := strings.Cut(part, " --\n")
		switch {
		case !found: // the comment
		case name == "want":
			want = data
		default:
			fsys[name] = &fstest.MapFile{Data: []byte(data + "\n"), Mode: 0o644}
		}
	}
	return fsys, want
}
