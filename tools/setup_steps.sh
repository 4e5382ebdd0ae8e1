# Steps that tools/setup, tools/quickstart, tools/test and tools/fuzz share. Sourced, not run; the
# caller has `set -Eeuo pipefail`.
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

has_torch_config() {
  local found
  found=$(find "$1"/{share,lib,lib64}{,/*}/cmake/Torch "$1/Torch" "$1" -maxdepth 1 \
               -name TorchConfig.cmake -print -quit 2>/dev/null || true)
  [ -n "$found" ]
}

# Where Python's package keeps LibTorch, or nothing. A package of the old C++ ABI can't share
# std::string with the system's OpenCV and Protobuf, so it is passed over.
python_torch() {
  command -v python3 >/dev/null || return 0
  python3 - 2>/dev/null <<'PYTHON' || true
import torch
if torch.compiled_with_cxx11_abi():
    print(torch.utils.cmake_prefix_path)
PYTHON
}

# Succeeds when there is a LibTorch that does not come from a system package. One of Python's
# package is put on CMAKE_PREFIX_PATH; the others are found by CMake itself.
find_own_torch() {
  local folder folders
  if has_torch_config /usr/local; then return 0; fi
  IFS=':;' read -r -a folders <<<"${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}"
  for folder in "${folders[@]}"; do
    if [ -n "$folder" ] && has_torch_config "$folder"; then return 0; fi
  done
  folder=$(python_torch)
  [ -n "$folder" ] || return 1
  export CMAKE_PREFIX_PATH="$folder${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
}

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

# Installs what is missing; "tests" adds what only the tests need, "fuzz" what only the fuzz targets
# do. Says nothing when all is there.
install_packages() {
  local wanted=("${build_packages[@]}") line package program
  missing=()
  find_own_torch || wanted+=("${torch_packages[@]}")
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
  if [ ${#missing[@]} = 0 ]; then return 0; fi
  step "installing ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}"
}

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
# at a time: a whole build takes half the time, a change to one file somewhat more.
configure() {
  local tests=OFF
  if [ "${1:-}" = tests ]; then tests=ON; fi
  if [ -f "$build/build.ninja" ]; then
    if [ $tests = OFF ] || grep -q '^TASUKI_TESTS:BOOL=ON' "$build/CMakeCache.txt"; then return 0; fi
  fi
  step "configuring build/release"
  (cd "$root" && cmake --preset release -DTASUKI_TESTS=$tests -DCMAKE_UNITY_BUILD=ON)
}

build() {  # target...
  step "building $*"
  cmake --build "$build" -j "$(build_jobs)" --target "$@"
}
