# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What script/demo says and how it judges; sourced.

bold='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'; fi

title() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '   %s\n' "$*"; }

# Shows a command as one would type it, and runs it.
show() {
  printf '%s$ %s%s\n' "$green" "$*" "$plain"
  "$@"
}

expectations=0
expect() { # usage: expect WHAT COMMAND [ARGUMENT...]
  local what=$1
  shift
  if ! "$@"; then
    printf '%sFAIL %s%s (%s)\n' "$red" "$what" "$plain" "$*" >&2
    exit 1
  fi
  expectations=$((expectations + 1))
  printf '   ok: %s\n' "$what"
}
expect_equal() { expect "$1" [ "$2" = "$3" ]; }   # usage: expect_equal WHAT GOT WANTED
expect_in() { expect "$1" grep -qF -- "$3" <<<"$2"; } # usage: expect_in WHAT TEXT PART

# Runs a command until it succeeds, for ten seconds at most; quiet.
wait_for() {
  local deadline=$((SECONDS + 10))
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then
      echo "script/demo: still not so after 10 s: $*" >&2
      return 1
    fi
    sleep 0.1
  done
}

# N ports that are free now.
free_ports() {
  "${python:?}" - "$1" <<'EOF'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in held))
EOF
}

# The value at a path of the JSON on stdin: `json listeners.0.name`.
json() {
  "$python" -c '
import json, sys
value = json.load(sys.stdin)
for key in filter(None, sys.argv[1].split(".")):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value if isinstance(value, str) else json.dumps(value))' "$1"
}

# Children are ended one by one, and the folder goes with them.
children=()
in_background() {
  "$@" <&0 & # a background command would read /dev/null otherwise
  children+=($!)
}
clean_up() {
  local child
  for child in ${children[@]+"${children[@]}"}; do kill "$child" 2>/dev/null || true; done
  for child in ${children[@]+"${children[@]}"}; do wait "$child" 2>/dev/null || true; done
  if [ -n "${folder:-}" ]; then rm -rf "$folder"; fi
}
