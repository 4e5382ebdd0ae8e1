#!/bin/bash
# program_test.sh TASUKI WORK PYTHON: what a user does with the program, from training to figures.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"
source "$here/small_configs.sh"

test_help() {
  expect 0 --version
  says "libtorch "
  says "LibTorch's build: C"  # CPU, or CUDA with its release
  expect 0 --help
  local commands
  commands=$(sed -n '/^Subcommands:/,$p' out.txt | awk '/^  [a-z]/ { print $1 }')
  [ "$(wc -w <<<"$commands")" -ge 7 ] || fail "--help lists the subcommands"
  for command in $commands; do
    expect 0 "$command" --help
    says "Example"
  done
  expect 0 data check --help
  says "Example"
}

test_usage_errors() {
  expect 2
  expect 2 trian tiny.pbtxt
  says 'there is no command "trian" (did you mean "train"?)'
  expect 2 data chek tiny.pbtxt
  says 'there is no command "data chek" (did you mean "data check"?)'
  expect 2 train
  expect 2 train no_such_file.pbtxt
  says "no_such_file.pbtxt"
  expect 2 config tiny.pbtxt --set train.epoch=3
  says 'did you mean "epochs"?'
  sed 's/FCNHead/FCNHaed/' tiny.pbtxt >bad_plugin.pbtxt
  expect 2 train bad_plugin.pbtxt --work-dir bad
  says 'bad_plugin.pbtxt:12:'
  says 'did you mean "tasuki/FCNHead"?'
  sed 's/depth: 18/dept: 18/' tiny.pbtxt >bad_field.pbtxt
  expect 2 train bad_field.pbtxt --work-dir bad
  says 'bad_field.pbtxt:10:'
  says 'did you mean "depth"?'
  expect 2 train tiny.pbtxt --work-dir bad --set model.encoder.depth=17
  says 'model.encoder.depth'
  [ ! -e bad ] || fail "a config that is refused leaves no work dir"
  expect 2 plugins tasuki/ResNte
  says 'did you mean "tasuki/ResNet"?'
  expect 2 plugins ResNte
  says 'did you mean'
  expect 2 plugins --plugin no_such_module.so
  says "no_such_module.so"
}

test_config_and_plugins() {
  expect 0 config folder.pbtxt --set train.epochs=9
  says "epochs: 9"
  cp out.txt resolved.pbtxt
  expect 0 config resolved.pbtxt
  cmp -s out.txt resolved.pbtxt || fail "a resolved config resolves to itself"
  expect 0 config folder.pbtxt --origin --set train.epochs=9
  grep -qE "epochs: 9.*# --set" out.txt || fail "--origin names --set"
  grep -qE "lr: 0.001.*# .*tiny.pbtxt:19" out.txt || fail "--origin names file and line"
  grep -qE "align_corners: true +# default" out.txt || fail "--origin tells defaults"
  expect 0 config folder.pbtxt --given
  ! grep -q "align_corners" out.txt || fail "--given leaves defaults out"
  expect 0 plugins
  for text in Encoder tasuki/ResNet output_stride tasuki/Rooms tasuki/depth; do says "$text"; done
  expect 0 plugins tasuki/DeepLabHead
  says "rates: repeated uint32 = [12, 24, 36]; 1 to 4096"
  expect 0 plugins DeepLabHead
  says "  tasuki/DeepLabHead  ("
  expect 0 plugins Weighting
  says "  tasuki/UPGrad"
  ! grep -q "max_norm" out.txt || fail "the list of a kind has no options"
  expect 0 plugins CAGrad
  says "        max_d min_i g_i . d   with  |d - g_0| <= c |g_0|"
  says "FEATURES: Gradients on the features where the routes part"
}

test_train_and_resume() {
  expect 0 train tiny.pbtxt --work-dir run
  says "Report: run/report.html"
  there run/{config.pbtxt,train.log,history.jsonl,metrics.json,best.safetensors,last.safetensors} \
    run/report.html
  [ "$(wc -l <run/history.jsonl)" = 2 ] || fail "history.jsonl has a line an epoch"
  expect 2 train tiny.pbtxt --work-dir run
  says "--resume"
  expect 2 train tiny.pbtxt --work-dir run --resume --set train.optimizer.lr=1
  says "another config"
  says 'was "lr: 0.001" and now is "lr: 1"'
  expect 2 train tiny.pbtxt --work-dir elsewhere --resume
  says "no run to resume"
  expect 1 train tiny.pbtxt --work-dir diverged --set train.optimizer.lr=1e35
  says "lower the learning rate"

  # Killed in the middle, wherever that is, and resumed: the same as the run that went through.
  "$tasuki" train tiny.pbtxt --work-dir killed >out.txt 2>&1 &
  local pid=$!
  while [ ! -s killed/last.safetensors ] && kill -0 $pid; do sleep 0.05; done
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  there killed/last.safetensors
  expect 0 train tiny.pbtxt --work-dir killed --resume
  "$python" - <<'PYTHON' || fail "a resumed run differs from an unbroken one"
import json
def lines(path):
    with open(path) as file:
        found = [json.loads(line) for line in file]
    for line in found:
        del line["seconds"], line["waited"]
    return found
assert lines("run/history.jsonl") == lines("killed/history.jsonl")
PYTHON
}

# A work dir belongs to one process; a resumed run says what is another one now.
test_work_dir() {
  "$tasuki" train tiny.pbtxt --work-dir shared --set train.epochs=200 >first.txt 2>&1 &
  local pid=$!
  for _ in $(seq 600); do
    [ ! -s shared/last.safetensors ] || break
    sleep 0.05
  done
  touch shared/.last.safetensors.tmp-1-0
  expect 1 train tiny.pbtxt --work-dir shared --set train.epochs=200 --resume
  says "shared: another tasuki (process $pid on "
  [ -e shared/.last.safetensors.tmp-1-0 ] || fail "who has no lock changes nothing"
  kill -TERM $pid
  wait $pid 2>/dev/null || true
  [ "$(find shared -name '.*.tmp-*' | wc -l)" = 1 ] || fail "a signal leaves a temporary file"
  local ended epochs
  ended=$("$python" -c "import json; print(json.load(open('shared/metrics.json'))['epochs_done'])")
  epochs=(--set "train.epochs=$((ended + 1))")
  expect 2 train tiny.pbtxt --work-dir shared --resume "${epochs[@]}" --set train.threads=1 \
    --set data.dataset.train_size=4
  says 'is of another config: line '
  expect 2 train tiny.pbtxt --work-dir shared --resume "${epochs[@]}" --set train.threads=64
  says "--accept-other-machine"
  expect 0 train tiny.pbtxt --work-dir shared --resume "${epochs[@]}" --set data.loader.workers=0
  says "train.epochs was 200 and now is $((ended + 1))"
  grep -q "train.epochs was 200" shared/metrics.json || fail "a note is part of the results"
  [ "$(find shared -name '.*.tmp-*' | wc -l)" = 0 ] || fail "leftovers of the dead stay"
}

# Weights of another run to begin with.
test_init() {
  expect 2 train tiny.pbtxt --work-dir begun --init-partial
  expect 1 train tiny.pbtxt --work-dir begun --init run/best.safetensors \
    --set 'model.task[seg].decoder.channels=12'
  says "--init-partial takes the "
  [ ! -e begun ] || fail "a run without its first weights leaves no work dir"
  expect 0 train tiny.pbtxt --work-dir begun --init run/best.safetensors --init-partial \
    --set 'model.task[seg].decoder.channels=12' --set train.epochs=1
  says "note: initial weights from run/best.safetensors, epoch "
  says "; drawn anew ("
  expect 2 train tiny.pbtxt --work-dir begun2 --set 'model.encoder.pretrained="run/best.safetensors"'
  says "tasuki train --init run/best.safetensors"
}

# Pretrained weights are for the start of a run: whatever has a checkpoint does without their file.
test_pretrained() {
  "$python" "$here/make_pretrained.py" run/best.safetensors encoder.safetensors
  local with='model.encoder.pretrained="encoder.safetensors"'
  expect 0 train tiny.pbtxt --work-dir fine_tuned --set "$with"
  ! cmp -s run/best.safetensors fine_tuned/best.safetensors || fail "pretrained weights are used"
  mv encoder.safetensors elsewhere.safetensors
  expect 2 train tiny.pbtxt --work-dir no_weights --set "$with"
  says "model.encoder.pretrained"
  says "encoder.safetensors"
  [ ! -e no_weights ] || fail "a run without its pretrained weights leaves no work dir"
  expect 0 train tiny.pbtxt --work-dir fine_tuned --set "$with" --resume
  expect 0 eval tiny.pbtxt fine_tuned/best.safetensors --set "$with"
  expect 0 predict tiny.pbtxt fine_tuned/best.safetensors frames/image/frame2.png -o fine --set "$with"
  # Killed before its first checkpoint, it begins anew, and so needs them.
  rm fine_tuned/last.safetensors
  expect 2 train tiny.pbtxt --work-dir fine_tuned --set "$with" --resume
  says "model.encoder.pretrained"
  mv elsewhere.safetensors encoder.safetensors
  expect 0 train tiny.pbtxt --work-dir fine_tuned --set "$with" --resume
}

# Self-auxiliaries train with the others; evaluation and prediction do without them.
test_self_auxiliaries() {
  local with='model.self_auxiliary={[tasuki/Transfers]{edge{from:"normal" to:"seg"}}}'
  local alone='model.task[normal].joint=false'
  expect 0 train tiny.pbtxt --work-dir helped --set train.epochs=1 --set "$with" --set "$alone"
  says "normal->seg"
  expect 0 eval tiny.pbtxt helped/best.safetensors --set "$alone" -o helped/plain
  mv helped/plain/eval_test.json helped/plain.json
  expect 0 eval tiny.pbtxt helped/best.safetensors --set "$with" --set "$alone" -o helped/plain
  "$python" "$here/compare_figures.py" helped/plain.json helped/plain/eval_test.json 0 2>out.txt ||
    fail "the figures of a network do not depend on how it was trained"
  expect 0 predict tiny.pbtxt helped/last.safetensors frames/image/frame2.png -o helped/predicted \
    --set "$with" --set "$alone"
  there helped/predicted/depth/frame2.png
  [ ! -e helped/predicted/normal ] || fail "only what the model predicts is written"
}

# What is deployed: the network without what was there for training only, and several as one.
test_export() {
  local with='model.self_auxiliary={[tasuki/Transfers]{edge{from:"normal" to:"seg"}}}'
  local alone='model.task[normal].joint=false'
  expect 0 export tiny.pbtxt helped/last.safetensors -o joint.safetensors --set "$with" --set "$alone"
  says "joint.safetensors: seg, depth; "
  expect 0 train tiny.pbtxt --work-dir never_helped --set train.epochs=1 --set "$alone"
  "$python" - joint.safetensors never_helped/best.safetensors helped/last.safetensors <<'COMPARE' ||
import json, sys
def header(file):
    with open(file, "rb") as f:
        return json.loads(f.read(int.from_bytes(f.read(8), "little")))
def shapes(file):
    return {k: (v["dtype"], v["shape"]) for k, v in header(file).items() if k != "__metadata__"}
exported, plain = shapes(sys.argv[1]), shapes(sys.argv[2])
assert exported == plain, set(exported) ^ set(plain)
assert any("normal->seg" in name for name in shapes(sys.argv[3]))
assert "normal->seg" not in json.dumps(header(sys.argv[1]))
COMPARE
    fail "an exported network has the tensors of one that never had self-auxiliaries"
  expect 0 predict tiny.pbtxt joint.safetensors frames/image/frame2.png -o exported --set "$alone"
  diff -r -x .tasuki_outputs exported helped/predicted >out.txt || fail "exporting changes no prediction"
  cp helped/last.safetensors kept.safetensors
  expect 2 export tiny.pbtxt kept.safetensors -o ./kept.safetensors --set "$with" --set "$alone"
  says "is the checkpoint itself"
  cmp kept.safetensors helped/last.safetensors || fail "a refused export changes nothing"
  expect 2 export tiny.pbtxt kept.safetensors -o frames --set "$alone"
  says "-o frames: is a folder"
  expect 2 predict tiny.pbtxt frames/image/*.png -o x --set "$alone"
  says "is an image where a checkpoint belongs"
  expect 2 predict tiny.pbtxt joint.safetensors joint.safetensors -o x
  says "joint.safetensors is a checkpoint"
  expect 2 predict tiny.pbtxt joint.safetensors frames/image -o tiny.pbtxt --set "$alone"
  says "-o tiny.pbtxt: is a file, not a folder"
  expect 1 export tiny.pbtxt frames/image/frame2.png -o x.safetensors
  says "frames/image/frame2.png"
  [ ! -e x.safetensors ] || fail "a failed export leaves no file"

  # The task that was left out has a model of its own; together they predict all.
  expect 0 train tiny.pbtxt --work-dir single --set train.epochs=1 \
    --set model.task[seg].joint=false --set model.task[depth].joint=false
  expect 0 eval tiny.pbtxt joint.safetensors single/best.safetensors -o together
  says "depth        abs_err"
  says "normal       mean"
  expect 0 predict tiny.pbtxt joint.safetensors single/best.safetensors frames/image -o all_three
  says "5 images"
  there all_three/seg/frame4.png all_three/normal/frame4.npy
  cmp all_three/depth/frame2.npy exported/depth/frame2.npy || fail "each predicts as it does alone"
  expect 2 eval tiny.pbtxt joint.safetensors joint.safetensors
  says "say with -o DIR where their figures go"
  expect 2 eval tiny.pbtxt joint.safetensors joint.safetensors -o twice
  says 'task "seg" is predicted by joint.safetensors and by joint.safetensors'
}

test_complexity() {
  local with='model.self_auxiliary={[tasuki/Transfers]{edge{from:"normal" to:"seg"}}}'
  expect 0 complexity tiny.pbtxt --set "$with"
  says "tiny.pbtxt: one image of 32x40 (height x width)"
  says "decoder.normal->seg"
  says "training only"
  # At this size the price of a small head is more than what is rounded away.
  expect 0 complexity tiny.pbtxt --set "$with" --size 128 160
  cp out.txt helped.txt
  expect 0 complexity tiny.pbtxt --size 128 160
  "$python" - helped.txt out.txt <<'COMPARE' 2>errors.txt || fail "self-auxiliaries cost in training only"
import sys
def table(file):
    rows = {}
    for line in open(file):
        for name in ("parameters", "forward, GFLOPs"):
            if line.startswith(name):
                rows.setdefault(name, [float(x) for x in line[len(name):].split()])
    return rows
helped, plain = (table(file) for file in sys.argv[1:])
for name, (training, inference, ratio) in plain.items():
    assert training == inference and ratio == 1, (name, plain)
    assert helped[name][1] == inference, (name, helped, plain)
    assert helped[name][0] > training, (name, helped, plain)
assert len(plain) == 2
COMPARE
  expect 0 complexity tiny.pbtxt --size 64 80 --set 'data={}'
  says "one image of 64x80"
  expect 0 complexity tiny.pbtxt --size 64 80 --set 'train.no_decay=[NORM]' --parameters
  says "decay x  frozen"
  says "decoder.seg"
  says "NORM"
  expect 2 complexity tiny.pbtxt --size 64 80 --set 'train.parameters={pattern:"decoder.sge.*"}'
  says 'did you mean "decoder.seg.*"?'
  expect 1 complexity folder.pbtxt --data-root nowhere
  says "--size HEIGHT WIDTH"
  expect 2 complexity tiny.pbtxt --size 64
  expect 2 complexity tiny.pbtxt --size 0 64
  says "0 is not a whole number above 0"
  expect 2 complexity tiny.pbtxt --set data.train_split=trian
  says 'did you mean "train"?'
}

test_eval_and_predict() {
  expect 0 eval tiny.pbtxt run/best.safetensors
  there run/eval_test.json run/eval_test.html
  expect 0 eval folder.pbtxt run/best.safetensors --data-root . -o of_model
  says "split test, 2 samples"
  expect 0 predict folder.pbtxt run/best.safetensors frames/image -o predicted
  says "5 images"
  for task in seg depth normal; do
    there "predicted/$task/frame4.png" "predicted/${task}_colour/frame4.png"
  done
  there predicted/depth/frame4.npy predicted/normal/frame4.npy
  expect 0 eval folder.pbtxt --predictions predicted --data-root . -o of_files
  "$python" "$here/compare_figures.py" of_model/eval_test.json of_files/eval_test.json 1e-5 \
    2>out.txt || fail "predictions have the figures of the model"
  # 16-bit depth is millimetres, 8-bit normals are a degree or so off.
  rm predicted/*/*.npy
  expect 0 eval folder.pbtxt --predictions predicted --data-root . -o of_pictures
  "$python" "$here/compare_figures.py" of_model/eval_test.json of_pictures/eval_test.json 0.05 \
    2>out.txt || fail "picture files have nearly the figures of the model"
  rm predicted/seg/frame4.png
  expect 1 eval folder.pbtxt --predictions predicted --data-root . -o of_files
  says "predicted/seg/frame4"

  # Padding that the network saw is no part of the prediction.
  expect 0 eval padded.pbtxt run/best.safetensors --data-root . -o of_padded
  expect 0 predict padded.pbtxt run/best.safetensors frames/image -o predicted_padded
  expect 0 eval folder.pbtxt --predictions predicted_padded --data-root . -o of_padded_files
  "$python" "$here/compare_figures.py" of_padded/eval_test.json of_padded_files/eval_test.json \
    1e-5 2>out.txt || fail "predictions through a padding pipeline have the figures of the model"
  # At twice the size on the way they have nearly those that the model has there.
  local larger='data.eval_pipeline=[{[tasuki/Resize]{height:62 width:90}}, {[tasuki/Pad]{}}, {[tasuki/Normalize]{}}]'
  expect 0 eval padded.pbtxt run/best.safetensors --data-root . -o of_large --set "$larger"
  expect 0 predict padded.pbtxt run/best.safetensors frames/image -o predicted_large --set "$larger"
  expect 0 eval folder.pbtxt --predictions predicted_large --data-root . -o of_large_files
  "$python" "$here/compare_figures.py" of_large/eval_test.json of_large_files/eval_test.json 0.1 \
    2>out.txt || fail "predictions at another size have nearly the figures of the model"

  # No other split has to be there than the one that is evaluated.
  expect 0 eval folder.pbtxt run/best.safetensors --data-root . -o of_model \
    --set data.train_split=gone --set data.validation_split=gone
  expect 0 eval folder.pbtxt run/best.safetensors --data-root . -o of_model --split val
  expect 2 eval folder.pbtxt run/best.safetensors --data-root . --set data.test_split=tset
  says 'data.test_split: the data set has no split "tset" (did you mean "test"?)'

  expect 0 predict tiny.pbtxt run/best.safetensors frames/image/frame2.png -o one
  there one/depth/frame2.png
  expect 2 predict tiny.pbtxt run/best.safetensors no_such.png -o one
  says "no_such.png"
  expect 2 eval tiny.pbtxt
  says "either a CHECKPOINT or --predictions"
  expect 2 eval tiny.pbtxt run/best.safetensors --split tset
  says 'did you mean "test"?'
  expect 1 eval tiny.pbtxt no_such.safetensors
  says "no_such.safetensors"
  expect 1 eval tiny.pbtxt tiny.pbtxt
  says "not a valid safetensors file"
  expect 1 eval tiny.pbtxt run/best.safetensors --set 'model.architecture=[tasuki/HardSharing]{}'
  says "missing: "
}

# The pages that the runs above left, as a browser shows them.
test_reports_in_a_browser() {
  if ! command -v chromium >/dev/null; then
    echo "skipped: there is no chromium"
    return
  fi
  "$python" "$here/check_report.py" run/report.html \
    metrics curves confusion predictions reproduce 2>out.txt || fail "run/report.html is sound"
  "$python" "$here/check_report.py" run/eval_test.html \
    metrics confusion predictions reproduce 2>out.txt || fail "run/eval_test.html is sound"
}

test_bench() {
  expect 0 bench tiny.pbtxt --steps 1 --samples 4
  says "plain fp32"
  says "ms a sample"
  expect 2 bench tiny.pbtxt --steps 0
  expect 0 bench tiny.pbtxt --steps 1 --steps-per-turn 2 --weighting '[tasuki/PCGrad]{}' \
    --weighting '[tasuki/AutoLambda]{every: 2}' --set 'model.self_auxiliary={[tasuki/AllPairs]{}}'
  says "AutoLambda {every: 2} + self-auxiliaries"
  [ "$(grep -c "^EW\|^PCGrad\|^AutoLambda" out.txt)" = 6 ] || fail "a row each"
  expect 2 bench --weighting '[tasuki/PCGrad]{}' tiny.pbtxt --no-step
  says "--no-step leaves nothing to measure"
  expect 2 bench tiny.pbtxt --weighting '[tasuki/PCGrda]{}'
  says '--weighting [tasuki/PCGrda]{}: there is no Weighting "tasuki/PCGrda" (did you mean "tasuki/PCGrad"?)'
  expect 2 bench tiny.pbtxt --weighting PCGrad
  says "in braces: '[tasuki/PCGrad]{}'"
  expect 2 bench tiny.pbtxt --weighting all --weighting '[tasuki/EW]{}'
  says "give it once and alone"
  expect 2 bench tiny.pbtxt --weighting '[tasuki/PCGrad]{}' --samples 3
  says "--samples"
}

run_tests help usage_errors config_and_plugins train_and_resume work_dir init pretrained self_auxiliaries export \
  complexity eval_and_predict reports_in_a_browser bench
