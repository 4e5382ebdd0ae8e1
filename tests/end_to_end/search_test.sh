#!/bin/bash
# search_test.sh TASUKI WORK PYTHON: choosing transfers with the program: a search that is killed and
# goes on, its decision, the config that it writes, a recheck, and a comparison.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"

cat >tiny.pbtxt <<'CONFIG'
name: "tiny"
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
  task { name: "normal" kind { [tasuki/Normals] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
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

# Two of its tasks, for what takes many trainings.
cat >two.pbtxt <<'CONFIG'
base: "tiny.pbtxt"
remove: "model.task[normal]"
name: "two"
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
  expect 2 search tiny.pbtxt --strategy enumerat
  says 'did you mean "enumerate"?'
  expect 2 search tiny.pbtxt --target sge
  says 'did you mean "seg"?'
  expect 2 search tiny.pbtxt --seeds 0
  expect 2 search tiny.pbtxt --set 'model.architecture=[tasuki/HardSharing]{}'
  says "model.self_auxiliary"
  expect 2 search tiny.pbtxt --strategy tag --affinity-every 100
  says "--affinity-every 100: a training has only 6 steps"
  expect 2 search tiny.pbtxt --set train.warmup_steps=6
  says "train.warmup_steps: a training has only 6 steps, and the warm-up takes 6 of them"
  expect 2 compare tiny.pbtxt --set data.loader.batch_size=7
  says "data.loader.batch_size: split train has 6 samples, less than one batch"
  expect 2 search tiny.pbtxt --set train.seed=18446744073709551000
  says "train.seed: 18446744073709551000 is too large"
  expect 2 search tiny.pbtxt --recheck nowhere
  says "--recheck takes no CONFIG"
  for option in --margin --least-gain --most-loss --confidence; do
    expect 2 search tiny.pbtxt $option nan
    says "$option: nan is not a number from "
  done
  cp tiny.pbtxt lock.pbtxt
  expect 2 compare lock.pbtxt
  says "a comparison has something of its own that is called lock"
  expect 2 compare tiny.pbtxt --split tset
  says '--split: the data set has no split "tset" (did you mean "test"?)'
  expect 2 compare tiny.pbtxt --baseline nowhere
  says "--baseline nowhere: this is no work dir of a finished training"
  [ ! -e work_dirs ] || fail "what is refused leaves no folder"
  # The folder of a training is no place for a search.
  mkdir training
  echo 'name: "mine"' >training/config.pbtxt
  expect 2 search tiny.pbtxt --work-dir training
  says "training is the folder of something else"
  [ "$(cat training/config.pbtxt)" = 'name: "mine"' ] || fail "a refused search changes nothing"
}

# A margin that includes every transfer: what runs this small find out differs between machines.
all=(--work-dir search --margin=-1000 --verdict-seeds 0)

# Killed as soon as two trials are finished, and started again: nothing finished is repeated.
test_kill_and_go_on() {
  "$tasuki" search tiny.pbtxt "${all[@]}" --jobs 2 >killed.txt 2>&1 &
  local pid=$!
  while [ "$(finished search | wc -l)" -lt 2 ]; do
    kill -0 $pid || fail "the search ends before it is killed"
    sleep 0.05
  done
  kill -9 $pid
  wait $pid 2>/dev/null || true
  state search >before.txt
  [ "$(wc -l <before.txt)" -ge 8 ] || fail "what is finished has four files"
  [ ! -e search/decision.json ] || fail "the search is killed before its decision"
  expect 2 search tiny.pbtxt --work-dir search --margin 1
  says "holds another search: its --margin is -1000, now 1"
  expect 2 search tiny.pbtxt "${all[@]}" --set train.epochs=3
  says 'was "epochs: 2" and now is "epochs: 3"'
  expect 2 search tiny.pbtxt "${all[@]}" --set data.dataset.val_size=4
  says "holds another search"
  expect 0 search tiny.pbtxt "${all[@]}"
  says "Report: search/decision.html"
  there search/{search.json,config.pbtxt,selection.pbtxt,decision.json,decision.html}
  state search >after.txt
  [ -z "$(comm -23 <(sort before.txt) <(sort after.txt))" ] || fail "a finished trial is repeated"
  # Six trainings and the chosen model.
  for trial in seg depth normal seg+depth seg+normal depth+normal; do
    there "search/trials/$trial/seed_0/best.safetensors"
  done
}

test_again_and_more() {
  state search >before.txt
  expect 0 search tiny.pbtxt "${all[@]}" --target depth --least-gain 1000 --confidence 0
  says "Do not adopt"
  cmp -s before.txt <(state search) || fail "another rule trains nothing"
  # A further strategy: its own trials are all that is trained.
  expect 0 search tiny.pbtxt "${all[@]}" --strategy enumerate,tag,cosine --affinity-every 1
  says "[1/1] seg+depth+normal@affinity"
  state search >after.txt
  [ -z "$(comm -23 <(sort before.txt) <(sort after.txt))" ] || fail "a finished trial is repeated"
  holds "
import json
d = json.load(open('search/decision.json'))
names = [s['name'] for s in d['strategies']]
assert names == ['enumerate', 'tag', 'cosine'], names
assert d['strategies'][0]['cost']['trainings'] == 6
assert abs(d['strategies'][0]['cost']['joint_epochs'] - 6) < 1e-9
for s in d['strategies'][1:]:
    assert 0 <= s['agreement_with_enumerate']['shared_decisions'] <= 6
"
}

# A damaged file of a trial is an error that says what to remove.
test_damaged_trial() {
  local place=search/trials/depth/seed_0
  mv $place/last.safetensors kept.safetensors
  head -c 100 kept.safetensors >$place/last.safetensors
  expect 1 search tiny.pbtxt "${all[@]}"
  says "$place/last.safetensors"
  says "; remove $place, and the same command makes it anew"
  # Unfinished, with a config that can't be read.
  rm $place/last.safetensors
  cp -p $place/config.pbtxt kept.pbtxt
  head -c 100 kept.pbtxt >$place/config.pbtxt
  expect 1 search tiny.pbtxt "${all[@]}"
  says "where one of them is damaged, remove $place, and the same command makes it anew"
  mv kept.pbtxt $place/config.pbtxt
  mv kept.safetensors $place/last.safetensors
}

# Both candidates over one epoch, the better one over two, each beside its target alone; a seed that
# chose nothing judges.
test_halving() {
  # A data set may have no test split of its own.
  local halving=(--work-dir halved --strategy halving --set data.test_split=val
    --verdict-seeds 1)
  expect 0 search two.pbtxt "${halving[@]}" --jobs 2
  expect 0 search two.pbtxt "${halving[@]}"
  ! grep -q "1/1" out.txt || fail "the second search trains nothing"
  there "halved/trials/depth,seg~depth@1/seed_0/best.safetensors" \
    "halved/trials/seg,depth~seg@1/seed_0/best.safetensors" halved/decision.json
  holds "
import json
d = json.load(open('halved/decision.json'))
cost = d['strategies'][0]['cost']
assert cost['trainings'] == 6 and cost['epochs'] == 8, cost
assert d['seeds'] == [0] and d['verdict_seeds'] == [1000] and not d['verdict']['exploratory'], d
for model in d['inference']['before']['checkpoints'] + d['inference']['after']['checkpoints']:
    assert 'seed_1000' in model['checkpoint'], model
training = d['training']
assert training['choosing']['trainings'] == 6, training
assert training['verdict']['trainings'] == len({m['checkpoint'] for side in d['inference'].values()
                                                for m in side['checkpoints']}), training
"
}

# A task without a figure in the protocol has no gain, and the joint model is asked for twice.
test_unmeasured_task() {
  expect 0 search two.pbtxt --work-dir unmeasured --strategy enumerate,cosine --affinity-every 1 \
    --joint --jobs 2 --verdict-seeds 0 --set train.epochs=1 --set 'protocol.metric="seg.miou"'
  says "adopt"
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
  # Another selection than the run was trained by says nothing about the run.
  cp search/selection.pbtxt kept.pbtxt
  sed -i 's/included: true/included: false/' search/selection.pbtxt
  sed -i '0,/included: false/s//included: true/' search/selection.pbtxt
  expect 2 search --recheck next
  says "has changed since next was trained: it includes "
  mv kept.pbtxt search/selection.pbtxt
  # Other data: every decision is in doubt.
  sed -i 's/train_size: 6/train_size: 8/' next/config.pbtxt
  expect 1 search --recheck next
  says "Data changed: split train: 6 samples, now 8"
  expect 2 search --recheck search/trials/seg/seed_0
  says "not based on a search"
}

test_failed_trial() {
  expect 1 search tiny.pbtxt --work-dir broken --set train.optimizer.lr=1e35
  says "its log is broken/trials/seg/seed_0.log"
  says "lower the learning rate"
}

test_stop() {
  "$tasuki" search tiny.pbtxt --work-dir stopped >out.txt 2>&1 &
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
  sed 's/channels: 8/channels: 12/g; /name: "normal"/d; s/name: "tiny"/name: "wide"/' tiny.pbtxt >wide.pbtxt
  expect 0 compare two.pbtxt wide.pbtxt --work-dir table --jobs 2 --seeds 2 --split test \
    --set train.epochs=1
  says "single-task"
  says "delta_m, percent"
  there table/compare.{json,html} table/wide/seed_1/eval_test.json \
    table/single_task/seg/seed_0/eval_test.json
  state table >before.txt
  expect 0 compare two.pbtxt wide.pbtxt --work-dir table --seeds 2 --split test --set train.epochs=1
  cmp -s before.txt <(state table) || fail "a finished comparison trains nothing"
  expect 2 compare two.pbtxt --work-dir table --seeds 2 --set train.epochs=2
  says 'was "epochs: 1" and now is "epochs: 2"'
  expect 2 compare wide.pbtxt --work-dir table --seeds 2 --set train.epochs=1
  says "alone by another config"
  # With fewer seeds it goes on, and says what it leaves aside.
  expect 0 compare two.pbtxt --work-dir table --set train.epochs=1
  says "Left aside in table, their seeds are not asked for: seed 1 (two, wide)"
  says "Left aside in table/single_task, their seeds are not asked for: seed 1 (depth, seg)"
  expect 2 compare two.pbtxt --work-dir table --seeds 2 --set train.epochs=1 \
    --set 'data.dataset=[tasuki/Rooms]{height:32 width:40 train_size:6 val_size:3 test_size:3 seed:9}'
  says "the data have changed: split train: the same ids, but other images or labels"
  # A later call has its own number of jobs, but trains with the threads of the first one.
  expect 0 compare two.pbtxt wide.pbtxt --work-dir table --seeds 3 --set train.epochs=1
  cmp -s <(grep -o 'threads: [0-9]*' table/two/seed_0.pbtxt) \
    <(grep -o 'threads: [0-9]*' table/two/seed_2.pbtxt) || fail "a later seed has other threads"
  expect 2 compare two.pbtxt --work-dir given --set train.epochs=1 \
    --baseline table/single_task/seg/seed_0
  says 'task "depth" of two has no single-task run'
  expect 2 compare two.pbtxt --work-dir given --set train.epochs=1 --baseline table/two/seed_0
  says "it predicts seg, depth, not one task alone"
  expect 0 compare two.pbtxt --work-dir given --set train.epochs=1 \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  there given/compare.json
  expect 2 compare two.pbtxt --work-dir other --set train.epochs=1 --set protocol.name=other \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  says 'its protocol is "", and that of two is "other"'
  expect 2 compare two.pbtxt --work-dir other --set train.epochs=1 --set data.validation_split=test \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  says "its data are not those of two: line "
  # A selection that changes makes another config of the same text.
  printf 'base: "two.pbtxt"\nmodel { self_auxiliary { [tasuki/FromSearch] { file: "by.pbtxt" } } }\n' >by_file.pbtxt
  echo 'transfer { from: "seg" to: "depth" included: true }' >by.pbtxt
  expect 0 compare by_file.pbtxt --work-dir by --set train.epochs=1 \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  echo 'transfer { from: "depth" to: "seg" included: true }' >by.pbtxt
  expect 2 compare by_file.pbtxt --work-dir by --set train.epochs=1 --seeds 2 \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  says 'line 1 of the self-auxiliaries was "seg->depth" and now is "depth->seg"'
  [ ! -e given/single_task ] || fail "given baselines are not trained"
  # What is wrong with the last config is said before the first one is trained.
  printf 'base: "two.pbtxt"\nmodel { self_auxiliary { [tasuki/FromSearch] {} } }\n' >nowhere.pbtxt
  expect 2 compare two.pbtxt nowhere.pbtxt --work-dir untrained --set train.epochs=1
  says "nowhere.pbtxt:2:"
  says "self_auxiliary[0].file: is missing"
  [ ! -e untrained ] || fail "a comparison is begun that can't be finished"
  # A config's own number of threads is its own: not that of the configs after it.
  printf 'base: "two.pbtxt"\ntrain { threads: 3 }\n' >own.pbtxt
  expect 0 compare own.pbtxt wide.pbtxt --work-dir threads --set train.epochs=1 \
    --baseline table/single_task/seg/seed_0 --baseline table/single_task/depth/seed_0
  grep -q 'threads: 3' threads/own/seed_0.pbtxt || fail "a config's own threads are left out"
  ! grep -q 'threads: 3' threads/wide/seed_0.pbtxt || fail "a config has another one's threads"
}

run_tests refusals kill_and_go_on again_and_more damaged_trial halving unmeasured_task next_config failed_trial stop compare
