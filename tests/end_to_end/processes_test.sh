#!/bin/bash
# processes_test.sh TASUKI WORK PYTHON TORCHRUN: training in several processes, with the real program.
# TORCHRUN may be empty; what needs a program that is not there is left out, which is said.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"
source "$here/small_configs.sh"
torchrun=${4:-}
export TMPDIR=$work/temporary
mkdir "$TMPDIR"
for name in RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE MASTER_ADDR MASTER_PORT; do unset "$name"; done

# Nothing in it depends on who sees which image: no statistics of a batch.
cat >shared.pbtxt <<'CONFIG'
base: "tiny.pbtxt"
name: "shared"
model { norm { [tasuki/GroupNorm] { groups: 4 } } }
train {
  threads: 1
  device: CPU
  optimizer { [tasuki/SGD] { lr: 0.02 } }
  hook { name: "checkpoint" hook { [tasuki/Checkpoint] { every_steps: 2 } } }
}
CONFIG

# same A B: two safetensors files hold the same tensors, bit for bit.
same() {
  "$python" "$here/compare_tensors.py" "$@" >>out.txt 2>&1 || fail "$* differ"
}

# near A B BEGIN: two trainings have gone the same way from BEGIN, to a few hundredths of it. Not to
# float32's last digits: where a sum in another order moves one value to the other side of a ReLU's
# kink, the gradients of one pixel are others. That they agree in float64 is a test of its own.
near() {
  "$python" "$here/compare_tensors.py" "$@" >>out.txt 2>&1 || fail "$* have not gone the same way"
}

# The figures of two runs agree, epoch by epoch: numbers of one name are near each other.
history_is() {
  "$python" - "$1" "$2" >>out.txt 2>&1 <<'CODE' || fail "the histories of $1 and $2 differ"
import json, sys
def flat(value, name=""):
    if isinstance(value, dict):
        return {k: v for key in value for k, v in flat(value[key], name + "." + key).items()}
    return {name: value} if isinstance(value, float) else {}
def lines(folder):
    return [flat(json.loads(line)) for line in open(folder + "/history.jsonl")]
for a, b in zip(lines(sys.argv[1]), lines(sys.argv[2]), strict=True):
    compared = [name for name in a if "loss" in name]
    assert len(compared) >= 3, a
    for name in compared:
        assert abs(a[name] - b[name]) <= 1e-2 * abs(a[name]), (name, a[name], b[name])
CODE
}

test_same_as_one_process() {
  expect 0 train shared.pbtxt --work-dir one
  expect 0 train shared.pbtxt --work-dir two --processes 2
  says "Report: two/report.html"
  [ "$(grep -c "Report:" out.txt)" = 1 ] || fail "one of the processes alone says where the report is"
  there two/{config.pbtxt,train.log,history.jsonl,metrics.json,best.safetensors,last.safetensors} \
    two/report.html
  expect 0 train shared.pbtxt --work-dir begin --set train.epochs=1 --set train.optimizer.lr=1e-20
  near one/last.safetensors two/last.safetensors begin/last.safetensors
  history_is one two
  [ "$(wc -l <two/history.jsonl)" = 2 ] || fail "history.jsonl has a line an epoch"
  [ -z "$(ls "$TMPDIR")" ] || fail "the processes have left temporary files"
  expect 0 train shared.pbtxt --work-dir again --processes 2
  same two/last.safetensors again/last.safetensors
  same two/best.safetensors again/best.safetensors
}

# The default norm, whose statistics are those of a process' own images.
test_batch_norm_is_repeatable() {
  expect 0 train tiny.pbtxt --work-dir norm_a --processes 2 --set train.threads=1
  expect 0 train tiny.pbtxt --work-dir norm_b --processes 2 --set train.threads=1
  same norm_a/last.safetensors norm_b/last.safetensors
}

# started DIR ARGUMENTS...: a training in the background, once it has written a checkpoint. Sets
# `starter`.
started() {
  local dir=$1
  shift
  "$tasuki" train shared.pbtxt --work-dir "$dir" --processes 2 "$@" >out.txt 2>&1 &
  starter=$!
  for ((i = 0; i < 6000; ++i)); do [ -e "$dir/last.safetensors" ] && return; sleep 0.02; done
  fail "no checkpoint in two minutes"
}

test_resume() {
  local epochs=(--set train.epochs=12)
  expect 0 train shared.pbtxt --work-dir whole --processes 2 "${epochs[@]}"
  started cut "${epochs[@]}"
  kill -TERM "$starter"
  wait "$starter" && fail "a run that was told to end has ended well"
  [ "$(wc -l <cut/history.jsonl)" -lt 12 ] || fail "the run had ended before it was told to"
  expect 0 train shared.pbtxt --work-dir cut --processes 2 --resume "${epochs[@]}"
  same whole/last.safetensors cut/last.safetensors
  # On another number of processes it goes on, and says so.
  expect 0 train shared.pbtxt --work-dir whole --resume --set train.epochs=13
  grep -q "processes: 1 (before: 2)" whole/metrics.json || fail "nothing notes their number"
}

test_a_dead_process_ends_the_run() {
  local code=0
  started dead --set train.epochs=100000
  kill -KILL "$(pgrep -P "$starter" | tail -1)"
  wait "$starter" || code=$?
  [ "$code" = 137 ] || fail "a run whose process was killed exits with $code"
  says "process 1 of 2 (0 is the first) was killed by signal 9"
  [ "$(grep -c "^tasuki:" out.txt)" = 1 ] || fail "one message says why the run has ended"
}

test_errors() {
  expect 2 train shared.pbtxt --work-dir bad --processes 2 --set data.loader.batch_size=3
  says "a batch of 3 can't be split over 2 processes"
  [ "$(grep -c "^tasuki:" out.txt)" = 1 ] || fail "one message says what is wrong"
  expect 2 train shared.pbtxt --work-dir one --processes 2
  says "--resume"
  [ "$(grep -c "^tasuki:" out.txt)" = 1 ] || fail "one message says what is wrong"
  expect 2 train shared.pbtxt --work-dir bad --processes 0
  [ ! -e bad ] || fail "a run that is refused leaves no work dir"
  RANK=0 WORLD_SIZE=2 expect 2 train shared.pbtxt --work-dir bad
  says "MASTER_ADDR is not set"
}

test_torchrun() {
  if [ ! -x "$torchrun" ]; then
    echo "torchrun: left out, there is none"
    return
  fi
  "$torchrun" --no-python --nproc-per-node 2 --master-port 29517 "$tasuki" train shared.pbtxt \
    --work-dir torchrun >out.txt 2>&1 || fail "torchrun"
  same two/last.safetensors torchrun/last.safetensors
}

test_mpirun() {
  if ! command -v mpirun >/dev/null; then
    echo "mpirun: left out, there is none"
    return
  fi
  mpirun --allow-run-as-root --oversubscribe -np 2 -x MASTER_PORT=29518 "$tasuki" train shared.pbtxt \
    --work-dir mpirun >out.txt 2>&1 || fail "mpirun"
  same two/last.safetensors mpirun/last.safetensors
}

run_tests same_as_one_process batch_norm_is_repeatable resume a_dead_process_ends_the_run errors \
  torchrun mpirun
