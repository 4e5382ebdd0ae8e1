#pragma once

#include <torch/types.h>

#include <vector>

#include "tasuki/config/config.pb.h"

namespace tasuki {

// Whether bf16 convolutions run in hardware: the processor has avx512_bf16 or amx_bf16, or the GPU
// is of compute capability 8 or newer. Elsewhere they are emulated, slower than fp32.
bool bf16_is_native(torch::Device device);

// The config's device; AUTO takes CUDA when LibTorch and the machine have it. OptionError
// (of train.device) when CUDA is asked for and not there.
torch::Device choose_device(Device wanted);
// FP32 or BF16; AUTO takes BF16 where it is native. OptionError (of train.precision) for BF16
// where it is not.
Precision choose_precision(Precision wanted, torch::Device device);

// While it lives, convolutions and matrix products of this thread run in bf16, or with FP32 in
// fp32, whatever an autocast scope around it has. The end brings back what was there before. Casts
// of weights are cached until the outermost scope ends.
class Autocast {
 public:
  Autocast(Precision precision, torch::Device device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  torch::Device device_;
  bool was_enabled_;
  torch::ScalarType was_type_;
};

// For whoever writes over weights: a scope around the caller forgets its casts of them.
void forget_casts();

// While it lives, fp32 is IEEE fp32: without autocast in this thread, and in the whole process
// without TF32 or bf16 inside convolutions and matrix products of fp32 tensors (cuDNN's default is
// TF32). For differences of losses, which drown in coarser rounding. A backward pass has to run
// while it lives as well.
class ExactFloat32 {
 public:
  explicit ExactFloat32(torch::Device device);
  ~ExactFloat32();
  ExactFloat32(const ExactFloat32&) = delete;
  ExactFloat32& operator=(const ExactFloat32&) = delete;

 private:
  Autocast autocast_;
  std::vector<int> was_;  // LibTorch's own settings
};

// Whether convolutions or matrix products of fp32 tensors may be coarser than fp32 now.
bool tf32_is_allowed();

}  // namespace tasuki
