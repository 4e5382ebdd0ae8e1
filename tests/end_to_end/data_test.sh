#!/bin/bash
# data_test.sh TASUKI WORK PYTHON: the tools for data sets.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"
source "$here/small_configs.sh"

test_data_check() {
  expect 0 data check tiny.pbtxt
  expect 0 data check folder.pbtxt --data-root .
  says "Nothing found"
  says "2 samples  100.00 % valid pixels"
  grep -qE "^ +0 [a-z0-9]* +[0-9]+ pixels +[0-9.]+ %  in [12] samples" out.txt ||
    fail "classes are counted"
  grep -qE "^ +[0-9.]+ to [0-9.]+ +[0-9.]+ %  #+" out.txt || fail "depth has a histogram"
  says "normal"
  expect 1 data check folder.pbtxt --data-root nowhere
  says "--data-root"
  cp -r frames sound
  truncate -s -40 frames/depth/frame1.png
  expect 1 data check folder.pbtxt --data-root .
  says "frames/depth/frame1.png"
  says "1 findings"
  says "split train (train_pipeline): 2 samples, 1 findings"
  expect 1 train folder.pbtxt --data-root . --work-dir truncated
  says "frames/depth/frame1.png"
  rm -r frames
  mv sound frames
  # Splits in two roles.
  expect 1 data check folder.pbtxt --data-root . --set data.validation_split=train
  says "data.validation_split is data.train_split"
  expect 1 data check folder.pbtxt --data-root . --set data.test_split=val
  says "data.test_split is data.validation_split"

  expect 2 data check folder.pbtxt --data-root . --set data.train_split=trian
  says 'data.train_split: the data set has no split "trian" (did you mean "train"?)'
  expect 2 data check folder.pbtxt --data-root . --set data.test_split=tset
  says 'data.test_split: the data set has no split "tset"'
}

# OpenCV shows it as a sound picture: a JPEG whose scan lacks some bytes.
test_damaged_jpeg() {
  mkdir -p jpeg/image
  base64 -d >jpeg/image/0.jpg <<'JPEG'
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td
hbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAgACABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QA
tRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0
NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2
t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AGZyOuaXPy4GT6Umc96AOmM0
AYFLk7snigjk+uPWgevUUY4znGaTqeBn0oB5Bz+dL16dqTg8kUvU5x05pO/Ax6Uvr/hX/9k=
JPEG
  { head -c 340 jpeg/image/0.jpg; tail -c 38 jpeg/image/0.jpg; } >jpeg/image/1.jpg
  cat >jpeg.pbtxt <<'CONFIG'
data {
  dataset {
    [tasuki/Folder] {
      root: "jpeg" field { name: "image" }
      split { name: "train" to: 0.5 } split { name: "val" from: 0.5 }
    }
  }
}
CONFIG
  expect 1 data check jpeg.pbtxt --data-root .
  says "split train (train_pipeline): 1 samples, 0 findings"
  says "sample 1 (split val, index 0, ./jpeg/image/1.jpg): damaged JPEG file: "
}

# Exif data that ask for a turn by 180 degrees: sizes agree, so that nothing else would tell.
test_orientation() {
  mkdir -p turned/image
  for i in 0 1; do
    { head -c 2 jpeg/image/0.jpg
      printf '\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0'
      tail -c +3 jpeg/image/0.jpg; } >turned/image/$i.jpg
  done
  sed 's/"jpeg"/"turned"/' jpeg.pbtxt >turned.pbtxt
  expect 0 data check turned.pbtxt --data-root .
  says "field image: the files of 1 samples ask to be turned or mirrored (EXIF), and are"
  says "the first is ./turned/image/0.jpg"
  expect 0 data check turned.pbtxt --data-root . --set data.image.ignore_orientation=true
  says "which data.image.ignore_orientation leaves out"
}

# A batch has one size: what a run would stop at in the first epoch.
test_sizes() {
  mkdir -p sizes/image
  for i in 0 1 3; do printf 'P6 2 1 255\nabcdef' >sizes/image/$i.ppm; done
  printf 'P6 3 1 255\nabcdefghi' >sizes/image/2.ppm
  sed 's/"jpeg"/"sizes"/; s/name: "image"/name: "image" extension: ".ppm"/' jpeg.pbtxt >sizes.pbtxt
  expect 1 data check sizes.pbtxt --data-root .
  says "the samples of split val have 2 sizes behind the pipeline, such as 3 of 1x2 and 2 of 1x3 "
  says "a batch of 4 takes one"
  says "1 findings"
  expect 0 data check sizes.pbtxt --data-root . --set data.loader.eval_batch_size=1
  # In training a collate may take them.
  sed 's/"train" to: 0.5 } split { name: "val"/"val" to: 0.5 } split { name: "train"/' sizes.pbtxt \
    >train_sizes.pbtxt
  expect 1 data check train_sizes.pbtxt --data-root .
  says "the samples of split train have 2 sizes behind the pipeline"
  expect 0 data check train_sizes.pbtxt --data-root . --set 'data.collate=[tasuki/PadCollate]{}'
}

test_data_browse() {
  expect 0 data browse folder.pbtxt --data-root . -n 2 --transformed -o browse.html
  says "Samples: browse.html"
  for text in frame0 frame1 "as stored" "after the train_pipeline" "2 of 2 samples"; do
    grep -q "$text" browse.html || fail "the page does not say $text"
  done
  if command -v chromium >/dev/null; then
    "$python" "$here/check_report.py" browse.html samples 2>out.txt || fail "browse.html is sound"
  fi
  # A mask that no task learns is drawn as well.
  cat >masks.pbtxt <<'CONFIG'
base: "folder.pbtxt"
data {
  dataset {
    [tasuki/Folder] {
      field {
        name: "edge" folder: "seg" kind: "tasuki/mask" ignore: 255
        label_map: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
      }
    }
  }
}
CONFIG
  expect 0 data browse masks.pbtxt --data-root . -n 1 -o masks.html
  grep -q "edge (white: yes)" masks.html || fail "masks are drawn"
  expect 0 data browse tiny.pbtxt --split test -n 100 -o tests.html
  grep -q "split test: 3 of 3 samples" tests.html || fail "more samples are asked for than there are"
  ! grep -q "after the" tests.html || fail "nothing else is shown unless asked for"
  expect 2 data browse tiny.pbtxt --split tset -o none.html
  says 'the data set has no split "tset" (did you mean "test"?)'
  expect 2 data browse tiny.pbtxt
  says "--output"
  expect 2 data browse tiny.pbtxt -o tiny.pbtxt
  says "the name of a page ends in .html"
  expect 2 data browse tiny.pbtxt -n 0 -o none.html
  [ ! -e none.html ] || fail "a page is written in spite of an error"
}

# Normals that are written once serve as labels from then on.
test_data_normals() {
  cat >camera.pbtxt <<'CONFIG'
base: "folder.pbtxt"
data { dataset { [tasuki/Folder] { camera { fx: 30 fy: 30 cx: 19.5 cy: 15.5 } } } }
CONFIG
  cat >derived.pbtxt <<'CONFIG'
base: "camera.pbtxt"
data {
  dataset {
    [tasuki/Folder] {
      field {
        name: "normal" folder: "derived" extension: ".png"
        scale: 3.05185095e-05 offset: -1 unit_length: true
      }
    }
  }
}
CONFIG
  expect 1 data normals folder.pbtxt --data-root . -o frames/derived
  says "camera"
  expect 0 data normals camera.pbtxt --data-root . --window 7 -o frames/derived
  says "5 files in frames/derived, 0 of them were there already"
  says 'folder: "derived"'
  expect 0 data normals camera.pbtxt --data-root . --window 7 -o frames/derived
  says "5 of them were there already"
  expect 0 data check derived.pbtxt --data-root .
  says "Nothing found"
  says "0.00 % point away"
  sed 's/scale: 3.05185095e-05 offset: -1/scale: -3.05185095e-05 offset: 1/' derived.pbtxt >away.pbtxt
  expect 1 data check away.pbtxt --data-root .
  says "field normal of split train: 100.0 % of the normals point away from the camera"
  expect 2 data normals camera.pbtxt --data-root . -o frames/depth
  says "frames/depth/frame"
  says "not from tasuki data normals"
  expect 0 data normals camera.pbtxt --data-root . --window 7 -o frames/derived/
  says 'folder: "derived"'
  expect 2 data normals camera.pbtxt --data-root . --window 7 -o ''
  says "name a folder of its own"
  expect 2 data normals camera.pbtxt --data-root . --window 9 -o frames/derived
  says "holds normals of another data set or other settings"
  expect 2 data normals camera.pbtxt --data-root . --window 8 -o frames/other
  says "window"
  expect 1 data normals camera.pbtxt --data-root . --depth dpeth -o frames/other
  says "dpeth"
}

# What an epoch would only find later: in the labels, and in the pipelines.
test_data_check_for_tasks() {
  expect 1 data check folder.pbtxt --data-root . --set model.task[seg].kind.classes=6
  says "sample frame0 (split train, index 0, ./frames/seg/frame0.png), task seg: label 6 at (x "
  says "is no class: classes are 0..5"
  says "sample frame4 (split test, index 1, ./frames/seg/frame4.png), task seg: label 6"
  says "5 findings"
  [ "$(grep -o "sample frame[0-9]" out.txt | tr -d '\n')" = \
    "sample frame0sample frame1sample frame2sample frame3sample frame4" ] ||
    fail "findings are in index order"
  # A random crop may cut off what is wrong; it is found all the same.
  expect 1 data check folder.pbtxt --data-root . --set model.task[seg].kind.classes=6 \
    --set 'data.train_pipeline=[{[tasuki/RandomCrop]{height:8 width:8}}, {[tasuki/Normalize]{}}]'
  says "5 findings"
  expect 1 data check folder.pbtxt --data-root . --set model.task[depth].field=dpeth
  says 'the samples of split val have no field "dpeth" (did you mean "depth"?), which task depth needs'
  says "3 findings"
  # A source of self-auxiliaries is asked for where they are trained.
  expect 1 data check folder.pbtxt --data-root . --set model.task[depth].field=dpeth \
    --set model.task[depth].joint=false
  says 'the samples of split train have no field "dpeth"'
  says "1 findings"
  expect 1 data check folder.pbtxt --data-root . --set model.task[depth].field=seg
  says "task depth: its field is not of kind tasuki/depth"
  expect 1 data check folder.pbtxt --data-root . \
    --set 'data.eval_pipeline=[{[tasuki/NormalsFromDepth]{}}, {[tasuki/Normalize]{}}]'
  says "sample frame3 (split test, index 0, ./frames/image/frame3.png), transform 1 of 2: "
  says "has no camera"
  says "3 findings"
  expect 1 data check folder.pbtxt --data-root . \
    --set 'data.train_pipeline=[{[tasuki/PhotometricDistortion]{field:"seg"}}]'
  says "sample frame1 (split train, index 1, ./frames/image/frame1.png), transform 1 of 1: "
  says "2 findings"
  expect 0 data check folder.pbtxt --data-root . --threads 3 --set 'model={}'
  says "The config has no tasks"

  expect 0 data check tiny.pbtxt
  ! grep -q "6/6" out.txt || fail "progress is only for terminals"
  "$python" -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' \
    "$tasuki" data check tiny.pbtxt >out.txt 2>&1 </dev/null || fail "data check on a terminal"
  says "split train: 6/6"
  says "split test: 3/3"
}

run_tests data_check damaged_jpeg orientation sizes data_browse data_normals data_check_for_tasks
