#!/usr/bin/env bash
# Puts pawl where the next steps find it: a release whose digest is known, or
# built from the source that this script is part of.
set -euo pipefail

fail() { printf '%s\n' "pawl action: $1" >&2; exit 2; }

bin="$RUNNER_TEMP/pawl-bin"
mkdir -p "$bin"

if [ -z "$INPUT_VERSION" ]; then
  [ -z "$INPUT_SHA256" ] || fail "sha256 is of a release; give version too"
  cd "$GITHUB_ACTION_PATH/.."
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -o "$bin/pawl" ./cmd/pawl
else
  [[ "$INPUT_VERSION" =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "version: want one as v1.2.3"
  [[ "$INPUT_SHA256" =~ ^[0-9a-f]{64}$ ]] || fail "sha256: want 64 digits of lower-case hex; a release is run only if it is the one you looked at"
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  case "$(uname -m)" in
    x86_64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "no release for this machine; leave version away to build from source" ;;
  esac
  url="https://github.com/pawl-dev/pawl/releases/download/$INPUT_VERSION/pawl_${os}_${arch}"
  curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --output "$bin/pawl.new" "$url"
  # It is not executable, and has no name that anything would run, before it is checked.
  if command -v sha256sum >/dev/null; then sum=$(sha256sum <"$bin/pawl.new"); else sum=$(shasum -a 256 <"$bin/pawl.new"); fi
  [ "${sum%% *}" = "$INPUT_SHA256" ] || { rm -f "$bin/pawl.new"; fail "the release is not the one with this sha256; nothing of it was run"; }
  chmod 755 "$bin/pawl.new"
  mv "$bin/pawl.new" "$bin/pawl"
fi

printf '%s\n' "$bin" >>"$GITHUB_PATH"
printf 'pawl=%s\n' "$bin/pawl" >>"$GITHUB_OUTPUT"
