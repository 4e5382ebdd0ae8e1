#pragma once

#include "tasuki/engine/run.h"

namespace tasuki {

// How often a step walked back through a model: how many gradients were computed for a parameter of
// the part that all objectives train, and, the mean over objectives, of their decoders. EW has one
// of each; look-aheads and further batches count as well.
struct BackwardPasses {
  double shared = 0;
  double decoders = 0;
};

// Counts while it lives, on the parameters of a run.
class BackwardPassCounter {
 public:
  explicit BackwardPassCounter(const Run& run);
  ~BackwardPassCounter();
  BackwardPassCounter(const BackwardPassCounter&) = delete;
  BackwardPassCounter& operator=(const BackwardPassCounter&) = delete;

  BackwardPasses counted() const;

 private:
  struct Watched {
    torch::Tensor leaf;
    unsigned hook;
    int64_t times = 0;
  };
  void watch(const std::string& leaf, const Weighting::Context& context, std::vector<Watched>& in);

  std::vector<Watched> shared_, decoders_;
};

}  // namespace tasuki
