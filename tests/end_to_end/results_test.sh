#!/bin/bash
# results_test.sh TASUKI WORK PYTHON: where predictions and figures go, and what they never replace.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"
source "$here/small_configs.sh"

# sums FILE...: their checksums, to see that nothing changes.
sums() {
  md5sum "$@"
}

prepare() {
  sed -i 's/epochs: 2/epochs: 1/; s/train_size: 6/train_size: 2/' tiny.pbtxt
  expect 0 train tiny.pbtxt --work-dir run
  weights=run/best.safetensors
}

test_labels_stay() {
  sums frames/*/* >before.txt
  expect 2 predict folder.pbtxt $weights frames/image -o frames
  says "frames/seg/frame0.png: is there already and no result of tasuki, and nothing was written"
  sums frames/*/* | cmp -s before.txt - || fail "the labels are as they were"
  [ "$(ls frames | tr '\n' ' ')" = "depth image normal seg " ] || fail "nothing new lies beside them"
  # One file is enough, wherever its image comes in the order.
  mkdir -p mixed/depth
  cp frames/depth/frame3.png mixed/depth/
  expect 2 predict folder.pbtxt $weights frames/image -o mixed
  says "mixed/depth/frame3.png: is there already"
  [ "$(ls mixed)" = depth ] || fail "nothing is predicted where something can't be written"
}

test_inputs_and_results_stay() {
  mkdir -p in/a in/b
  cp frames/image/frame0.png in/a/1.png
  cp frames/image/frame1.png in/b/1.png
  expect 0 predict tiny.pbtxt $weights in -o out
  says "2 images, predictions in out"
  there out/seg/{a,b}/1.png out/normal/{a,b}/1.npy out/depth_colour/{a,b}/1.png
  # Again: the same images' results are made anew. Another image's are not replaced.
  expect 0 predict tiny.pbtxt $weights in -o out
  expect 0 predict tiny.pbtxt $weights in/a -o one
  sums one/*/* >before.txt
  expect 2 predict tiny.pbtxt $weights in/b -o one
  says "is the result of in/a/1.png"
  sums one/*/* | cmp -s before.txt - || fail "results of the first folder stay"
  # What somebody has corrected stays.
  cp frames/seg/frame0.png one/seg/1.png
  expect 2 predict tiny.pbtxt $weights in/a -o one
  says "one/seg/1.png: was changed since tasuki wrote it"
  cmp -s frames/seg/frame0.png one/seg/1.png || fail "a corrected prediction stays"
  # Into the folder of the images, twice: results are no images.
  cp -r in both
  expect 0 predict tiny.pbtxt $weights both -o both
  expect 0 predict tiny.pbtxt $weights both -o both
  says "2 images, predictions in both"
  says "Skipped 16 that are results of tasuki"
  # A folder of images that is called like a task.
  mkdir seg
  cp frames/image/frame0.png seg/
  expect 2 predict tiny.pbtxt $weights seg -o .
  says "seg/frame0.png: is there already and no result of tasuki"
  cmp -s frames/image/frame0.png seg/frame0.png || fail "an image stays"
  [ ! -e depth ] || fail "nothing is written"
}

test_broken_images() {
  mkdir photos
  for i in 1 2 3; do cp frames/image/frame$i.png photos/$i.PNG; done
  echo "<html>404</html>" >photos/0.jpg
  head -c 700 photos/2.PNG >photos/22.png
  touch photos/Thumbs.db photos/._1.PNG
  expect 1 predict tiny.pbtxt $weights photos -o photos_out
  says "3 images, predictions in photos_out"
  says "2 of 5 images can't be predicted:"
  says "photos/0.jpg: damaged, or not a picture"
  says "photos/22.png: truncated"
  says "Skipped 1 that have no ending of an image: photos/Thumbs.db"
  says "Skipped 1 that are hidden: photos/._1.PNG"
  there photos_out/seg/{1,2,3}.png photos_out/normal/3.npy
  [ "$(ls photos_out/seg | wc -l)" = 3 ] || fail "there is nothing of a broken image"
  cp photos/1.PNG photos/1.bmp
  expect 2 predict tiny.pbtxt $weights photos -o photos_out
  says "photos/1.PNG and photos/1.bmp have the same name but for the ending"
}

# Figures are of the very predictions that are written, with padding and without.
test_predictions_are_what_is_evaluated() {
  for config in folder padded; do
    expect 0 eval $config.pbtxt $weights --data-root . -o of_model_$config
    expect 0 predict $config.pbtxt $weights frames/image -o drawn_$config
    expect 0 eval folder.pbtxt --predictions drawn_$config --data-root . -o of_files_$config
    # Normals are made unit vectors again where they are read.
    holds "
import json
model, files = (json.load(open(f'of_{name}_$config/eval_test.json'))['tasks'] for name in ('model', 'files'))
for task in ('seg', 'depth'):
    assert model[task]['metrics'] == files[task]['metrics'], (model[task], files[task])
for name, value in model['normal']['metrics'].items():
    assert abs(value - files['normal']['metrics'][name]) < 1e-6, (name, value)
"
  done
}

test_random_pipelines() {
  expect 2 predict tiny.pbtxt $weights frames/image -o random \
    --set 'data.eval_pipeline=[{[tasuki/RandomFlip]{}},{[tasuki/Normalize]{}}]'
  says "data.eval_pipeline[0]: is random"
}

test_figures_and_files_stay() {
  expect 0 eval tiny.pbtxt $weights -o figures
  expect 0 eval tiny.pbtxt $weights -o figures
  cp run/last.safetensors other.safetensors
  sums figures/* >before.txt
  expect 2 eval tiny.pbtxt other.safetensors -o figures
  says "figures/eval_test.json: is the result of run/best.safetensors"
  sums figures/* | cmp -s before.txt - || fail "figures of another checkpoint stay"
  mkdir mine
  echo mine >mine/eval_test.html
  expect 2 eval tiny.pbtxt $weights -o mine
  says "mine/eval_test.html: is there already"
  [ "$(ls mine)" = eval_test.html ] || fail "no figures without their report"

  expect 0 export tiny.pbtxt $weights -o exported.safetensors
  expect 0 export tiny.pbtxt $weights -o exported.safetensors
  sums other.safetensors run/best.safetensors >before.txt
  expect 2 export tiny.pbtxt other.safetensors -o exported.safetensors
  says "is the result of run/best.safetensors"
  expect 2 export tiny.pbtxt other.safetensors -o run/best.safetensors
  says "run/best.safetensors: is there already and no result of tasuki"
  sums other.safetensors run/best.safetensors | cmp -s before.txt - || fail "checkpoints stay"

  expect 0 data browse tiny.pbtxt -n 1 -o page.html
  expect 0 data browse tiny.pbtxt -n 2 -o page.html
  echo mine >mine/page.html
  expect 2 data browse tiny.pbtxt -n 1 -o mine/page.html
  says "mine/page.html: is there already"
  # Commands that own a folder begin in none that holds what they would write.
  echo mine >mine/decision.html
  expect 2 search tiny.pbtxt --work-dir mine
  says "mine/decision.html is there already"
  echo mine >mine/compare.html
  expect 2 compare tiny.pbtxt --work-dir mine
  says "mine/compare.html is there already"
  echo mine >mine/frames.pack.part
  expect 1 data pack folder.pbtxt --data-root . -o mine/frames.pack
  says "mine/frames.pack.part"
  for file in eval_test.html page.html decision.html compare.html frames.pack.part; do
    [ "$(cat mine/$file)" = mine ] || fail "mine/$file stays"
  done
}

# Labels outside the range that is evaluated: said, and right where they are predicted.
test_label_range() {
  local alone=(--set model.task[seg].joint=false --set model.task[normal].joint=false)
  local range=(--set model.task[depth].kind.max_depth=2)
  mkdir perfect
  cp -r frames/depth perfect/
  local note="depth: 26.88 % of the labelled pixels lie outside 0.001 to 2 m and are not evaluated"
  expect 0 eval folder.pbtxt --predictions perfect --data-root . -o of_labels "${alone[@]}" "${range[@]}"
  says "Note: $note"
  holds "
import json
depth = json.load(open('of_labels/eval_test.json'))['tasks']['depth']
for name, value in depth['metrics'].items():
    assert value == (1 if name.startswith('delta') else 0), (name, value)
assert depth['out_of_range_pixels'] == 750 and depth['valid_pixels'] == 2 * 31 * 45 - 750, depth
"
  grep -qF "$note" of_labels/eval_test.html || fail "the report says it"
  expect 0 data check folder.pbtxt --data-root . "${alone[@]}" "${range[@]}"
  says "task $note"
  says "Nothing found"
  # Millimetres that are taken for metres.
  expect 1 data check folder.pbtxt --data-root . --set data.dataset.field[depth].scale=1
  says "task depth: 100.00 % of the labelled pixels lie outside 0.001 to 10 m"
  says "check the scale of the labels"
}

prepare
run_tests labels_stay inputs_and_results_stay broken_images predictions_are_what_is_evaluated random_pipelines \
  figures_and_files_stay label_range
