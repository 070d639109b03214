package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
)

// What a program is told with --json is one document; or, of a command that
// drives, a stream of them, one a line: its version first, its result last,
// also where it ends before it has begun.

// streamed marks a command that drives, whatever it was stopped by.
const streamed = "streamed"

// streams marks a command as one that drives.
func streams(cmd *cobra.Command) *cobra.Command {
	cmd.Annotations = map[string]string{streamed: "yes"}
	return cmd
}

// stream is where a stream goes; its version is its first line, once.
func (a *app) stream() *json.Encoder {
	enc := json.NewEncoder(a.out)
	if !a.streaming {
		a.streaming = true
		enc.Encode(map[string]any{"type": "version", "stream": "1.0"})
	}
	return enc
}

// result is how a command has ended: the last line of a stream, or the one
// document of a command that has no other.
func (a *app) result(r map[string]any) error {
	r["type"] = "result"
	if a.streams || a.streaming {
		return a.stream().Encode(r)
	}
	return json.NewEncoder(a.out).Encode(r)
}

// settled is the result of a command that has changed one thing of a rotation,
// and drives nothing.
func (a *app) settled(id pawl.RotationID, detail string) error {
	if !a.json {
		return nil
	}
	return a.result(map[string]any{"version": 1, "code": exitName(exitDone), "exit": exitDone, "rotation": id.String(), "detail": detail})
}

// documentWith writes a document of a command that may have failed all the
// same: then why stands in it, as "result" (of a list, as its last element),
// since a second document after it would be one too many.
func (a *app) documentWith(text []byte, failed error) error {
	text = bytes.TrimRight(text, "\n")
	if failed != nil {
		if e := a.classify(failed); e.err != nil {
			why, err := json.Marshal(resultOf(e))
			if err != nil {
				return err
			}
			last := len(text) - 1 // } or ], of what is never empty
			key := []byte(`"result":`)
			if text[last] == ']' {
				key = nil
			}
			text = bytes.Join([][]byte{bytes.TrimRight(text[:last], "\n"), []byte(","), key, why, text[last:]}, nil)
			a.answered = true
		}
	}
	if _, err := a.out.Write(append(text, '\n')); err != nil {
		return err
	}
	return failed
}
