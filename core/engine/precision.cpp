#include "tasuki/engine/precision.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(TASUKI_HAS_CUDA)
#include <ATen/cuda/CUDAContext.h>
#endif

#include "tasuki/error/error.h"
#include "tasuki/registry/registry.h"

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
bool autocast_enabled(torch::Device device) {
  return at::autocast::is_autocast_enabled(device.type());
}
torch::ScalarType autocast_type(torch::Device device) {
  return at::autocast::get_autocast_dtype(device.type());
}
void set_autocast(torch::Device device, bool enabled, torch::ScalarType type) {
  at::autocast::set_autocast_dtype(device.type(), type);
  at::autocast::set_autocast_enabled(device.type(), enabled);
}
#else
bool autocast_enabled(torch::Device device) {
  return device.is_cuda() ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
torch::ScalarType autocast_type(torch::Device device) {
  return device.is_cuda() ? at::autocast::get_autocast_gpu_dtype()
                          : at::autocast::get_autocast_cpu_dtype();
}
void set_autocast(torch::Device device, bool enabled, torch::ScalarType type) {
  if (device.is_cuda()) {
    at::autocast::set_autocast_gpu_dtype(type);
    at::autocast::set_enabled(enabled);
  } else {
    at::autocast::set_autocast_cpu_dtype(type);
    at::autocast::set_cpu_enabled(enabled);
  }
}
#endif

// What fp32 operations may round to inside. LibTorch has a setting for each backend and operation
// since 2.9 (by these names since 2.10 at the latest); one that is not set takes over that of all
// backends, so that "no TF32" of the older functions does not switch it off there.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 10)
std::vector<std::pair<at::Float32Backend, at::Float32Op>> float32_operations() {
  std::vector<std::pair<at::Float32Backend, at::Float32Op>> all;
  for (const auto backend : {at::Float32Backend::CUDA, at::Float32Backend::MKLDNN}) {
    for (const auto op : {at::Float32Op::CONV, at::Float32Op::RNN, at::Float32Op::MATMUL}) {
      all.emplace_back(backend, op);
    }
  }
  return all;
}
std::vector<int> float32_settings() {
  std::vector<int> settings;
  for (const auto& [backend, op] : float32_operations()) {
    settings.push_back(int(at::globalContext().float32Precision(backend, op)));
  }
  return settings;
}
void set_float32(const std::vector<int>& settings) {
  auto setting = settings.begin();
  for (const auto& [backend, op] : float32_operations()) {
    at::globalContext().setFloat32Precision(backend, op, at::Float32Precision(*setting++));
  }
}
std::vector<int> exact_settings() {
  return std::vector<int>(float32_operations().size(), int(at::Float32Precision::IEEE));
}
bool is_coarse(const std::vector<int>& settings) {
  return std::any_of(settings.begin(), settings.end(), [](int setting) {
    const auto precision = at::Float32Precision(setting);
    return precision == at::Float32Precision::TF32 || precision == at::Float32Precision::BF16;
  });
}
#else
std::vector<int> float32_settings() {
  const auto& context = at::globalContext();
  return {int(context.allowTF32CuDNN()), int(context.float32MatmulPrecision())};
}
void set_float32(const std::vector<int>& settings) {
  constexpr const char* kNames[] = {"highest", "high", "medium"};
  at::globalContext().setAllowTF32CuDNN(settings[0] != 0);
  at::globalContext().setFloat32MatmulPrecision(kNames[settings[1]]);
}
std::vector<int> exact_settings() {
  return {0, int(at::Float32MatmulPrecision::HIGHEST)};
}
bool is_coarse(const std::vector<int>& settings) {
  return settings != exact_settings();
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

Autocast::Autocast(Precision precision, torch::Device device)
    : device_(device), was_enabled_(autocast_enabled(device)), was_type_(autocast_type(device)) {
  at::autocast::increment_nesting();
  const bool enabled = precision == BF16;
  set_autocast(device_, enabled, enabled ? torch::kBFloat16 : was_type_);
}

Autocast::~Autocast() {
  set_autocast(device_, was_enabled_, was_type_);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

void forget_casts() {
  at::autocast::clear_cache();
}

ExactFloat32::ExactFloat32(torch::Device device)
    : autocast_(FP32, device), was_(float32_settings()) {
  set_float32(exact_settings());
}

ExactFloat32::~ExactFloat32() {
  set_float32(was_);
}

bool tf32_is_allowed() {
  return is_coarse(float32_settings());
}

}  // namespace tasuki
