# Which LibTorch is built with. Sourced by setup_steps.sh. In this order: what --torch names; what
# Torch_DIR or CMAKE_PREFIX_PATH point to; the torch package of the active Python; one in /usr/local or
# /usr; where there is none yet, pip's if there is an NVIDIA GPU, and the distribution's.
#
#   --torch distribution   Debian's or Ubuntu's libtorch-dev
#   --torch pip            Python's package, newest, in a virtual environment in build/torch
#   --torch pip==2.13.0    that release of it, in build/torch-2.13.0
#   --torch FOLDER         an unpacked archive, a Python package or environment, or a CMake folder
#
# choose_torch sets torch_dir (the folder of TorchConfig.cmake, "" while it has to be installed),
# torch_origin (in words) and torch_release (what pip shall install, otherwise "").
usr=/usr  # of the distribution
torch_choice=""
torch_dir=""
torch_origin=""
torch_release=""

# Takes --torch out of the arguments of a script; the others are in $arguments.
take_torch_option() {
  arguments=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --torch)
        [ $# -ge 2 ] || stop "--torch takes distribution, pip, pip==RELEASE or a folder"
        torch_choice="$2"
        shift ;;
      --torch=*) torch_choice="${1#--torch=}" ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
}

# The folder of TorchConfig.cmake in what somebody calls the folder of LibTorch, or nothing.
torch_config_in() {
  find "$1" "$1"/Torch "$1"/cmake/Torch "$1"/{share,lib,lib64}{,/*}/cmake/Torch \
       "$1"/torch/share/cmake/Torch "$1"/lib/python3*/site-packages/torch/share/cmake/Torch \
       -maxdepth 1 -name TorchConfig.cmake -printf '%h\n' -quit 2>/dev/null || true
}

# Where the active Python's package keeps LibTorch, or nothing. A package of the old C++ ABI can't
# share std::string with the system's OpenCV and Protobuf, so it is passed over.
python_torch() {
  command -v python3 >/dev/null || return 0
  python3 - 2>/dev/null <<'PYTHON' || true
import importlib.util
import pathlib

folder = pathlib.Path(importlib.util.find_spec("torch").origin).parent / "share/cmake"
if "_GLIBCXX_USE_CXX11_ABI=0" not in (folder / "Torch/TorchConfig.cmake").read_text():
    print(folder)
PYTHON
}

# The torch_dir of the first folder that has one.
first_torch_in() {  # folder...
  local folder
  for folder in "$@"; do
    if [ -n "$folder" ]; then torch_dir=$(torch_config_in "$folder"); fi
    if [ -n "$torch_dir" ]; then return 0; fi
  done
  return 1
}

choose_named_torch() {
  case "$torch_choice" in
    distribution) choose_distribution_torch ;;
    pip | pip==*)
      torch_release="torch${torch_choice#pip}"
      torch_home="$root/build/torch${torch_choice#pip}"
      torch_home="${torch_home/==/-}"
      torch_dir=$(torch_config_in "$torch_home")
      torch_origin="pip's $torch_release, in $torch_home" ;;
    *)
      first_torch_in "$torch_choice" ||
        stop "--torch $torch_choice: no TorchConfig.cmake in that folder. It takes distribution, pip," \
             "pip==RELEASE, or the folder of a LibTorch, of a Python environment or of a CMake package."
      torch_origin="$torch_dir (--torch)" ;;
  esac
}

# The distribution's LibTorch computes on the CPU.
has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }

choose_distribution_torch() {
  first_torch_in "$usr" || true
  torch_origin="the distribution's libtorch-dev"
}

choose_torch() {
  local folders
  torch_dir="" torch_release=""
  if [ -n "$torch_choice" ]; then
    choose_named_torch
    return 0
  fi
  IFS=':;' read -r -a folders <<<"${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}"
  if first_torch_in "${folders[@]}"; then
    torch_origin="$torch_dir (Torch_DIR or CMAKE_PREFIX_PATH)"
  elif first_torch_in "$(python_torch)"; then
    torch_origin="$torch_dir (the active Python's torch package)"
  elif first_torch_in "$usr/local"; then
    torch_origin="$torch_dir"
  else
    choose_distribution_torch
    if [ -z "$torch_dir" ] && has_gpu; then
      torch_choice=pip
      choose_named_torch
      torch_origin+=", for the NVIDIA GPU here"
      if [ -z "$torch_dir" ]; then
        torch_origin+=$'\n   (about 3 GB to fetch; --torch distribution takes the CPU build of the distribution)'
      fi
    fi
  fi
}

say_torch() { echo "== LibTorch: $torch_origin"; }

# Whether the distribution's packages of LibTorch are needed.
wants_distribution_torch() {
  [ -z "$torch_release" ] && { [ -z "$torch_dir" ] || [[ "$torch_dir" == "$usr"/lib/* ]]; }
}

# After the system's packages are there: pip's LibTorch where --torch asks for one, and the headers
# that a CUDA build of it lacks.
install_torch() {
  if [ -n "$torch_release" ] && [ -z "$torch_dir" ]; then
    step "installing $torch_release (a build with CUDA is about 3 GB)"
    python3 -m venv "$torch_home"
    "$torch_home/bin/python" -m pip install --quiet "$torch_release"
  fi
  if [ -z "$torch_dir" ]; then
    first_torch_in "${torch_home:-$usr}" || stop "there is no TorchConfig.cmake in ${torch_home:-$usr}"
  fi
  install_cuda_headers
}

# Python's package says its release of CUDA in version.py. Its own dependencies lack a few headers
# that compiling needs; two small packages have them.
install_cuda_headers() {
  local package release packages
  package=$(cd "$torch_dir/../../.." && pwd)
  if [ ! -f "$package/version.py" ]; then return 0; fi
  release=$(sed -n "s/^cuda.*= *'\([0-9]*\.[0-9]*\).*'.*/\1/p" "$package/version.py")
  if [ -z "$release" ]; then return 0; fi
  if has_header crt/host_defines.h && has_header nv/target; then return 0; fi
  packages=("nvidia-cuda-crt==$release.*" "nvidia-cuda-cccl==$release.*")
  if [ "${release%%.*}" -lt 13 ]; then
    packages=("nvidia-cuda-nvcc-cu${release%%.*}==$release.*" "nvidia-cuda-cccl-cu${release%%.*}==$release.*")
  fi
  step "installing headers of CUDA $release: ${packages[*]}"
  local python
  python=$(cd "$package/../../../.." && pwd)/bin/python
  if [ ! -x "$python" ]; then python=python3; fi
  "$python" -m pip install --quiet --no-deps --upgrade --target "$root/build/cuda" "${packages[@]}"
}

has_header() {  # header: in a package of NVIDIA's beside torch, or in build/cuda
  local folder
  for folder in "$package"/../nvidia/*/include "$root"/build/cuda/nvidia/*/include; do
    if [ -e "$folder/$1" ]; then return 0; fi
  done
  return 1
}
