#include "core/engine/precision.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <sched.h>
#include <torch/cuda.h>
#include <torch/version.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(TASUKI_HAS_CUDA)
#include <ATen/cuda/CUDAContext.h>
#endif

#include "core/registry/registry.h"

namespace tasuki {
namespace {

bool processor_has_bf16() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  // Intel's manual, CPUID leaf 7: sub-leaf 1 EAX bit 5 is AVX512_BF16, sub-leaf 0 EDX bit 22 is
  // AMX-BF16; sub-leaf 0 EBX bit 16 is AVX512F, which the kernels are built on.
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  const bool avx512 = (ebx >> 16 & 1) != 0;
  const bool amx = (edx >> 22 & 1) != 0;
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) == 0) return false;
  return __builtin_cpu_supports("avx512f") && avx512 && (amx || (eax >> 5 & 1) != 0);
#else
  return false;
#endif
}

// LibTorch 2.4 renamed the per-device functions of autocast into ones that take the device.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
void set_autocast(torch::Device device, bool enabled) {
  at::autocast::set_autocast_dtype(device.type(), torch::kBFloat16);
  at::autocast::set_autocast_enabled(device.type(), enabled);
}
#else
void set_autocast(torch::Device device, bool enabled) {
  if (device.is_cuda()) {
    at::autocast::set_autocast_gpu_dtype(torch::kBFloat16);
    at::autocast::set_enabled(enabled);
  } else {
    at::autocast::set_autocast_cpu_dtype(torch::kBFloat16);
    at::autocast::set_cpu_enabled(enabled);
  }
}
#endif

// bf16 arithmetic came with compute capability 8.0. Asked of ATen so that this file needs no CUDA
// header; a build of LibTorch without CUDA has no such device.
bool gpu_has_bf16() {
  if (!torch::cuda::is_available()) return false;
#if defined(TASUKI_HAS_CUDA)
  return at::cuda::getCurrentDeviceProperties()->major >= 8;
#else
  return false;
#endif
}

}  // namespace

bool bf16_is_native(torch::Device device) {
  return device.is_cuda() ? gpu_has_bf16() : processor_has_bf16();
}

torch::Device choose_device(Device wanted) {
  const bool cuda = torch::cuda::is_available();
  if (wanted == CUDA && !cuda) {
    throw OptionError("train.device",
                      "CUDA is asked for, but this LibTorch sees no GPU; use a CUDA build of "
                      "LibTorch (docs/install.md), or device: CPU");
  }
  return wanted == CPU || !cuda ? torch::Device(torch::kCPU) : torch::Device(torch::kCUDA, 0);
}

Precision choose_precision(Precision wanted, torch::Device device) {
  if (wanted == BF16 && !bf16_is_native(device)) {
    throw OptionError("train.precision",
                      "BF16 would be emulated here, slower than fp32 (no avx512_bf16, amx_bf16 or "
                      "GPU that has it); use FP32 or leave it automatic");
  }
  if (wanted != PRECISION_AUTO) return wanted;
  return bf16_is_native(device) ? BF16 : FP32;
}

int set_threads(uint32_t wanted) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const bool known = sched_getaffinity(0, sizeof(allowed), &allowed) == 0;
  const int processors = known ? CPU_COUNT(&allowed) : 1;
  at::set_num_threads(wanted == 0 ? processors : static_cast<int>(wanted));
  return at::get_num_threads();
}

Autocast::Autocast(Precision precision, torch::Device device)
    : active_(precision == BF16), device_(device) {
  if (active_) set_autocast(device_, true);
}

Autocast::~Autocast() {
  if (!active_) return;
  set_autocast(device_, false);
  at::autocast::clear_cache();
}

}  // namespace tasuki
