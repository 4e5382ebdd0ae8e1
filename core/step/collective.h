#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace tasuki {

// What the processes of one training tell each other. This one is that of a training in a single
// process: every sum is already there. All processes call the same functions in the same order,
// with tensors of one size; one that can't any more makes the calls of the others throw.
class Collective {
 public:
  virtual ~Collective() = default;

  // Processes that take part.
  virtual int64_t size() const { return 1; }
  // Which of them this one is: 0 .. size() - 1. The first writes what a run leaves.
  virtual int64_t rank() const { return 0; }
  // `x` becomes its sum over all processes, in place: the same bits in each of them.
  virtual void sum(torch::Tensor /*x*/) {}
  // `x` becomes that of the first process, in place.
  virtual void broadcast(torch::Tensor /*x*/) {}
  // What each process gives, in the order of ranks; any bytes, of any length.
  virtual std::vector<std::string> gather(const std::string& bytes) { return {bytes}; }

  // `x` becomes its mean over all processes.
  void mean(torch::Tensor x) {
    if (size() == 1) return;
    sum(x);
    x.div_(double(size()));
  }

  bool is_first() const { return rank() == 0; }

  // The one of a single process.
  static Collective& alone() {
    static Collective collective;
    return collective;
  }
};

}  // namespace tasuki
