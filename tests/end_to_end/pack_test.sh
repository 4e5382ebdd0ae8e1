#!/bin/bash
# pack_test.sh TASUKI WORK PYTHON: packs of samples, and training from them.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"
source "$here/small_configs.sh"

# same_history RUN OTHER: every figure of two runs but the seconds.
same_history() {
  holds "
import json
def lines(run):
    rows = [json.loads(line) for line in open(run + '/history.jsonl')]
    for row in rows:
        row.pop('seconds', None), row.pop('waited', None)
    return rows
assert lines('$1') and lines('$1') == lines('$2'), 'the histories differ'
"
}

test_pack_and_train() {
  expect 0 data pack folder.pbtxt --data-root . -o packs/frames.pack
  says "split train (train_pipeline): 2 samples"
  says "split test (eval_pipeline): 2 samples"
  says "packs/frames.pack: 5 samples, "
  says " MB a sample"
  says "Train from it: tasuki train folder.pbtxt --set data.pack=packs/frames.pack"
  [ "$(ls packs)" = frames.pack ] || fail "something lies beside the pack"
  expect 0 data pack folder.pbtxt --data-root . -o packs/frames.pack
  says "Nothing to do: packs/frames.pack is this pack already."

  expect 0 train folder.pbtxt --data-root . --work-dir raw
  expect 0 train folder.pbtxt --data-root . --work-dir packed --set data.pack=packs/frames.pack
  same_history raw packed
  # Neither the raw files nor the right to write beside the pack are needed.
  mv frames elsewhere
  chmod a-w packs packs/frames.pack
  expect 1 train folder.pbtxt --data-root . --work-dir none
  expect 0 train folder.pbtxt --work-dir alone --set data.pack=packs/frames.pack
  same_history raw alone
  expect 0 data check folder.pbtxt --set data.pack=packs/frames.pack
  says "split train (train_pipeline): 2 samples, 0 findings"
  says "Nothing found"
  expect 0 data browse folder.pbtxt --set data.pack=packs/frames.pack -n 2 --transformed \
    -o packed.html
  says "Samples: packed.html"
  expect 0 eval folder.pbtxt alone/best.safetensors --set data.pack=packs/frames.pack
  expect 0 predict folder.pbtxt alone/best.safetensors elsewhere/image/frame2.png -o drawn \
    --set data.pack=packs/frames.pack
  expect 0 complexity folder.pbtxt --set data.pack=packs/frames.pack
  chmod u+w packs packs/frames.pack
  mv elsewhere frames
}

test_pack_errors() {
  expect 2 train folder.pbtxt --work-dir none --set data.pack=packs/frames.pack \
    --set data.dataset.field[depth].scale=0.01
  says "data.pack: packs/frames.pack is a pack of something else: line "
  says 'of data.dataset was "scale: [0.001]" and now is "scale: [0.01]"'
  says '`tasuki data pack folder.pbtxt -o NEW_FILE` makes a pack of this config'
  expect 2 train padded.pbtxt --work-dir none --set data.pack=packs/frames.pack
  says "of data.eval_pipeline up to its first random transform was"
  expect 2 data pack padded.pbtxt --data-root . -o packs/frames.pack
  says "packs/frames.pack is a pack of something else"
  says "give another --output"
  expect 2 eval folder.pbtxt raw/best.safetensors --split train --set data.pack=packs/frames.pack
  says 'the pack has no split "train" behind eval_pipeline; it has: val, test'
  expect 1 train folder.pbtxt --work-dir none --set data.pack=nowhere.pack
  says "data.pack: nowhere.pack: there is no such file"
  expect 1 train folder.pbtxt --work-dir none --set data.pack=folder.pbtxt
  says "folder.pbtxt: is no LMDB file, or a damaged one"
  cp packs/frames.pack cut.pack
  truncate -s -4096 cut.pack
  expect 1 train folder.pbtxt --work-dir none --set data.pack=cut.pack
  says "cut.pack: is incomplete: it was cut off, or never came to its end"
  mv frames elsewhere
  expect 1 data pack folder.pbtxt --data-root . -o packs/none.pack
  says "--data-root"
  mv elsewhere frames
  truncate -s -40 frames/depth/frame1.png
  expect 1 data pack folder.pbtxt --data-root . -o packs/none.pack
  says "frames/depth/frame1.png"
  [ ! -e packs/none.pack ] || fail "there is a pack in spite of an error"
  [ ! -e none ] || fail "a run began in spite of an error"
}

# A pack that is killed in the middle goes on from there.
test_pack_killed() {
  local rooms=(tiny.pbtxt --set data.dataset.height=480 --set data.dataset.width=640
    --set data.dataset.train_size=40)
  "$tasuki" data pack "${rooms[@]}" -o rooms.pack >out.txt 2>&1 &
  # A commit is of 64 MiB and at most one sample more, and the next begins when it has ended: at
  # 100 MB the second is being written, so the first has come to stay.
  local pid=$! waited=0
  while [ "$(stat -c %s rooms.pack.part 2>/dev/null || echo 0)" -lt 100000000 ]; do
    kill -0 $pid || fail "data pack ends before it is killed"
    sleep 0.1
    waited=$((waited + 1))
    [ $waited -lt 3000 ] || fail "data pack commits nothing"
  done
  kill -9 $pid
  wait $pid 2>/dev/null || true
  [ ! -e rooms.pack ] || fail "an incomplete pack has its name"
  cp rooms.pack.part incomplete.pack
  expect 1 data check "${rooms[@]}" --set data.pack=incomplete.pack
  says "incomplete.pack: is incomplete"
  expect 2 data pack "${rooms[@]}" --set data.dataset.val_size=4 -o rooms.pack
  says 'rooms.pack.part is the beginning of another pack: line '
  expect 0 data pack "${rooms[@]}" -o rooms.pack
  says "Going on: "
  says "of 46 samples are there already"
  [ ! -e rooms.pack.part ] || fail "the beginning of the pack is left"
  expect 0 data check "${rooms[@]}" --set data.pack=rooms.pack
  says "split train (train_pipeline): 40 samples, 0 findings"
  says "Nothing found"
}

# A folder of shards: killed at any time, it goes on, and gives the same files.
test_shards() {
  local rooms=(tiny.pbtxt --set data.dataset.height=120 --set data.dataset.width=160
    --set data.dataset.train_size=20)
  expect 0 data pack "${rooms[@]}" -o whole --shard-samples 7
  says "split train (train_pipeline): 20 samples"
  says "whole: 26 samples in 5 shards, "
  expect 0 data pack "${rooms[@]}" -o whole
  says "Nothing to do: whole is this pack already."
  local made=0 pid
  while [ $made -lt 3 ]; do
    "$tasuki" data pack "${rooms[@]}" -o killed --shard-samples 7 >out.txt 2>&1 &
    pid=$!
    until [ -e "killed/shard-0000$made.pack" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    made=$((made + 1))
  done
  [ -e killed/index.pack ] || expect 0 data pack "${rooms[@]}" -o killed
  for file in whole/shard-*.pack; do
    [ -e "killed/$(basename "$file")" ] || fail "a shard is missing"
  done
  expect 0 data check "${rooms[@]}" --set data.pack=killed
  says "split train (train_pipeline): 20 samples, 0 findings"
  says "Nothing found"
  expect 0 train "${rooms[@]}" --work-dir sharded_raw
  expect 0 train "${rooms[@]}" --work-dir sharded --set data.pack=killed
  same_history sharded_raw sharded
  # On another disk, missing, and cut off.
  mkdir elsewhere
  mv killed/shard-00002.pack elsewhere
  expect 1 train "${rooms[@]}" --work-dir none --set data.pack=killed
  says "killed/shard-00002.pack: can't be found"
  says "put it back (a link to it will do)"
  ln -s ../elsewhere/shard-00002.pack killed/shard-00002.pack
  expect 0 data check "${rooms[@]}" --set data.pack=killed
  truncate -s -4096 killed/shard-00001.pack
  expect 1 train "${rooms[@]}" --work-dir none --set data.pack=killed
  says "killed/shard-00001.pack: has "
  rm killed/shard-00001.pack
  expect 0 data pack "${rooms[@]}" -o killed
  says "Going on: "
  expect 0 data check "${rooms[@]}" --set data.pack=killed
  expect 2 data pack "${rooms[@]}" -o elsewhere
  says "elsewhere is a folder without a pack"
  expect 2 data pack "${rooms[@]}" -o both --shard-size 1 --shard-samples 2
}

# Searches and comparisons hand it on to their trainings.
test_search_and_bench() {
  sed 's/test_size: 3/test_size: 2/' tiny.pbtxt >rooms.pbtxt
  expect 0 data pack rooms.pbtxt -o tiny.pack
  local options="--strategy tag --affinity-every 2 --work-dir search --set train.epochs=1"
  expect 0 search rooms.pbtxt $options --set data.pack=tiny.pack
  expect 2 search rooms.pbtxt $options
  says "holds another search: line "
  expect 0 bench rooms.pbtxt --set data.pack=tiny.pack --no-step --samples 4
  for row in "files, cold" "memory" "pack, cold"; do says "$row"; done
}

run_tests pack_and_train pack_errors pack_killed shards search_and_bench
