package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/itchyny/gojq"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
	"github.com/pawl-dev/pawl/trace/otlp/otlpsim"
)

// TestScripts plays the transcripts of testdata/script: each is one terminal
// session against a simulated company of its own. Besides testscript's own
// commands they have
//
//	sim [--fault RULE]...     found the company; sets $PAWL_CATALOG, $OLD, $HEROKU_URL …
//	serve ARGS...             the same, by the real "pawl sim --json ARGS"
//	exit N PROGRAM ARGS...    run a program, which must exit with N
//	type LINE...              what is typed at the next program
//	types FILE                the same, of what is in FILE
//	at REQUEST exit N ...     the same when a request of the form "VENDOR METHOD PATH" comes in, before it is answered
//	at REQUEST beside N ...   the same, but nothing waits for it; the next exit waits for its end
//	at REQUEST kill           kill the program that runs, which then does not see the answer; or "interrupt" it
//	break RULE  /  mend       a fault from now on, as "heroku * ** refuse"; no fault any more
//	world VERB ARGS...        something happens in the company; see the verbs below
//	connection FROM TO        edit connections.yaml; FROM must be in it
//	change FROM TO            edit the credential's file; FROM must be in it
//	adopt FILE                paste the consumers of FILE into it
//	further NAME...           more credentials in the same apps; $FURTHER is the first one's authorization
//	hand FILE [DESCRIPTION]   a person makes an authorization as it was last printed how; its token is in FILE, the vendor's answer in FILE.json
//	paste FILE                a person pastes the printed REST command into a shell; what it prints is in FILE
//	opens FILE [IDENTITY]     what is in FILE opens with the key of $RECIPIENT, and is the value in the store
//	reply PATTERN FILE        when the next program has printed this, the contents of FILE are typed
//	live ID                   the authorization exists at Heroku
//	json FILE EXPRESSION WANT what a jq expression makes of all documents of FILE
//	check                     every copy is the same, works, and nothing is left over
//	printed PATTERN           something printed so far, by whatever process, matches
//	flip FILE TEXT            change one bit of the first TEXT in FILE
//	cut FILE N                cut N bytes off the end of FILE
//	scribble FILE             overwrite the middle of FILE
//	collector [STATUS]        an OpenTelemetry collector, which the environment names; with STATUS it answers the next request so
//	traces [-n N] PATTERN     wait until what it was sent matches, or match N times; with !, it must not by now
//	sql STATEMENT             change the journal behind pawl's back
//
// After each script nothing that pawl printed, and no file below $HOME, may
// hold a simulated secret.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts())
}

func scripts() testscript.Params {
	return testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setUpScript,
		Condition:           func(name string) (bool, error) { return name == "root" && os.Geteuid() == 0, nil },
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim": scriptSim, "serve": scriptServe, "exit": scriptExit, "type": scriptType, "at": scriptAt, "break": scriptBreak, "mend": scriptMend,
			"world": scriptWorld, "change": scriptChange, "adopt": scriptAdopt, "live": scriptLive, "json": scriptJSON, "check": scriptCheck, "printed": scriptPrinted,
			"further": scriptFurther, "flip": scriptFlip, "cut": scriptCut, "scribble": scriptScribble, "sql": scriptSQL,
			"hand": scriptHand, "paste": scriptPaste, "opens": scriptOpens, "connection": scriptConnection, "reply": scriptReply,
			"server": scriptServer, "killserver": scriptKillServer, "api": scriptAPI,
			"metrics": scriptMetrics, "receiver": scriptReceiver, "told": scriptTold, "click": scriptClick, "bearer": scriptBearer, "types": scriptTypes,
			"collector": scriptCollector, "traces": scriptTraces,
		},
	}
}

// A stage is what belongs to one script.
type stage struct {
	t     testing.TB
	home  string
	w     *world.World
	rules *sim.Rules

	mu      sync.Mutex
	output  bytes.Buffer  // everything that was printed
	news    chan struct{} // closed when more is printed; nil: nobody waits for it
	running *os.Process   // by exit
	typed   string        // for the next exit
	replies []reply       // for the next exit too
	flying  flights       // requests that the vendors work on
	served  served        // by server
	told    *receiver     // by receiver
	traces  *otlpsim.Collector
	far     bool     // every command is done by a server
	lodging *lodging // of the command that runs
}

type stageKey struct{}

// A flights counts requests that the vendors work on. Unlike those of a WaitGroup they
// may begin while somebody waits, as those of a process that was killed do.
type flights struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when there is none any more; nil: nobody waits
}

func (f *flights) Add(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n += n; f.n == 0 && f.none != nil {
		close(f.none)
		f.none = nil
	}
}

func (f *flights) Done() { f.Add(-1) }

func (f *flights) Go(do func()) {
	f.Add(1)
	go func() { defer f.Done(); do() }()
}

func (f *flights) Wait() {
	f.mu.Lock()
	if f.n > 0 && f.none == nil {
		f.none = make(chan struct{})
	}
	none, n := f.none, f.n
	f.mu.Unlock()
	if n > 0 {
		<-none
	}
}

// heedHangups lets the programs that are started heed a terminal that goes,
// also where the tests themselves were started to outlive theirs (nohup).
var heedHangups = sync.OnceFunc(func() { signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) })

func setUpScript(e *testscript.Env) error {
	heedHangups()
	s := &stage{t: e.T().(testing.TB), home: filepath.Join(e.WorkDir, "home"), rules: &sim.Rules{}}
	e.Values[stageKey{}] = s
	e.Setenv("HOME", s.home)
	e.Setenv("DB", filepath.Join(s.home, ".local", "state", "pawl", "pawl.db"))
	e.Setenv("TZ", "UTC")
	e.Setenv("RECIPIENT", recipient().Recipient().String())
	if err := os.WriteFile(filepath.Join(e.WorkDir, "ops.pub"), sshRecipient(), 0o600); err != nil {
		return err
	}
	e.Defer(s.mustNotLeak)
	return os.MkdirAll(s.home, 0o700)
}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// mustNotLeak fails the test if a secret is in what was printed or written.
func (s *stage) mustNotLeak() {
	if found := leak(s.output.Bytes()); found != "" {
		s.t.Errorf("a secret value is in what was printed (%s)", found)
	}
	if s.traces != nil {
		s.mustTrace()
	}
	for _, wrong := range leaks(s.home) {
		s.t.Error(wrong)
	}
}

// Write collects what is printed.
func (s *stage) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
	return s.output.Write(p)
}

func scriptSim(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	o := world.Options{}
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--fault":
			i++
			s.addRule(ts, args[i], nil)
		case "--mask":
			o.MaskTokens = true
		case "--undying": // a revoked token goes on working
			o.RevokeDelay = time.Hour
		case "--endless": // workflow runs do not end
			o.RunDuration = time.Hour
		default:
			ts.Fatalf("sim: no flag %s", args[i])
		}
	}
	o.Front = func(vendor string, h http.Handler) http.Handler {
		if o.MaskTokens {
			h = hideSuffixes(h)
		}
		h = sim.Front(vendor, h, s.rules)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.flying.Add(1)
			defer s.flying.Done()
			h.ServeHTTP(w, r)
		})
	}
	s.w = world.New(o)
	ctx, stop := context.WithCancel(context.Background())
	urls, wait, err := s.w.Serve(ctx, 0)
	ts.Check(err)
	ts.Defer(func() { stop(); wait() })
	dir := ts.MkAbs("catalog")
	ts.Check(s.w.WriteCatalog(dir, urls))
	ts.Setenv("PAWL_CATALOG", dir)
	ts.Setenv("OLD", s.w.OldID)
	for name, url := range urls {
		ts.Setenv(strings.ToUpper(name)+"_URL", url)
	}
	s.change(ts, "soak: 1s, watch: 1s", "soak: 0s, watch: 0s")
}

// hideSuffixes masks what masked tokens still show of their end, so that
// nothing tells one from another.
func hideSuffixes(h http.Handler) http.Handler {
	suffix := regexp.MustCompile(`\*{10}[\w-]{4}"`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		w.Write(suffix.ReplaceAll(rec.Body.Bytes(), []byte(`**********"`)))
	})
}

// scriptServe starts "pawl sim --json" and reads the one line that it prints.
func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	cmd := stageOf(ts).command(ts, context.Background(), "pawl", append([]string{"sim", "--json"}, args...)...)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			stageOf(ts).t.Errorf("pawl sim ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	ts.Check(err)
	ts.Stdout().Write(line)
	var told struct {
		Catalog string
		Heroku  struct{ URL, Token, App string }
	}
	ts.Check(json.Unmarshal(line, &told))
	ts.Setenv("CATALOG", told.Catalog)
	ts.Setenv("HEROKU_URL", told.Heroku.URL)
	ts.Setenv("HEROKU_APP", told.Heroku.App)
}

func (s *stage) command(ts *testscript.TestScript, ctx context.Context, name string, args ...string) *exec.Cmd {
	path := name
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil && !filepath.IsAbs(name) {
			path = p
			break
		}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "TZ", "PAWL_CATALOG", "PAWL_STATE", "PAWL_KEY_FILE", "GITHUB_TOKEN", "NO_COLOR", "ACCESSIBLE", "XDG_STATE_HOME", "PAWL_SERVER", "PAWL_TOKEN_FILE",
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_CERTIFICATE"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	if s.lodging != nil {
		cmd.Env = append(cmd.Env, "PAWL_SERVER=unix:"+s.lodging.socket)
	}
	return cmd
}

func scriptExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("want: exit N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := stageOf(ts)
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	s.lodging = s.lodge(ts, args[1:])
	cmd := s.command(ts, ctx, args[1], args[2:]...)
	cmd.Stdin, s.typed = strings.NewReader(s.typed), ""
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(ts.Stdout(), s, &out), io.MultiWriter(ts.Stderr(), s, &said)
	s.answer(ts, cmd)
	s.mu.Lock()
	err = cmd.Start()
	s.running = cmd.Process
	s.mu.Unlock()
	ts.Check(err)
	cmd.Wait()
	s.lodging.leave()
	s.lodging = nil
	s.flying.Wait() // what was asked for takes effect even if nobody waits for it any more
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
	if next, err := misleads(out.Bytes(), said.Bytes()); err != nil && args[1] == "pawl" {
		ts.Fatalf("says to go on with %s: %v", next, err)
	}
}

func (s *stage) addRule(ts *testscript.TestScript, text string, fires func()) {
	r, err := sim.ParseRule(text, simVendors...)
	ts.Check(err)
	r.Fires = fires
	s.rules.Add(r)
}

func scriptType(ts *testscript.TestScript, neg bool, args []string) {
	stageOf(ts).typed = strings.Join(args, "\n") + "\n"
}

// scriptAt lets something happen in the middle of a request.
func scriptAt(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	words := strings.Fields(args[0])
	if len(words) != 3 {
		ts.Fatalf("want: at 'VENDOR METHOD PATH' PROGRAM ARGS...")
	}
	act := func() { s.signal(os.Kill) }
	switch args[1] {
	case "kill":
	case "interrupt":
		act = s.interrupt
	case "exit", "beside":
		want, err := strconv.Atoi(args[2])
		ts.Check(err)
		cmd := s.command(ts, context.Background(), args[3], args[4:]...)
		cmd.Stdout, cmd.Stderr = s, s
		program := func() {
			if cmd.Run(); cmd.ProcessState.ExitCode() != want {
				s.t.Errorf("%s: %v, want exit %d", strings.Join(args[3:], " "), cmd.ProcessState, want)
			}
		}
		if act = program; args[1] == "beside" {
			act = func() { s.flying.Go(program) }
		}
	default:
		ts.Fatalf("at: want kill, interrupt, exit or beside N PROGRAM ARGS..., not %s", args[1])
	}
	s.rules.Add(sim.Rule{Match: sim.Match{Vendor: words[0], Method: words[1], Path: words[2]}, Times: 1, Fires: act})
}

func (s *stage) signal(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running.Signal(sig)
}

// interrupt sends Ctrl-C, and keeps the answer to the request back until the
// program has said that it is stopping: a busy machine may deliver it late.
func (s *stage) interrupt() {
	from := len(s.said())
	s.signal(os.Interrupt)
	s.until(5*time.Second, func(said string) bool { return strings.Contains(said[from:], "Stopping") }) // else it says nothing, or not here
}

// said is everything that was printed by now.
func (s *stage) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

// until waits until what was printed is as wanted, and reports whether it came to
// that in time.
func (s *stage) until(most time.Duration, wanted func(said string) bool) bool {
	late := time.After(most)
	s.mu.Lock()
	defer s.mu.Unlock()
	for !wanted(s.output.String()) {
		if s.news == nil {
			s.news = make(chan struct{})
		}
		news := s.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-late:
			s.mu.Lock()
			return wanted(s.output.String())
		}
		s.mu.Lock()
	}
	return true
}

func scriptBreak(ts *testscript.TestScript, neg bool, args []string) {
	stageOf(ts).addRule(ts, args[0], nil)
}

func scriptMend(ts *testscript.TestScript, neg bool, args []string) { stageOf(ts).rules.Mend() }

// scriptWorld makes something happen that pawl did not do.
func scriptWorld(ts *testscript.TestScript, neg bool, args []string) {
	w := stageOf(ts).w
	switch args[0] {
	case "fail-release": // APP: the release phase of its next release fails
		w.Heroku.FailRelease(args[1], 1)
	case "drift": // APP: somebody sets another value
		w.Heroku.Redeploy(args[1], map[string]string{world.Key: "HRKU-CANARY-drift"})
	case "deploy": // APP: somebody deploys it again
		w.Heroku.Redeploy(args[1], nil)
	case "store": // FILE: somebody copies the value in use out of the store
		value, _, _ := w.Infisical.Get("prod", "/", world.Key)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(value), 0o600))
	case "copy-new": // PLACE: somebody puts the newest token into the store, or into an app
		auths := w.Heroku.Authorizations()
		putByHand(w, args[1], w.Heroku.Token(auths[len(auths)-1].ID))
	case "put": // PLACE FILE: somebody puts what a file holds there
		putByHand(w, args[1], strings.TrimSpace(ts.ReadFile(args[2])))
	case "revoke-old": // somebody revokes the authorization in use
		revokeAtHeroku(ts, w.OldID)
	case "twin": // a second authorization of the same name whose token cannot be told from the first's
		id, _ := w.Heroku.AddAuthorization(world.Account, world.Stem+" 2026-08-20", []string{"global"})
		ts.Setenv("TWIN", id)
	case "orphan": // LABEL: an authorization with this description
		id, _ := w.Heroku.AddAuthorization(world.Account, args[1], []string{"global"})
		ts.Setenv("ORPHAN", id)
	case "caller-is-old": // the connection signs in with the token that is to be rotated
		value, _, _ := w.Infisical.Get("prod", "/", world.Key)
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("PAWL_CATALOG"), "secrets", "heroku"), []byte(value), 0o600))
	case "shadow": // ENVIRONMENT: the attesting workflow runs in an environment that has the value in use as a secret of its own
		value, _, _ := w.Infisical.Get("prod", "/", world.Key)
		w.GitHub.AddEnvironment(world.Repo, args[1])
		w.GitHub.SetSecret(world.Repo, args[1], world.Key, value)
		w.GitHub.Declare(world.Repo, world.Attesting, args[1], "nonce")
	case "copy": // APP KEY: an app that nobody listed gets the value that is in the store now
		value, _, _ := w.Infisical.Get("prod", "/", world.Key)
		w.Heroku.AddApp(args[1], map[string]string{args[2]: value, "APP_ENV": "production"})
	case "move": // APP KEY: its people move it to the value that is in the store now
		value, _, _ := w.Infisical.Get("prod", "/", world.Key)
		w.Heroku.Redeploy(args[1], map[string]string{args[2]: value})
	case "caller": // DESCRIPTION: the connection signs in with an authorization of this description
		id, token := w.Heroku.AddAuthorization(world.Account, args[1], []string{"global"})
		ts.Setenv("ORPHAN", id)
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("PAWL_CATALOG"), "secrets", "heroku"), []byte(token), 0o600))
	case "secret": // REPO NAME: a repository that nobody listed has a secret of this name
		w.GitHub.AddRepo(args[1])
		w.GitHub.SetSecret(args[1], "", args[2], "HRKU-CANARY-unknown")
	case "own": // APP KEY: its people give it another key
		w.Heroku.Redeploy(args[1], map[string]string{args[2]: "HRKU-CANARY-own"})
	case "finish-runs": // CONCLUSION: the workflow runs that pawl looks at end
		finishRuns(w, args[1])
	default:
		ts.Fatalf("world: no verb %s", args[0])
	}
}

// revokeAtHeroku revokes as an operator would who is in a hurry.
func revokeAtHeroku(ts *testscript.TestScript, id string) {
	r, err := http.NewRequest(http.MethodDelete, ts.Getenv("HEROKU_URL")+"/oauth/authorizations/"+id, nil)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+stageOf(ts).w.HerokuToken())
	r.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("revoking %s: %s", id, resp.Status)
	}
}

func finishRuns(w *world.World, conclusion string) {
	for _, r := range w.GitHub.Requests() {
		_, id, _ := strings.Cut(r, "/actions/runs/")
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			w.GitHub.Finish(n, conclusion)
		}
	}
}

func scriptChange(ts *testscript.TestScript, neg bool, args []string) {
	stageOf(ts).change(ts, args[0], args[1])
}

// scriptAdopt pastes the entries of a file below consumers.
func scriptAdopt(ts *testscript.TestScript, neg bool, args []string) {
	_, entries, ok := strings.Cut(ts.ReadFile(args[0]), "consumers:\n")
	if !ok {
		ts.Fatalf("no consumers in %s", args[0])
	}
	stageOf(ts).change(ts, "consumers:\n", "consumers:\n"+entries)
}

func (s *stage) change(ts *testscript.TestScript, from, to string) {
	file := filepath.Join(ts.Getenv("PAWL_CATALOG"), "credentials", world.Credential+".yaml")
	text := ts.ReadFile(file)
	if !strings.Contains(text, from) {
		ts.Fatalf("no %q in %s", from, file)
	}
	to = strings.ReplaceAll(to, `\n`, "\n")
	ts.Check(os.WriteFile(file, []byte(strings.Replace(text, from, to, 1)), 0o600))
}

func scriptLive(ts *testscript.TestScript, neg bool, args []string) {
	live := false
	for _, a := range stageOf(ts).w.Heroku.Authorizations() {
		live = live || a.ID == args[0]
	}
	if live == neg {
		ts.Fatalf("authorization %s exists: %v", args[0], live)
	}
}

func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	var docs []any
	for dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0]))); ; {
		var doc any
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		ts.Check(err)
		docs = append(docs, doc)
	}
	query, err := gojq.Parse(args[1])
	ts.Check(err)
	got, _ := query.Run(docs).Next()
	text, ok := got.(string)
	if !ok {
		b, err := gojq.Marshal(got)
		ts.Check(err)
		text = string(b)
	}
	if (text == args[2]) == neg {
		ts.Fatalf("%s is %s, want %s", args[1], text, args[2])
	}
}

func scriptCheck(ts *testscript.TestScript, neg bool, args []string) {
	wrong := stageOf(ts).w.Check()
	switch {
	case !neg && len(wrong) > 0:
		ts.Fatalf("%s", strings.Join(wrong, "\n"))
	case neg && !slices.Equal(wrong, args):
		ts.Fatalf("wrong is %q, want %q", wrong, args)
	}
}

// scriptPrinted looks at everything that was printed, and waits for it: a program
// that runs beside the script says it when it comes to it. What must not be there
// is not waited for.
func scriptPrinted(ts *testscript.TestScript, neg bool, args []string) {
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	s := stageOf(ts)
	if neg {
		if re.MatchString(s.said()) {
			ts.Fatalf("%q was printed", args[0])
		}
		return
	}
	if !s.until(time.Minute, re.MatchString) {
		ts.Fatalf("%q was not printed", args[0])
	}
}

// spoil changes the bytes of a file.
func spoil(ts *testscript.TestScript, name string, change func([]byte) []byte) {
	file := ts.MkAbs(name)
	ts.Check(os.WriteFile(file, change([]byte(ts.ReadFile(file))), 0o600))
}

func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	spoil(ts, args[0], func(b []byte) []byte {
		at := bytes.Index(b, []byte(args[1]))
		if at < 0 {
			ts.Fatalf("no %q in %s", args[1], args[0])
		}
		b[at] ^= 1
		return b
	})
}

func scriptCut(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	spoil(ts, args[0], func(b []byte) []byte { return b[:len(b)-n] })
}

func scriptScribble(ts *testscript.TestScript, neg bool, args []string) {
	spoil(ts, args[0], func(b []byte) []byte {
		copy(b[len(b)/4:], bytes.Repeat([]byte("scribble"), len(b)/16))
		return b
	})
}

func scriptSQL(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", ts.Getenv("DB"))
	ts.Check(err)
	defer db.Close()
	done, err := db.Exec(args[0])
	ts.Check(err)
	if n, err := done.RowsAffected(); strings.HasPrefix(args[0], "UPDATE") && (err != nil || n == 0) {
		ts.Fatalf("nothing was changed: %v", err)
	}
}
