#!/bin/bash
# setup_test.sh SOURCE: tools/setup on machines that are played by stand-ins for apt-get, dpkg-query,
# id, sudo and python3. Nothing is installed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A checkout of its own, since --torch pip installs into its build folder.
source_root="$work/checkout"
mkdir -p "$source_root/tools"
cp "$1"/tools/setup* "$1"/tools/build "$1"/tools/test "$source_root/tools"
# The distribution has a LibTorch of the stand-ins' own.
sed -i "s|^usr=.*|usr=$work/usr|" "$source_root/tools/setup_torch.sh"
mkdir -p "$work/usr/lib/cmake/Torch"
touch "$work/usr/lib/cmake/Torch/TorchConfig.cmake"

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
  for program in bash env find sed awk grep dirname basename mkdir cp touch cat; do
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

run_tool() {  # tool argument...: the exit code is in $code, the output in $work/out
  code=0
  env -i PATH="$work/bin" HOME="$work" "${settings[@]}" "$source_root/tools/$1" "${@:2}" \
    >"$work/out" 2>&1 || code=$?
}
run() { run_tool setup "$@"; }
settings=()

# Python that makes environments whose pip installs a LibTorch without CUDA, or with the release $1.
python_with_pip() {
  cat >"$work/bin/python3" <<PYTHON
#!/bin/bash
echo "python3 \$*" >>"$work/calls"
if [ "\$1 \$2" = "-m venv" ]; then
  mkdir -p "\$3/bin" && cp "\$0" "\$3/bin/python"
elif [ "\$1 \$2" = "-m pip" ] && [[ "\$*" == *" torch"* ]]; then
  torch="\${0%/bin/python}/lib/python3.11/site-packages/torch"
  mkdir -p "\$torch/share/cmake/Torch"
  touch "\$torch/share/cmake/Torch/TorchConfig.cmake"
  printf '%s\n' "__version__ = '9.9.9'" "cuda: Optional[str] = $1" >"\$torch/version.py"
fi
PYTHON
  chmod +x "$work/bin/python3"
}

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

machine "--torch distribution, though Python has one" apt-get dpkg-query id python3
answers id 0
answers python3 "$work/torch/share/cmake"
run --torch distribution
called "libtorch-dev"

machine "--torch with a folder" apt-get dpkg-query id
answers id 0
run --tests --torch "$work/torch"
[ $code = 0 ] || fail "exit code $code"
called "libgtest-dev"
never_called "libtorch-dev"

machine "--torch with a folder that has none" apt-get dpkg-query id
run --torch "$work/bin"
[ $code = 1 ] || fail "exit code $code"
said "--torch $work/bin: no TorchConfig.cmake"
said "pip==RELEASE"

machine "--torch pip" apt-get dpkg-query id
answers id 0
answers dpkg-query installed
python_with_pip None
run --torch pip
[ $code = 0 ] || fail "exit code $code"
called "-m venv $source_root/build/torch"
called "-m pip install --quiet torch"
never_called nvidia
never_called libtorch-dev
: >"$work/calls"
run --torch pip
never_called "-m pip"

machine "an NVIDIA GPU and the distribution's LibTorch" apt-get dpkg-query id nvidia-smi
answers id 0
python_with_pip None
run
never_called "-m pip"
rm -r "$work/usr"

machine "an NVIDIA GPU, and pip's LibTorch of an earlier call" apt-get dpkg-query id nvidia-smi
answers id 0
answers dpkg-query installed
python_with_pip "'13.0'"
run
[ $code = 0 ] || fail "exit code $code"
never_called "-m pip install --quiet torch"
never_called libtorch-dev

machine "an NVIDIA GPU and no LibTorch" apt-get dpkg-query id nvidia-smi
answers id 0
answers dpkg-query installed
python_with_pip None
rm -r "$source_root/build"
run
[ $code = 0 ] || fail "exit code $code"
called "-m venv $source_root/build/torch"
called "-m pip install --quiet torch"
never_called libtorch-dev

machine "an NVIDIA GPU, --torch distribution" apt-get dpkg-query id nvidia-smi
answers id 0
python_with_pip None
rm -r "$source_root/build"
run --torch distribution
called libtorch-dev
never_called "-m pip"

machine "a driver that finds no GPU" apt-get dpkg-query id nvidia-smi
answers id 0
python_with_pip None
echo 'exit 9' >>"$work/bin/nvidia-smi"
run
called libtorch-dev
never_called "-m pip"

machine "--torch pip==RELEASE, a build with CUDA 13" apt-get dpkg-query id
answers id 0
answers dpkg-query installed
python_with_pip "'13.0'"
run --torch pip==9.9.9
[ $code = 0 ] || fail "exit code $code"
called "-m pip install --quiet torch==9.9.9"
called "--target $source_root/build/cuda nvidia-cuda-crt==13.0.* nvidia-cuda-cccl==13.0.*"
mkdir -p "$source_root"/build/cuda/nvidia/cu13/include/{crt,nv}
touch "$source_root"/build/cuda/nvidia/cu13/include/{crt/host_defines.h,nv/target}
: >"$work/calls"
run --torch pip==9.9.9
never_called "-m pip"

machine "--torch pip==RELEASE, a build with CUDA 12" apt-get dpkg-query id
answers id 0
answers dpkg-query installed
python_with_pip "'12.8'"
rm -r "$source_root/build/cuda"
run --torch pip==8.8.8
called "nvidia-cuda-nvcc-cu12==12.8.* nvidia-cuda-cccl-cu12==12.8.*"

# cmake writes down how it is called, and leaves what a configured build folder has.
machine_that_builds() {
  machine "$@" cmake ctest rm nproc
  answers nproc 2
  cat >"$work/bin/cmake" <<'CMAKE'
#!/bin/bash
echo "cmake $*" >>"${0%/bin/cmake}/calls"
all="$*"
if [ "$1" = --preset ]; then
  mkdir -p build/release && : >build/release/build.ninja
  printf '%s\n' TASUKI_TESTS:BOOL=ON "Torch_DIR:PATH=${all##*-DTorch_DIR=}" >build/release/CMakeCache.txt
fi
CMAKE
}
machine_that_builds "another LibTorch than last time"
settings=(TASUKI_SKIP_SETUP=1)
run_tool test --torch "$work/torch" -R anything
[ $code = 0 ] || fail "exit code $code"
[[ "$(head -n 1 "$work/out")" == "== LibTorch: $work/torch/share/cmake/Torch"* ]] || fail "first line"
called "-DTorch_DIR=$work/torch/share/cmake/Torch"
called "-R anything"
: >"$work/calls"
run_tool test --torch "$work/torch"
never_called "--preset"
run_tool test --torch pip==9.9.9
called "-DTorch_DIR=$source_root/build/torch-9.9.9/lib/python3.11/site-packages/torch/share/cmake/Torch"
run_tool test --torch pip==7.7.7
[ $code = 1 ] || fail "exit code $code"
said "torch==7.7.7 is not installed"
settings=()

machine_that_builds "only the program"
settings=(TASUKI_SKIP_SETUP=1)
run_tool build --torch "$work/torch"
[ $code = 0 ] || fail "exit code $code"
called "--build $source_root/build/release -j 2 --target tasuki tasuki_plugins"
said "== built:"
run_tool build tasuki
[ $code = 1 ] || fail "exit code $code"
said "usage:"

machine_that_builds "what is fetched for a GPU is said" nvidia-smi
rm -r "$source_root/build"
run_tool test
[ $code = 1 ] || fail "exit code $code"
said "== LibTorch: pip's torch"
said "about 3 GB to fetch"
said "--torch distribution"
settings=()

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
