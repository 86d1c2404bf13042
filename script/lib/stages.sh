# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Stages of script/test: run one, time it, count what it counted. Needs $python; sourced.

passed_sum=0
failed_sum=0
skipped_stages=
began=$SECONDS
result_folder=

begin_stages() {
  result_folder=$1
  rm -rf "$result_folder"
  mkdir -p "$result_folder"
}

# usage: stage NAME COMMAND [ARGUMENT...]
# The command finds its folder for JUnit files in $out. A stage that leaves none counts as one test.
stage() {
  local name=$1 start=$SECONDS status=0 log passed failed skipped
  shift
  out=$result_folder/${name//[ ,]/_}
  log=$out.log
  mkdir -p "$out"
  ("$@") >"$log" 2>&1 || status=$?
  count_stage "$status"
  passed_sum=$((passed_sum + passed))
  failed_sum=$((failed_sum + failed))
  printf '%-4s %-24s %5d s  %5d passed %3d failed' \
    "$([ "$failed" = 0 ] && echo ok || echo FAIL)" "$name" $((SECONDS - start)) "$passed" "$failed"
  if [ "$skipped" != 0 ]; then printf ' %3d skipped' "$skipped"; fi
  printf '\n'
  if [ "$failed" != 0 ]; then
    failed_tests # first, since of a long output only the beginning may be kept
    sanitizer_reports "$log"
    printf -- '--- the end of %s\n' "$log"
    tail -n 80 "$log"
    printf -- '---\n'
  fi
  [ "$failed" = 0 ]
}

# A stage that somebody asked to leave out; the summary says so. usage: skip_stage NAME
skip_stage() {
  printf 'skip %-24s\n' "$1"
  skipped_stages+=" $1"
}

# Sets passed, failed and skipped of the stage whose folder is $out and that ended with status $1.
count_stage() {
  local files=("$out"/*.xml)
  if [ -e "${files[0]}" ]; then
    read -r passed failed skipped < <("${python:?}" script/lib/sum_results.py "${files[@]}")
  elif [ -e "$out/checks" ]; then
    passed=$(grep -c '^ok' "$out/checks")
    failed=$(grep -c '^FAIL' "$out/checks")
    skipped=0
  else
    passed=0 failed=0 skipped=0
    if [ "$1" = 0 ]; then passed=1; fi
  fi
  if [ "$1" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
}

# Names those of the stage whose folder is $out: the end of a log may not.
failed_tests() {
  local files=("$out"/*.xml)
  if [ -e "${files[0]}" ]; then "${python:?}" script/lib/sum_results.py --failed "${files[@]}"; fi
}

# What the sanitizers wrote in the middle of a log.
sanitizer_reports() {
  grep -A 40 -E '(ERROR|WARNING): [A-Za-z]+Sanitizer|: runtime error: ' "$1" | head -n 120
}

# One check within a stage that has no test runner. usage: check NAME COMMAND [ARGUMENT...]
check() {
  local name=$1
  shift
  if "$@"; then
    echo "ok $name" >>"$out/checks"
  else
    echo "FAIL $name" >>"$out/checks"
    echo "FAIL $name: $*"
  fi
}

# A preset's build is a stage as well; what needs it is left out where it fails. usage: build PRESET [TARGET...]
build() { stage "build $1" build_preset "$@"; }

end_stages() {
  printf 'in %d min %02d s; logs in %s\n' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)) "$result_folder"
  printf '%d passed, %d failed%s\n' "$passed_sum" "$failed_sum" "${skipped_stages:+, skipped:$skipped_stages}"
  [ "$failed_sum" = 0 ] && [ "$passed_sum" -gt 0 ]
}
