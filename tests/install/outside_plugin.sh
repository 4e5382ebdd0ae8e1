#!/bin/bash
# outside_plugin.sh SOURCE BUILD WORK: installs BUILD into a new prefix, moves that elsewhere, builds
# the example plugins against it, and trains and evaluates with them.
# CMAKE, CXX, CCACHE and Torch_DIR come from the build that is tested.
set -euo pipefail
source_root="$1" build="$2" work="$3"
unset LD_LIBRARY_PATH TASUKI_PLUGIN_PATH

fail() {
  echo "outside_plugin: $1" >&2
  exit 1
}

# expect FILE TEXT: the file has the text in it.
expect() {
  grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "\"$2\" is not in $1"; }
}

rm -rf "$work"
mkdir -p "$work"
cd "$work"

echo "-- installing"
"$CMAKE" --install "$build" --prefix "$work/prefix" >install.log
mv prefix elsewhere
prefix="$work/elsewhere"
tasuki="$prefix/bin/tasuki"
[ ! -e "$prefix"/bin/registry_test ] || fail "tests were installed"

echo "-- the installed program is whole"
ldd "$tasuki" >libraries.txt
expect libraries.txt "$prefix"
if grep -F -e "$build/lib/" -e "not found" libraries.txt; then fail "tasuki is not self-contained"; fi
modules=("$prefix"/lib*/tasuki/plugins/*.so)
for module in "${modules[@]}"; do
  cmp "$module" "$build/${module#"$prefix/"}"
done
"$tasuki" plugins >plugins.txt
expect plugins.txt "tasuki/ResNet"
if grep -F "$build/lib/" plugins.txt; then fail "modules of the build tree were loaded"; fi

# build_plugin EXAMPLE FOLDER: a copy of the example in FOLDER, built in FOLDER_build. As one file:
# LibTorch's headers, which most of its files include, take longer than all of it.
build_plugin() {
  cp -r "$source_root/docs/examples/$1" "$2"
  "$CMAKE" -S "$2" -B "$2_build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="-Wall -Wextra" \
    ${CCACHE:+-DCMAKE_CXX_COMPILER_LAUNCHER="$CCACHE"} >configure.log
  "$CMAKE" --build "$2_build" -j 2 >build.log || { cat build.log; fail "$1 does not build"; }
  if grep -F "warning:" build.log; then fail "$1 builds with warnings"; fi
}

echo "-- building the plugins"
build_plugin edge_plugin acme
build_plugin min_norm_plugin min_norm
build_plugin tversky_plugin tversky
build_plugin room_program program
build_plugin two_branch_plugin two_branch
build_plugin distill_plugin distill
build_plugin own_loop own_loop
module="$work/acme_build/acme_edge.so"
weighting="$work/min_norm_build/acme_min_norm.so"
[ ! -e "$prefix"/lib*/tasuki/plugins/acme_edge.so ] || fail "the plugin was put into the prefix"

echo "-- what modules and libraries export"
# exports FILE: the names that it gives to others, as the source has them.
exports() {
  nm -DC --defined-only "$1" | cut -d' ' -f3-
}
for file in "${modules[@]}" "$module" "$weighting"; do
  [ -z "$(exports "$file")" ] || fail "$file exports names: $(exports "$file" | head -3)"
done
for file in "$prefix"/lib*/libtasuki_*.so; do
  exports "$file" >exports.txt
  [ -s exports.txt ] || fail "$file exports nothing"
  if grep -v -e tasuki -e '^descriptor_table_' exports.txt; then fail "$file exports others' names"; fi
done

echo "-- a project with other libraries is told so"
cp -r "$prefix" other
sed -i 's/, libtorch [0-9.]*,/, libtorch 0.1.0,/' other/lib*/cmake/Tasuki/TasukiConfig.cmake
if "$CMAKE" -S acme -B other_build -G Ninja -DCMAKE_PREFIX_PATH="$work/other" >other.log 2>&1; then
  fail "another LibTorch was not noticed"
fi
expect other.log "libtorch 0.1.0"
rm -r other other_build

echo "-- its names"
"$tasuki" plugins --plugin "$module" >with.txt
expect with.txt "acme/Edge"
expect with.txt "acme/edge_map"
expect with.txt "Weight of edge pixels in the loss"
TASUKI_PLUGIN_PATH="$work/acme_build" "$tasuki" plugins >by_path.txt
expect by_path.txt "acme/EdgesFromLabels"

echo "-- training"
config=acme/configs/rooms_edges.pbtxt
tiny=(--set 'data.dataset=[tasuki/Rooms]{height:48 width:64 train_size:8 val_size:4 test_size:4}'
      --set train.epochs=1 --set data.loader.batch_size=4)
code=0
"$tasuki" train $config "${tiny[@]}" --work-dir run >without.log 2>&1 || code=$?
[ $code = 2 ] || fail "an unknown plugin ended with exit code $code, not 2"
expect without.log "acme/EdgesFromLabels"
"$tasuki" train $config "${tiny[@]}" --work-dir run --plugin "$module" >train.log 2>&1 ||
  { cat train.log; fail "training failed"; }
for file in metrics.json best.safetensors last.safetensors report.html history.jsonl; do
  [ -s "run/$file" ] || fail "training left no $file"
done
expect run/metrics.json '"f1"'

echo "-- training with a weighting from outside"
"$tasuki" plugins --plugin "$weighting" >with.txt
expect with.txt "acme/MinNorm"
expect with.txt "On which parameters gradients are combined"
"$tasuki" train $config "${tiny[@]}" --work-dir weighed --plugin "$module" \
  --plugin "$weighting" --set 'train.weighting=[acme/MinNorm]{gradients{at:FEATURES}}' \
  >weighed.log 2>&1 || { cat weighed.log; fail "training with the weighting failed"; }
[ -s weighed/metrics.json ] || fail "training with the weighting left no metrics.json"

echo "-- training with a loss from outside"
"$tasuki" train $config "${tiny[@]}" --work-dir sharpened --plugin "$module" \
  --plugin "$work/tversky_build/acme_tversky.so" \
  --set 'model.task[seg].loss=[{kind{[tasuki/CrossEntropyLoss]{}}},{weight:0.5 kind{[acme/TverskyLoss]{}}}]' \
  >sharpened.log 2>&1 || { cat sharpened.log; fail "training with the loss failed"; }
[ -s sharpened/metrics.json ] || fail "training with the loss left no metrics.json"

echo "-- a program of its own"
mkdir program_run
cat >program_run/rooms.pbtxt <<'CONFIG'
base: "PREFIX/share/tasuki/configs/rooms/quickstart.pbtxt"
data {
  dataset { [tasuki/Rooms] { height: 48 width: 64 train_size: 8 val_size: 4 test_size: 4 } }
  loader { batch_size: 4 }
}
train { warmup_steps: 0 }
CONFIG
sed -i "s#PREFIX#$prefix#" program_run/rooms.pbtxt
{ printf 'P6\n80 60\n255\n'; head -c 14400 /dev/zero | tr '\0' 'g'; } >program_run/room.ppm
# at HOUR: a time zone in which it is so late.
at() {
  echo "here$((10#$(date -u +%H) - $1))"
}
program() {
  (cd program_run && rm -rf out && TZ=$(at "$1") "$work/program_build/rooms" rooms.pbtxt room.ppm \
    >program.log 2>&1) || { cat program_run/program.log; fail "the program failed"; }
}
program 12
expect program_run/program.log "mean depth"
for file in out/best.safetensors depth.png; do
  [ -s program_run/$file ] || fail "the program left no $file"
done
program 3
expect program_run/program.log "stopped: night"

echo "-- a model and a loop of its own"
for method in '[tasuki/UPGrad] {}' '[tasuki/CAGrad] { gradients { at: FEATURES } }'; do
  own_loop_build/own_loop "$method" >own_loop.log 2>&1 ||
    { cat own_loop.log; fail "the loop with $method failed"; }
  expect own_loop.log "step 300: direction 0.0"  # from about 0.5
done
if own_loop_build/own_loop '[tasuki/AutoLambda] {}' >own_loop.log 2>&1; then
  fail "a method that needs a whole training was taken"
fi
expect own_loop.log "use train()"

echo "-- training with an encoder and with a decoder of several tasks from outside"
for example in two_branch distill; do
  plugin=(--plugin "$work/${example}_build/acme_$example.so")
  "$tasuki" train "$example/configs/rooms_$example.pbtxt" "${tiny[@]}" --work-dir "${example}_run" \
    "${plugin[@]}" >"$example.log" 2>&1 || { cat "$example.log"; fail "training $example failed"; }
  "$tasuki" eval "$example/configs/rooms_$example.pbtxt" "${example}_run/best.safetensors" \
    "${tiny[@]}" "${plugin[@]}" >eval.log 2>&1 || { cat eval.log; fail "evaluating $example failed"; }
  expect eval.log miou
done

echo "-- evaluating"
"$tasuki" eval $config run/best.safetensors "${tiny[@]}" --plugin "$module" >eval.log 2>&1 ||
  { cat eval.log; fail "evaluation failed"; }
expect eval.log f1
rm -rf "$work"
echo "outside_plugin: passed"
