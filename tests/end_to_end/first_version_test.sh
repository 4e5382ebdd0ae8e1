#!/bin/bash
# first_version_test.sh TASUKI WORK PYTHON: the files in tests/data/first_version are read as they
# were when they were written.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"

# near FILE FILE TOLERANCE: the figures of two evaluations.
near() {
  "$python" "$here/compare_figures.py" "$@" 2>>out.txt || fail "$1 and $2 have other figures"
}

test_checkpoint() {
  expect 0 eval run.pbtxt whole/best.safetensors -o now
  near whole/eval_test.json now/eval_test.json 1e-3
}

test_pack() {
  expect 0 eval run.pbtxt whole/best.safetensors --set data.pack=run.pack -o packed
  near now/eval_test.json packed/eval_test.json 0
}

# One epoch is left to be trained, whose rounding differs from machine to machine.
test_work_dir() {
  [ "$(wc -l <run/history.jsonl)" = 3 ] || fail "the run has three epochs"
  cp run/history.jsonl before.jsonl
  expect 0 train run.pbtxt --work-dir run --resume --accept-other-build
  says "resumed after epoch 3"
  head -n 3 run/history.jsonl | cmp -s before.jsonl - || fail "the first epochs stay"
  expect 0 eval run.pbtxt run/best.safetensors -o resumed
  near whole/eval_test.json resumed/eval_test.json 0.02
}

test_search() {
  cp search/decision.json before.json
  expect 0 search branched.pbtxt --work-dir search --verdict-seeds 2
  ! grep -q "^\[" out.txt || fail "something is trained again"
  says "Do not adopt. Not shown: depth loses no more than 1 % (measured: -47.8 %)."
  cmp -s before.json search/decision.json || fail "the decision is another"
}

"$python" -c "import tarfile; tarfile.open('$here/../data/first_version/files.tar.xz').extractall()"
mv first_version/* .
run_tests checkpoint pack work_dir search
