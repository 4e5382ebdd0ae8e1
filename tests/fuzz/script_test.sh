#!/bin/bash
# script_test.sh SOURCE: tools/fuzz with stand-ins for cmake and the targets. Nothing is installed,
# built or fuzzed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,tools,build/fuzz/bin,tests/fuzz/dictionaries} "$work"/tests/fuzz/corpus/{good,bad}
cp "$1/tools/fuzz" "$1"/tools/setup_*.sh "$work/tools"
echo seed | tee "$work/tests/fuzz/corpus/good/seed" >"$work/tests/fuzz/corpus/bad/seed"
echo '"word"' >"$work/tests/fuzz/dictionaries/good.dict"
touch "$work/build/fuzz/build.ninja"

stand_in() {  # file line...
  printf '%s\n' '#!/bin/bash' "${@:2}" >"$1"
  chmod +x "$1"
}
stand_in "$work/bin/cmake" 'echo "cmake $*"'
stand_in "$work/build/fuzz/bin/good_fuzz" 'echo "$@" >"$(dirname "$0")/arguments"' \
  'echo found >"${@: -1}/new"' 'echo "#9 DONE   cov: 41 ft: 50 corp: 3/30b"' \
  'echo "stat::number_of_executed_units: 1234"' 'echo "stat::average_exec_per_sec:     617"'
stand_in "$work/build/fuzz/bin/bad_fuzz" 'echo "SUMMARY: AddressSanitizer: heap-buffer-overflow"' \
  'echo "artifact_prefix=x; Test unit written to /runs/bad/crash-1"' 'exit 77'

run() {  # argument...: the exit code is in $code, the output in $work/out
  code=0
  PATH="$work/bin:$PATH" TASUKI_SKIP_SETUP=1 "$work/tools/fuzz" "$@" >"$work/out" 2>&1 || code=$?
}
fail() {
  echo "script_test: $1" >&2
  cat "$work/out" >&2
  exit 1
}
expect() {  # exit code, text...
  [ $code = "$1" ] || fail "exit code $code"
  local text
  for text in "${@:2}"; do grep -qF -- "$text" "$work/out" || fail "did not say: $text"; done
}

run --seconds 7 good
expect 0 "--target good_fuzz" "1234 runs" "617/s" "41 edges" "nothing found"
for argument in -max_total_time=7 -timeout=10 -rss_limit_mb=2048 good.dict build/fuzz/runs/good/corpus; do
  grep -qF -- "$argument" "$work/build/fuzz/bin/arguments" || fail "no argument $argument"
done
[ "$(ls "$work/tests/fuzz/corpus/good")" = seed ] || fail "the corpus of the source was written to"
[ -f "$work/build/fuzz/runs/good/corpus/seed" ] || fail "the corpus was not copied"

run
expect 1 "--target bad_fuzz good_fuzz" "FOUND (exit code 77)" "heap-buffer-overflow" \
  "/runs/bad/crash-1" "nothing found" "found something in: bad"

run --seconds none
expect 1 "--seconds takes a number" "usage:"
run ugly
expect 1 "there is no target ugly" "targets: bad good"
run --fast
expect 1 "unknown option --fast"
echo "script_test: passed"
