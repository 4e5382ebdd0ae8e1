#include <torch/torch.h>

#include "core/engine/weighting.h"
#include "core/registry/registry.h"
#include "plugins/weightings/ew.pb.h"

namespace tasuki::weightings {
namespace {

class EW : public Weighting {
 public:
  EW(const options::EW&, const Context&) {}

  std::vector<double> backward(WeightingStep& step) override {
    const auto factors = step.factors(torch::ones({int64_t(step.size())}));
    step.backward(weighted_sum(step.losses, factors), false);
    return to_vector(factors);
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, EW, options::EW, "tasuki/EW");

}  // namespace tasuki::weightings
