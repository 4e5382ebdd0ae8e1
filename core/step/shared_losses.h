#pragma once

#include "tasuki/step/collective.h"

namespace tasuki {

// While it lives, the losses of this thread are those of the batch that all processes have together
// (LossSum::mean()): each process divides its own sum by the count of all of them, times their
// number, so that the mean over the processes is sum / count of the whole batch, and so is the mean
// of the gradients. Processes with unequal numbers of valid pixels need no more than that. One
// small sum over the processes for each loss: all of them compute the same losses in the same
// order.
//
// Example:
//   const SharedLosses shared(collective);
//   task.loss(logits, part).backward();  // of this process' part of the batch
//   collective.mean(weight.grad());      // the gradient of the whole batch
class SharedLosses {
 public:
  // Without `counts` this process' sums and counts are 0: it has no part in the batch.
  explicit SharedLosses(Collective& processes, bool counts = true);
  ~SharedLosses();
  SharedLosses(const SharedLosses&) = delete;
  SharedLosses& operator=(const SharedLosses&) = delete;

  // The innermost one of this thread; nullptr for none, and where that one is of one process that
  // counts.
  static const SharedLosses* current();

  Collective& processes() const { return processes_; }
  bool counts() const { return counts_; }

 private:
  Collective& processes_;
  bool counts_;
  const SharedLosses* outer_;
};

}  // namespace tasuki
