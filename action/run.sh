#!/usr/bin/env bash
# Runs pawl in one mode. All that comes from outside comes as a variable, is
# checked against what it may be, and is quoted: a name, a branch or a title that
# somebody chose in a pull request is never part of a program.
set -ufo pipefail

fail() {
  printf '%s\n' "pawl action: $1" >&2
  printf 'exit-code=2\n' >>"$GITHUB_OUTPUT"
  exit 2
}

names=()
for name in $(printf '%s' "$INPUT_NAMES" | tr '\n\t' '  ' | tr -c 'a-z0-9 -' '?'); do
  [[ "$name" =~ ^[a-z0-9][a-z0-9-]*$ ]] || fail "names: not names of credentials, separated by spaces"
  names+=("$name")
done

global=(--catalog "$INPUT_CATALOG")
[ -z "$INPUT_STATE" ] || global+=(--state "$INPUT_STATE")
[ -z "$INPUT_KEY_FILE" ] || global+=(--key-file "$INPUT_KEY_FILE")

# A rotation that is cut off goes on from its journal. Where that is gone with
# the machine, a live key is left that nobody holds.
lasting() {
  [ "${#names[@]}" -gt 0 ] || fail "names: say which credential"
  case "$INPUT_STATE" in
    /*) [ -d "$INPUT_STATE" ] || fail "state: there is no such folder; make it on the runner, where it outlives the job" ;;
    *) fail "state: $INPUT_MODE needs the absolute path of a folder that outlives the job, on a runner of your own" ;;
  esac
}

go_on() {
  [[ "$INPUT_TIMEOUT" =~ ^[0-9]+[smh]$ ]] || fail "timeout: want one as 30m"
  args+=(--no-input --timeout "$INPUT_TIMEOUT")
  case "$INPUT_AUTO_REVOKE" in
    true) args+=(--auto-revoke) ;;
    false) ;;
    *) fail "auto-revoke: true or false" ;;
  esac
}

every() {
  [ "${#names[@]}" -eq 0 ] || return 0
  local listed
  listed=$("$PAWL" "${global[@]}" validate --json 2>/dev/null | sed -n 's/.*"credentials":\[\([^]]*\)\].*/\1/p' | tr -d '"' | tr , ' ')
  for name in $listed; do names+=("$name"); done
}

args=()
case "$INPUT_MODE" in
  validate) args=(validate) ;;
  plan)
    every
    # With no name at all the catalog is at fault, and validate says why.
    if [ "${#names[@]}" -gt 0 ]; then args=(plan -- "${names[@]}"); else args=(validate); fi
    ;;
  due)
    [[ "$INPUT_WITHIN" =~ ^[0-9]+[dwh]$ ]] || fail "within: want one as 14d"
    args=(due --exit-code --within "$INPUT_WITHIN")
    ;;
  verify) args=(verify -- ${names[@]+"${names[@]}"}) ;;
  rotate)
    lasting
    case "$INPUT_REASON" in
      scheduled | manual | leak | offboarding | rehearsal) ;;
      *) fail "reason: scheduled, manual, leak, offboarding or rehearsal" ;;
    esac
    args=(rotate --yes --reason "$INPUT_REASON")
    go_on
    args+=(-- "${names[@]}")
    ;;
  resume)
    lasting
    args=(resume)
    go_on
    args+=(-- "${names[@]}")
    ;;
  *) fail "mode: validate, plan, due, verify, rotate or resume" ;;
esac

# What pawl prints may quote a catalog that somebody else wrote. Until the token
# comes the runner takes no line of it for a command.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
out="$RUNNER_TEMP/pawl-output.txt"
printf '::stop-commands::%s\n' "$token"
"$PAWL" "${global[@]}" "${args[@]}" 2>&1 | tee "$out"
code=${PIPESTATUS[0]}
printf '\n::%s::\n' "$token"

# As text, whatever it holds: no markup, no mention, no fence to break out of.
# GitHub takes comments of up to 65536 characters.
body="$RUNNER_TEMP/pawl-comment.md"
{
  printf '<!-- pawl %s -->\n### pawl %s: exit %s\n\n<pre>\n' "$INPUT_MODE" "$INPUT_MODE" "$code"
  head -c 50000 "$out" | tr -d '\000-\010\013-\037' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
  printf '\n</pre>\n'
} >"$body"
cat "$body" >>"$GITHUB_STEP_SUMMARY"

digests=()
if [ "${args[0]}" = plan ]; then
  for digest in $(sed -n 's/^  digest  *\(sha256:[0-9a-f]\{64\}\)$/\1/p' "$out"); do digests+=("$digest"); done
fi
{
  printf 'exit-code=%s\n' "$code"
  printf 'digest=%s\n' "${digests[*]-}"
  printf 'comment=%s\n' "$body"
} >>"$GITHUB_OUTPUT"
exit "$code"
