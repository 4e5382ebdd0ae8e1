#pragma once

#include "tasuki/step/collective.h"

namespace tasuki {

// A collective of two processes that see the same, which counts what a step tells the others: the
// bytes of every tensor that is summed or broadcast, and how often. How much of that each process
// sends depends on how sums are made: 2 (n - 1) / n times as much in a ring of n.
class ToldBytes : public Collective {
 public:
  int64_t size() const override { return 2; }
  void sum(torch::Tensor x) override {
    count(x);
    x.mul_(2);
  }
  void broadcast(torch::Tensor x) override { count(x); }

  double bytes() const { return bytes_; }
  int64_t calls() const { return calls_; }

 private:
  void count(const torch::Tensor& x) {
    bytes_ += double(x.numel()) * double(x.element_size());
    ++calls_;
  }

  double bytes_ = 0;
  int64_t calls_ = 0;
};

}  // namespace tasuki
