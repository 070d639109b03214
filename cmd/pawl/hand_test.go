package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/pawl-dev/pawl/sim/world"
)

// A reply is typed once something was printed.
type reply struct {
	to   *regexp.Regexp
	text []byte
}

func scriptReply(ts *testscript.TestScript, neg bool, args []string) {
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	s := stageOf(ts)
	s.replies = append(s.replies, reply{re, []byte(ts.ReadFile(args[1]))})
}

// answer types the replies, one after the other, as what is printed asks for
// them. The terminal stays open until the program ends.
func (s *stage) answer(ts *testscript.TestScript, cmd *exec.Cmd) {
	if len(s.replies) == 0 {
		return
	}
	cmd.Stdin = nil
	in, err := cmd.StdinPipe()
	ts.Check(err)
	p := &prompted{in: in, replies: s.replies}
	s.replies = nil
	cmd.Stdout = io.MultiWriter(cmd.Stdout, p)
}

// prompted is a person who reads what is printed.
type prompted struct {
	mu      sync.Mutex
	in      io.Writer
	seen    bytes.Buffer
	replies []reply
}

func (p *prompted) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.Write(text)
	if len(p.replies) > 0 && p.replies[0].to.Match(p.seen.Bytes()) {
		p.in.Write(p.replies[0].text)
		p.replies = p.replies[1:]
		p.seen.Reset()
	}
	return len(text), nil
}

var printedDescription = regexp.MustCompile(`authorizations:create --description '([^']*)'`)

// scriptHand is the operator who runs the vendor's command as it was printed.
func scriptHand(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	s.mu.Lock()
	all := printedDescription.FindAllStringSubmatch(s.output.String(), -1)
	s.mu.Unlock()
	description := ""
	switch {
	case len(args) > 1:
		description = args[1]
	case len(all) > 0:
		description = all[len(all)-1][1]
	default:
		ts.Fatalf("no command that makes an authorization was printed")
	}
	id, token := s.w.Heroku.AddAuthorization(world.Account, description, []string{"global"})
	answer, err := json.MarshalIndent(map[string]any{"id": id, "description": description, "access_token": map[string]any{"token": token, "expires_in": nil}}, "", "  ")
	ts.Check(err)
	file := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(file, []byte(token+"\n"), 0o600))
	ts.Check(os.WriteFile(file+".json", append(answer, '\n'), 0o600))
	ts.Setenv("MADE", id)
}

var printedREST = regexp.MustCompile(`(?m)^ *(read -rs TOKEN .*) \| pawl confirm `)

// scriptPaste is the operator who pastes the printed REST command into a shell,
// and types the token of their own login.
func scriptPaste(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	s.mu.Lock()
	all := printedREST.FindAllStringSubmatch(s.output.String(), -1)
	s.mu.Unlock()
	if len(all) == 0 {
		ts.Fatalf("no command for a shell was printed")
	}
	cmd := exec.Command("bash", "-c", all[len(all)-1][1])
	cmd.Stdin = strings.NewReader(s.w.HerokuToken() + "\n")
	out, err := cmd.Output()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o600))
}

// recipient is somebody's key. It is made for the tests.
var recipient = sync.OnceValue(func() *age.X25519Identity {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return id
})

// sshRecipient is the public half of an SSH key, as a .pub file has it.
var sshRecipient = sync.OnceValue(func() []byte {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		panic(err)
	}
	return append([]byte("# ops\n"), ssh.MarshalAuthorizedKey(key)...)
})

func scriptOpens(ts *testscript.TestScript, neg bool, args []string) {
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(ts.ReadFile(args[0]))), recipient())
	ts.Check(err)
	got, err := io.ReadAll(r)
	ts.Check(err)
	if want, _, _ := stageOf(ts).w.Infisical.Get("prod", "/", world.Key); string(got) != want {
		ts.Fatalf("what is in %s is not the value in the store", args[0])
	}
}

func scriptConnection(ts *testscript.TestScript, neg bool, args []string) {
	file := filepath.Join(ts.Getenv("PAWL_CATALOG"), "connections.yaml")
	text := ts.ReadFile(file)
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("no %q in %s", args[0], file)
	}
	ts.Check(os.WriteFile(file, []byte(strings.Replace(text, args[0], args[1], 1)), 0o600))
}

// putByHand is somebody who sets a value in a vendor's own console.
func putByHand(w *world.World, place, value string) {
	if place == "store" {
		w.Infisical.Put("prod", "/", world.Key, value)
		return
	}
	w.Heroku.Redeploy(place, map[string]string{world.Key: value})
}
