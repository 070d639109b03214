# The toolchain. Everything here is for users too; .ci/run calls `make test`.
export CGO_ENABLED = 0
GO ?= go

.PHONY: e2e race race-some test check build release man demo torture soak mutants bench fuzz conformance-heroku setup

test: setup check ## format, vet, all tests, and the short torture
	$(GO) test ./...
	$(GO) test ./internal/dst -run 'TestSeeds|TestEngine$$' -args -dst.first=1001 -dst.seeds=9000 -dst.engine=100
	$(GO) test ./engine -run 'TestEveryWriteFails|TestMintByHandHarmed' -args -every
	$(GO) test ./audit -run TestEveryBit -args -every
	$(GO) test ./journal/sqlite -run 'TestPower$$|TestKill$$' -args -power.cuts=100 -kills=25
	$(GO) test ./cmd/pawl -run '$(FIRE)' -args -some
	$(GO) test ./cmd/pawl -run ThroughAServer -args -far
	$(MAKE) race-some
	$(GO) run ./cmd/pawl demo
	$(MAKE) e2e

e2e: ## the console in a real browser; as root on Debian, what it needs is installed
	@command -v chromium >/dev/null && command -v npm >/dev/null || [ "$$(id -u)" != 0 ] || { apt-get update -qq && apt-get install -y -qq chromium npm; }
	@command -v chromium >/dev/null && command -v npm >/dev/null || { echo "e2e needs chromium and npm"; exit 1; }
	npm ci --prefix console/e2e --no-fund --no-audit --loglevel=error
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; $(GO) build -o "$$dir/" ./cmd/pawl ./console/e2e/provider && node console/e2e/e2e.mjs "$$dir/pawl" "$$dir/provider" "$$(command -v chromium)"

setup: ## what a bare machine lacks: Go itself is the only thing that is not installed from here
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/doc/install"; exit 1; }
	@command -v strace >/dev/null || [ "$$(uname)" != Linux ] || [ "$$(id -u)" != 0 ] || { apt-get update -qq && apt-get install -y -qq strace; }
	$(GO) mod download
	$(GO) mod verify

check:
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt -w the files above"; exit 1; }
	$(GO) vet ./...

race-some: ## where many things are done at once, under the race detector; as root on Debian, a C compiler is installed
	@command -v cc >/dev/null || [ "$$(uname)" != Linux ] || [ "$$(id -u)" != 0 ] || { apt-get update -qq && apt-get install -y -qq gcc libc6-dev; }
	@command -v cc >/dev/null || { echo "race-some needs a C compiler: cc"; exit 1; }
	CGO_ENABLED=1 $(GO) test -race ./desk ./server ./connect ./signin ./notify/... ./trace/relay ./witness
	CGO_ENABLED=1 $(GO) test -race ./cmd/pawl -run 'ServerWritesEachAppOnce|TestBatchTakesTurns'

race: ## the race detector, which needs a C compiler; not of the tests that are about disks and seeds
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./... -skip 'Power|Fuzz|EveryWrite|TestSeeds|Mutants|$(FIRE)'

build: ## ./pawl, stripped
	$(GO) build -trimpath -ldflags "-s -w" -o pawl ./cmd/pawl

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null)
TARGETS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
RELEASE = -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$(VERSION) -X main.revision=$(REVISION)"
release: ## dist/: static binaries and their checksums; the first is built again elsewhere, and has to be the same
	rm -rf dist && mkdir dist
	@for t in $(TARGETS); do f=dist/pawl_$$(echo $$t | tr / _); echo $$f; \
	  GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build $(RELEASE) -o $$f ./cmd/pawl || exit 1; done
	cd dist && if command -v sha256sum >/dev/null; then sha256sum pawl_*; else shasum -a 256 pawl_*; fi >checksums.txt
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && tar -cf - --exclude ./.git --exclude ./dist . | tar -xf - -C "$$dir" && \
	  t=$(firstword $(TARGETS)) && (cd "$$dir" && GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build $(RELEASE) -o again ./cmd/pawl) && \
	  cmp "$$dir/again" dist/pawl_$$(echo $$t | tr / _) && echo "reproducible: $$t"

man: ## the manual pages, into ./man
	$(GO) run ./cmd/pawl man -o man

demo:
	$(GO) run ./cmd/pawl demo

FIRE = Killed|AnswerLost|Fault|Strangers|TLS|DNS|Operator|Disk|Downgrade|Busy|ManyDrivers|Stopped|Backup|Regressions|Leak
torture: setup ## the real program and its journal: every request, every fault, calls of the file system, power cuts; one table at the end
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; bad=0; \
	$(GO) test ./journal/sqlite -run 'Power|Kill' -timeout 2h -v -args -power.cuts=1000 -kills=500 >"$$dir/journal" 2>&1 || bad=1; \
	$(GO) test ./cmd/pawl -run '$(FIRE)' -timeout 6h -v -args -torture >"$$dir/pawl" 2>&1 || bad=1; \
	[ $$bad = 0 ] || cat "$$dir"/* | grep -vE '^=== |--- (PASS|SKIP)'; \
	sed -n '/ResetBefore/,/X violation/p' "$$dir/pawl"; \
	cat "$$dir"/* | awk -F ' [|] ' 'BEGIN {printf "\n%-70s %8s %11s\n", "what", "how many", "violations"} \
	  /tally [|]/ {printf "%-70s %8d %11d\n", $$2, $$3, $$4; n += $$3; v += $$4} END {printf "%-70s %8d %11d\n", "all", n, v}'; \
	exit $$bad

SEEDS ?= 100000
ENGINES ?= 10000
soak: ## the deterministic simulator over SEEDS rotations, and the real engine in ENGINES of its worlds
	$(GO) test ./internal/dst -run 'TestSeeds|TestEngine$$' -timeout 12h -v -args -dst.seeds=$(SEEDS) -dst.engine=$(ENGINES)

mutants: ## one seeded bug at a time: the simulator has to catch each by name
	$(GO) test ./internal/dst -run 'TestMutants' -timeout 12h -v -args -dst.mutants=3000

bench: ## the figures of docs/performance.md
	$(GO) test -run '^$$' -bench . ./journal/sqlite ./seal ./rotation ./engine ./cmd/pawl

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg || exit 1; \
	  done; done

HEROKU_CLI ?= 11.10.0
conformance-heroku: ## the vendor's own command line accepts the simulator (npm, 400 MB, opt-in)
	@command -v npm >/dev/null || { echo "npm is needed (apt-get install npm)"; exit 1; }
	npm install --prefix .heroku-cli --no-fund --no-audit heroku@$(HEROKU_CLI)
	PAWL_HEROKU_CLI=$(CURDIR)/.heroku-cli/node_modules/.bin/heroku $(GO) test -tags herokucli -count=1 -run CommandLine -v ./provider/heroku
