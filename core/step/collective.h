#pragma once

#include <torch/types.h>

namespace tasuki {

// What the processes of one training tell each other. This one is that of a training in a single
// process: every sum is already there.
class Collective {
 public:
  virtual ~Collective() = default;

  // Processes that take part.
  virtual int64_t size() const { return 1; }
  // `x` becomes its sum over all processes, in place: the same bits in each of them. All processes
  // call it in the same order, with tensors of one size.
  virtual void sum(torch::Tensor /*x*/) {}

  // `x` becomes its mean over all processes.
  void mean(torch::Tensor x) {
    if (size() == 1) return;
    sum(x);
    x.div_(double(size()));
  }

  // The one of a single process.
  static Collective& alone() {
    static Collective collective;
    return collective;
  }
};

}  // namespace tasuki
