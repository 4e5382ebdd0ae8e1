#!/bin/bash
# search_test.sh TASUKI WORK PYTHON: choosing transfers with the program and real trainings: a search
# that is killed and goes on, the config that it writes, a recheck, and a comparison. What follows from
# results and files alone is tested in process (tests/core/study), with trainings that are none.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"

cat >two.pbtxt <<'CONFIG'
name: "two"
data {
  dataset { [tasuki/Rooms] { height: 32 width: 40 train_size: 6 val_size: 3 test_size: 3 } }
  train_pipeline { [tasuki/Normalize] {} }
  eval_pipeline { [tasuki/Normalize] {} }
  loader { batch_size: 2 eval_batch_size: 1 workers: 1 }
}
model {
  encoder { [tasuki/ResNet] { depth: 18 layers: 2 } }
  architecture { [tasuki/Branched] { shared_stages: 2 } }
  task { name: "seg" kind { [tasuki/Segmentation] { classes: 13 } } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "depth" kind { [tasuki/Depth] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
}
train {
  epochs: 2
  precision: FP32
  optimizer { [tasuki/SGD] { lr: 0.01 momentum: 0 } }
  schedule { [tasuki/Cosine] {} }
  weighting { [tasuki/EW] {} }
  hook { name: "report" hook { [tasuki/Report] { samples: 0 } } priority: 90 }
}
CONFIG

# finished: the work dirs of trainings whose last checkpoint followed their last figures.
finished() {
  grep -rls '"finished": true' "$1" --include=metrics.json | sort | while read -r figures; do
    [ "$(dirname "$figures")/last.safetensors" -ot "$figures" ] || dirname "$figures"
  done
}

# state FOLDER: a line a finished training, with the times of its files.
state() {
  finished "$1" | while read -r folder; do
    stat -c '%n %y' "$folder"/{metrics.json,best.safetensors,last.safetensors,history.jsonl}
  done
}

test_refusals() {
  expect 2 search
  says "CONFIG or --recheck"
  expect 2 search two.pbtxt --recheck nowhere
  says "--recheck takes no CONFIG"
  expect 2 search two.pbtxt --seeds 0
  for option in --margin --least-gain --most-loss --confidence; do
    expect 2 search two.pbtxt $option nan
    says "$option: nan is not a number from "
  done
  expect 2 search two.pbtxt --base two.pbtxt
  says "a base config of studies sets model.self_auxiliary"
  expect 2 compare two.pbtxt --split tset
  says '--split: the data set has no split "tset" (did you mean "test"?)'
  [ ! -e work_dirs ] || fail "what is refused leaves no folder"
}

# A margin that includes every transfer: what runs this small find out differs between machines.
all=(--work-dir search --margin=-1000 --verdict-seeds 0)

# Killed as soon as a trial is finished, and started again: nothing finished is repeated.
test_kill_and_go_on() {
  "$tasuki" search two.pbtxt "${all[@]}" --jobs 2 >killed.txt 2>&1 &
  local pid=$!
  while [ "$(finished search | wc -l)" -lt 1 ]; do
    kill -0 $pid || fail "the search ends before it is killed"
    sleep 0.05
  done
  kill -9 $pid
  wait $pid 2>/dev/null || true
  state search >before.txt
  [ "$(wc -l <before.txt)" -ge 4 ] || fail "what is finished has four files"
  [ ! -e search/decision.json ] || fail "the search is killed before its decision"
  expect 0 search two.pbtxt "${all[@]}"
  says "Report: search/decision.html"
  there search/{search.json,config.pbtxt,study.pbtxt,selection.pbtxt,decision.json,decision.html}
  state search >after.txt
  [ -z "$(comm -23 <(sort before.txt) <(sort after.txt))" ] || fail "a finished trial is repeated"
  for trial in seg depth seg+depth; do
    there "search/trials/$trial/seed_0/best.safetensors"
  done
}

# One joint training measures for both strategies.
test_measure() {
  expect 0 search two.pbtxt "${all[@]}" --strategy enumerate,tag,cosine --affinity-every 1
  says "[1/1] seg+depth@affinity"
  there search/trials/seg+depth@affinity/seed_0/affinity.jsonl
  holds "
import json
names = [s['name'] for s in json.load(open('search/decision.json'))['strategies']]
assert names == ['enumerate', 'tag', 'cosine'], names
"
}

test_next_config() {
  there search/next.pbtxt
  expect 0 train search/next.pbtxt --work-dir next --set train.epochs=1 \
    --set 'train.hook[affinity].hook=[tasuki/Affinity]{every: 1}'
  there next/affinity.jsonl next/report.html
  grep -q "affinity" next/report.html || fail "the report draws affinities"
  expect 0 train search/next.pbtxt --work-dir next --set train.epochs=1 --resume \
    --set 'train.hook[affinity].hook=[tasuki/Affinity]{every: 1}'
  local code=0
  "$tasuki" search --recheck next >out.txt 2>&1 || code=$?
  [ $code -le 1 ] || fail "--recheck exits with $code"
  says "affinity now"
  # Other data: every decision is in doubt.
  sed -i 's/train_size: 6/train_size: 8/' next/config.pbtxt
  expect 1 search --recheck next
  says "Data changed: split train: 6 samples, now 8"
}

test_failed_trial() {
  expect 1 search two.pbtxt --work-dir broken --set train.optimizer.lr=1e35
  says "seg, seed 0 failed with exit code 1; its log is broken/trials/seg/seed_0.log"
  says "lower the learning rate"
}

test_stop() {
  "$tasuki" search two.pbtxt --work-dir stopped >out.txt 2>&1 &
  local pid=$! code=0
  while [ ! -e stopped/trials/seg/seed_0.log ]; do
    kill -0 $pid || fail "the search ends before it is stopped"
    sleep 0.05
  done
  kill -TERM $pid
  wait $pid || code=$?
  [ $code = 1 ] || fail "SIGTERM ends the search with exit code $code"
  says "the same command goes on"
  # The training has ended with it: nobody holds the folder's lock.
  flock -n stopped/lock true || fail "a training outlives its search"
}

test_compare() {
  expect 0 compare two.pbtxt --work-dir table --jobs 2 --split test --set train.epochs=1
  says "single-task"
  says "delta_m, percent"
  there table/compare.{json,html} table/two/seed_0/eval_test.json \
    table/single_task/seg/seed_0/eval_test.json
  state table >before.txt
  expect 0 compare two.pbtxt --work-dir table --split test --set train.epochs=1
  cmp -s before.txt <(state table) || fail "a finished comparison trains nothing"
  expect 0 compare two.pbtxt --work-dir given --set train.epochs=1 \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  there given/compare.json
  [ ! -e given/single_task ] || fail "given baselines are not trained"
}

run_tests refusals kill_and_go_on measure next_config failed_trial stop compare
