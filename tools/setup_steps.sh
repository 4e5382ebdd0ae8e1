# Steps that tools/setup, tools/build, tools/quickstart, tools/test and tools/fuzz share. Sourced, not run; the
# caller has `set -Eeuo pipefail` and calls choose_torch (setup_torch.sh) first.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/release"
current_step="starting"

# Package, the program that makes it unnecessary (- for none), and what it is called elsewhere.
build_packages=(
  "g++                   c++      a C++20 compiler (GCC 12 or newer)"
  "cmake                 cmake    CMake 3.22 or newer"
  "ninja-build           ninja    Ninja"
  "ccache                ccache   ccache"
  "git                   git      Git"
  "libopencv-dev         -        OpenCV 4 with its headers"
  "libprotobuf-dev       -        Protocol Buffers with its headers"
  "protobuf-compiler     protoc   the Protocol Buffers compiler"
  "libboost-dev          -        Boost headers (1.74 or newer)"
  "libboost-filesystem-dev -      Boost.Filesystem"
  "nlohmann-json3-dev    -        nlohmann-json 3"
  "libcli11-dev          -        CLI11"
  "libspdlog-dev         -        spdlog and fmt"
  "libhdf5-dev           -        HDF5 with its headers"
  "libmatio-dev          -        matio with its headers"
  "liblmdb-dev           -        LMDB with its headers"
  "libxxhash-dev         -        xxHash with its headers"
  "libjpeg-dev           -        libjpeg with its headers"
  "libgloo-dev           -        Gloo's headers, for training in several processes"
)
pip_packages=(
  "python3               python3  Python 3"
  "python3-venv          -        Python's venv, for --torch pip"
)
torch_packages=(
  "libtorch-dev          -        LibTorch 1.13 or newer (docs/install.md)"
  "libopenblas0-openmp   -        an optimised BLAS (OpenBLAS), which Debian's LibTorch computes with"
)
test_packages=(
  "libgtest-dev          -        GoogleTest"
  "libgmock-dev          -        GoogleMock"
  "clang-format          clang-format  clang-format"
  "clang-tidy            clang-tidy    clang-tidy"
  "python3               python3       Python 3"
  "chromium              chromium      a headless Chromium"
)
fuzz_packages=(
  "clang                 clang++       clang (release 14 or newer)"
  "libclang-rt-dev       -             libFuzzer and the sanitizers of clang (compiler-rt)"
  "llvm                  llvm-symbolizer  LLVM's symbolizer"
)

step() {
  current_step="$1"
  echo "== $1"
}

report_failure() {
  echo "$(basename "$0"): failed while $current_step (exit code $1)" >&2
  exit "$1"
}
trap 'report_failure $?' ERR

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

source "$root/tools/setup_torch.sh"

is_there() {  # package program
  if [ "$2" != - ] && command -v "$2" >/dev/null; then return 0; fi
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {  # command of apt-get
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    stop "These packages need root, and there is no sudo. As root, run:" \
         "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
}

name_what_is_needed() {
  echo "This machine has no apt-get, so nothing can be installed here. Tasuki needs:" >&2
  printf '%s\n' "$@" | awk '{ $1 = $2 = ""; sub(/^ +/, "  - "); print }' >&2
  stop "Install them, then run this again with TASUKI_SKIP_SETUP=1."
}

# Installs what is missing, the chosen LibTorch included; "tests" adds what only the tests need, "fuzz"
# what only the fuzz targets do. Says nothing when all is there.
install_packages() {
  local wanted=("${build_packages[@]}") line package program
  missing=()
  if wants_distribution_torch; then wanted+=("${torch_packages[@]}"); fi
  if [ -n "$torch_release" ] && ! has_venv; then wanted+=("${pip_packages[@]}"); fi
  case "${1:-}" in
    tests) wanted+=("${test_packages[@]}") ;;
    fuzz) wanted+=("${fuzz_packages[@]}") ;;
  esac
  if [ -n "${TASUKI_SKIP_SETUP:-}" ]; then return 0; fi
  if ! command -v apt-get >/dev/null; then name_what_is_needed "${wanted[@]}"; fi
  for line in "${wanted[@]}"; do
    read -r package program _ <<<"$line"
    is_there "$package" "$program" || missing+=("$package")
  done
  if [ ${#missing[@]} != 0 ]; then
    step "installing ${missing[*]}"
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends "${missing[@]}"
  fi
  install_torch
}

has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# A compilation with LibTorch's headers takes up to 2 GB.
build_jobs() {
  local by_memory
  by_memory=$(awk '/MemAvailable/ { print int($2 / 2000000) }' /proc/meminfo)
  local jobs
  jobs=$(nproc)
  if [ "$by_memory" -lt "$jobs" ]; then jobs=$by_memory; fi
  echo $((jobs > 0 ? jobs : 1))
}

# Configures build/release unless that is done; "tests" asks for the tests. Files are compiled eight
# at a time: a whole build takes half the time, a change to one file somewhat more. With another
# LibTorch everything is configured, and so compiled, anew.
configure() {
  local tests=OFF cache="$build/CMakeCache.txt"
  if [ "${1:-}" = tests ]; then tests=ON; fi
  if [ -n "$torch_release" ] && [ -z "$torch_dir" ]; then
    stop "$torch_release is not installed, and TASUKI_SKIP_SETUP says to install nothing"
  fi
  if [ -f "$build/build.ninja" ] && has_setting "Torch_DIR:[A-Z]*=${torch_dir:-.*}"; then
    if [ $tests = OFF ] || has_setting "TASUKI_TESTS:BOOL=ON"; then return 0; fi
  elif [ -f "$cache" ]; then
    rm -rf "$cache" "$build/CMakeFiles"
  fi
  step "configuring build/release"
  (cd "$root" && cmake --preset release -DTASUKI_TESTS=$tests -DCMAKE_UNITY_BUILD=ON \
                       ${torch_dir:+-DTorch_DIR="$torch_dir"})
}

has_setting() { grep -q "^$1\$" "$build/CMakeCache.txt"; }  # regular expression

build() {  # target...
  step "building $*"
  cmake --build "$build" -j "$(build_jobs)" --target "$@"
}
