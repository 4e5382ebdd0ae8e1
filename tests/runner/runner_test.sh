#!/bin/bash
# runner_test.sh PROGRAM: what a test program says of its cases, and how it ends.
set -uo pipefail
unset "${!GTEST_@}"
program=$1

fail() {
  printf 'runner_test: %s\n%s\n' "$1" "$output" >&2
  exit 1
}

# ends CODE FILTER: the program, with these cases only, exits with CODE.
ends() {
  local got=0
  output=$("$program" --gtest_filter="$2" 2>&1) || got=$?
  [ "$got" = "$1" ] || fail "with the cases $2 it exits with $got, not $1"
}

says() { grep -qF -- "$1" <<<"$output" || fail "nothing says: $1"; }
lacks() { ! grep -qF -- "$1" <<<"$output" || fail "something says: $1"; }

ends 0 'Good.*'
lacks "skipped: "
ends 0 'Good.*:Skip.SaysWhy'
says "skipped: Skip.SaysWhy: there is no such device"
lacks "FAILED: "
# Nothing was tested: ctest is told so.
ends 77 'Skip.SaysWhy'
ends 77 'No.SuchCase'

# Each failed case is named, with all its reasons and the command for it alone.
ends 1 '-Crash.*'
says "FAILED: Bad.Fails"
says "the first reason"
says "the second reason"
says "alone: $program --gtest_filter='Bad.Fails'"
says "FAILED: Bad.Throws"
says "nobody catches this"
says "FAILED: Skip.FailsFirst"
lacks "FAILED: Good.Passes"
lacks "FAILED: Skip.SaysWhy"
[ "$(tail -n 1 <<<"$output")" = "alone: $program --gtest_filter='Skip.FailsFirst'" ] ||
  fail "the failures don't come last"

# A case that ends the whole program is the last one that began.
ends 134 'Good.*:Crash.*'
[[ "$output" == *"[ RUN      ] Crash.Aborts"* ]] || fail "the case that crashed isn't named"
