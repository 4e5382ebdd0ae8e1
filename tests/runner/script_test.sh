#!/bin/bash
# script_test.sh SOURCE: tools/test with stand-ins for cmake and ctest. Nothing is installed, built or
# tested.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,tools,build/release}
cp "$1/tools/test" "$1"/tools/setup_*.sh "$work/tools"
touch "$work/build/release/build.ninja"
echo 'TASUKI_TESTS:BOOL=ON' >"$work/build/release/CMakeCache.txt"
printf '#!/bin/bash\n' >"$work/bin/cmake"
cat >"$work/bin/ctest" <<'CTEST'
#!/bin/bash
echo "ctest $*"
mkdir -p build/release/Testing/Temporary
printf '%s\n' "$LOG" >build/release/Testing/Temporary/LastTest.log
exit "$CODE"
CTEST
chmod +x "$work"/bin/*

fail() {
  echo "script_test: $1" >&2
  cat "$work/out" >&2
  exit 1
}

# run CODE LOG ARGUMENT...: tools/test ends as ctest does.
run() {
  local got=0
  (cd "$work" && CODE=$1 LOG=$2 PATH="$work/bin:$PATH" TASUKI_SKIP_SETUP=1 tools/test "${@:3}") \
    >"$work/out" 2>&1 || got=$?
  [ $got = "$1" ] || fail "ctest ends with $1, tools/test with $got"
}

run 0 $'[ RUN      ] A.B\nskipped: A.B: no such device\n[  PASSED  ]' -R loader
grep -q 'ctest .*-R loader' "$work/out" || fail "the arguments don't reach ctest"
[ "$(tail -n 2 "$work/out")" = $'== skipped\nskipped: A.B: no such device' ] ||
  fail "what was skipped is not listed"
run 8 'skipped: A.B: no such device'
grep -qx 'skipped: A.B: no such device' "$work/out" || fail "a failure hides what was skipped"
run 0 'all is well'
if grep -q skipped "$work/out"; then fail "something was skipped, it says"; fi
