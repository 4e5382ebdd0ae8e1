#include <torch/torch.h>

#include "plugins/weightings/loss/random_weights.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class RandomWeights : public LossWeighting {
 public:
  explicit RandomWeights(const options::RandomWeights& options)
      : sums_to_objectives_(options.sum() == options::RandomWeights::OBJECTIVES) {}

  LossWeights weigh(const LossStep& step) override {
    const auto weights = torch::softmax(step.draws->normal_like(step.losses), 0);
    return {sums_to_objectives_ ? weights * double(weights.size(0)) : weights, {}};
  }

 private:
  bool sums_to_objectives_;
};

}  // namespace

TASUKI_REGISTER(Weighting, RandomWeights, options::RandomWeights, "tasuki/RandomWeights");

}  // namespace tasuki::weightings
