# What the tests of the program share. Sourced with the arguments TASUKI WORK PYTHON; the caller has
# `set -euo pipefail`, and is in the empty folder WORK afterwards.
tasuki=$1
work=$2
python=$3
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
rm -rf "$work"
mkdir -p "$work"
cd "$work"
unset TASUKI_DATA TASUKI_PLUGIN_PATH
# Threads that wait by spinning take tenfold the time where something else runs beside the test.
export OMP_WAIT_POLICY=passive

fail() {
  echo "FAILED: $1" >&2
  cat "$work/out.txt" >&2
  exit 1
}

# expect CODE ARGUMENTS...: runs the program, its output goes to out.txt. No error may look like a
# crash.
expect() {
  local code=$1 got=0
  shift
  "$tasuki" "$@" >out.txt 2>&1 || got=$?
  [ "$got" = "$code" ] || fail "tasuki $* exits with $got, not $code"
  ! grep -qE "terminate called|Exception raised from|frame #|Segmentation fault" out.txt ||
    fail "tasuki $* prints a stack trace"
}

# says TEXT: the last run printed it.
says() {
  grep -qF -- "$1" out.txt || fail "nothing says: $1"
}

# there FILE...: all of them exist and are not empty.
there() {
  for file in "$@"; do [ -s "$file" ] || fail "$file is missing or empty"; done
}

# holds CODE: this Python succeeds.
holds() {
  "$python" -c "$1" 2>>out.txt || fail "does not hold: $1"
}

# run_tests NAME...: the functions test_NAME in order; removes WORK when all pass.
run_tests() {
  local test start
  for test in "$@"; do
    start=$SECONDS
    "test_$test"
    echo "$test: passed in $((SECONDS - start)) s"
  done
  rm -rf "$work"
}
