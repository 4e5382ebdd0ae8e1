#pragma once

#include <torch/types.h>

#include <string>

#include "core/config/config.pb.h"

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
// Sets the number of threads of the computation, 0: all processors that this process may use.
// Returns the number set.
int set_threads(uint32_t wanted);

// While it lives, convolutions and matrix products of this thread run in bf16 (nothing changes for
// FP32). Casts of weights are cached until it ends.
class Autocast {
 public:
  Autocast(Precision precision, torch::Device device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool active_;
  torch::Device device_;
};

}  // namespace tasuki
