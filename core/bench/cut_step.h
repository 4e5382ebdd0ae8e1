#pragma once

#include "tasuki/step/weighting.h"

namespace tasuki {

// EW on a graph that is cut where the routes part, for its clock: how long the walk through what
// they share takes. n objectives walked one by one take at least n - 1 times that more than EW,
// which is the bound of methods that need each objective's gradient on parameters.
class CutStep : public Weighting {
 public:
  WeightingNeeds needs() const override;
  void backward(StepContext& step) override;

  // Of the last step, in seconds; with a GPU, until it was done.
  double shared_seconds() const { return shared_seconds_; }

 private:
  double shared_seconds_ = 0;
};

}  // namespace tasuki
