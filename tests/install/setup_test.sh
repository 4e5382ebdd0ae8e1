#!/bin/bash
# setup_test.sh SOURCE: tools/setup on machines that are played by stand-ins for apt-get, dpkg-query,
# id, sudo and python3. Nothing is installed.
set -euo pipefail
source_root="$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "setup_test: $case_name: $1" >&2
  cat "$work/out" >&2
  exit 1
}

# machine NAME PROGRAM...: a PATH with little on it but stand-ins that write down how they are called.
machine() {
  case_name="$1"
  shift
  rm -rf "$work/bin"
  mkdir "$work/bin"
  : >"$work/calls"
  local program
  for program in bash env find sed awk grep dirname basename; do
    ln -s "$(command -v $program)" "$work/bin/$program"
  done
  for program in "$@"; do
    printf '#!/bin/bash\necho "%s $*" >>"%s"\n' "$program" "$work/calls" >"$work/bin/$program"
    chmod +x "$work/bin/$program"
  done
}

answers() {  # program text: the stand-in prints the text
  printf 'printf "%%s" "%s"\n' "$2" >>"$work/bin/$1"
}

run() {  # argument...: the exit code is in $code, the output in $work/out
  code=0
  env -i PATH="$work/bin" HOME="$work" "${settings[@]}" "$source_root/tools/setup" "$@" \
    >"$work/out" 2>&1 || code=$?
}
settings=()

said() { grep -qF -- "$1" "$work/out" || fail "did not say: $1"; }
called() { grep -qF -- "$1" "$work/calls" || { cat "$work/calls" >&2; fail "did not call: $1"; }; }
never_called() { ! grep -F -- "$1" "$work/calls" || fail "called: $1"; }

machine "no apt"
run --tests
[ $code = 1 ] || fail "exit code $code"
said "no apt-get"
said "LibTorch 1.13 or newer"
said "GoogleTest"

machine "no apt, set up by hand"
settings=(TASUKI_SKIP_SETUP=1)
run
[ $code = 0 ] && [ ! -s "$work/out" ] || fail "exit code $code"
settings=()

machine "root, everything is there" apt-get dpkg-query id
answers dpkg-query installed
answers id 0
run --tests
[ $code = 0 ] && [ ! -s "$work/out" ] || fail "exit code $code"
never_called apt-get

machine "root, nothing is there" apt-get dpkg-query id
answers id 0
run
[ $code = 0 ] || fail "exit code $code"
called "apt-get update"
called "--no-install-recommends"
called "libtorch-dev"
never_called "libgtest-dev"

machine "tests need more" apt-get dpkg-query id
answers id 0
run --tests
called "libgtest-dev"

machine "a program of another source counts" apt-get dpkg-query id cmake ninja
answers id 0
run
never_called " cmake "
never_called " ninja-build "
called "g++"

machine "a user with sudo" apt-get dpkg-query id sudo
answers id 1000
run
[ $code = 0 ] || fail "exit code $code"
called "sudo apt-get update"
called "sudo env DEBIAN_FRONTEND=noninteractive apt-get install"

machine "a user without sudo" apt-get dpkg-query id
answers id 1000
run
[ $code = 1 ] || fail "exit code $code"
said "As root, run:"
said "libtorch-dev"
never_called apt-get

mkdir -p "$work/torch/share/cmake/Torch"
touch "$work/torch/share/cmake/Torch/TorchConfig.cmake"
for own in "CMAKE_PREFIX_PATH=/nowhere:$work/torch" "CMAKE_PREFIX_PATH=$work/torch/share/cmake" \
           "Torch_DIR=$work/torch/share/cmake/Torch"; do
  machine "a LibTorch of one's own, $own" apt-get dpkg-query id
  answers id 0
  settings=("$own")
  run
  [ $code = 0 ] || fail "exit code $code"
  called "libopencv-dev"
  never_called "libtorch-dev"
done
settings=()

machine "the LibTorch of Python's package" apt-get dpkg-query id python3
answers id 0
answers python3 "$work/torch/share/cmake"
run
never_called "libtorch-dev"

machine "apt-get fails" apt-get dpkg-query id
answers id 0
echo 'exit 100' >>"$work/bin/apt-get"
run
[ $code = 100 ] || fail "exit code $code"
said "failed while installing"

machine "a wrong argument"
run --everything
[ $code = 1 ] || fail "exit code $code"
said "usage:"
echo "setup_test: passed"
