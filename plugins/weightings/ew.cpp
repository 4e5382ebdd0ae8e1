#include "core/model/weighting.h"
#include "core/registry/registry.h"
#include "plugins/weightings/ew.pb.h"

namespace tasuki::weightings {
namespace {

class EW : public Weighting {
 public:
  EW(const options::EW&, const Context&) {}

  std::vector<double> backward(WeightingStep& step) override {
    torch::Tensor sum = step.losses.at(0);
    for (size_t i = 1; i < step.losses.size(); ++i) sum = sum + step.losses[i];
    step.backward(sum);
    return std::vector<double>(step.losses.size(), 1.0);
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, EW, options::EW, "tasuki/EW");

}  // namespace tasuki::weightings
