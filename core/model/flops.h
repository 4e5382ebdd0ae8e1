#pragma once

#include <ATen/record_function.h>

#include <cstdint>
#include <map>
#include <string>

namespace tasuki {

// Counts the floating-point operations that LibTorch is asked for on this thread (and in the
// backward passes that it starts) while the counter lives: two for each multiply-add of
// convolutions and matrix products, whatever the kernel makes of them. Everything else
// (normalisation, activations, interpolation, losses) is left out, as is usual. Published "FLOPs"
// that count multiply-adds are half of these. Operators that a plugin writes without LibTorch's are
// not seen. One counter at a time.
class FlopCounter {
 public:
  FlopCounter();
  ~FlopCounter();
  FlopCounter(const FlopCounter&) = delete;
  FlopCounter& operator=(const FlopCounter&) = delete;

  // Since the last call, or since it was made: by the innermost RECORD_USER_SCOPE around an
  // operator, "" outside of any (all of a backward pass). A forward pass of MultiTaskModel has
  // "encoder", "encoder.<stage>.<instance>" and "decoder.<objective>".
  std::map<std::string, int64_t> take();

 private:
  at::CallbackHandle handle_;
};

int64_t total(const std::map<std::string, int64_t>& flops);

}  // namespace tasuki
