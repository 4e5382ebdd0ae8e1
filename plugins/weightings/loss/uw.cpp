#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/loss/uw.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class UW : public LossWeighting {
 public:
  UW(const options::UW& options, const Context& context) : init_(options.init()) {
    require_option(std::isfinite(init_), "init", "must be a finite number");
    require_option(context.route_normalization != Train::SUM, "",
                   "UW can't learn under train.route_normalization: SUM, which takes out the scale "
                   "of its weights, so that its log variances would fall without end; choose "
                   "COUNT, MEAN_OVER_COUNT or NONE");
  }

  std::optional<OwnParameter> own_parameter() const override { return {{"log_variance", init_}}; }

  LossWeights weigh(const LossStep& step) override {
    const auto& log_variances = step.parameters;
    return {(-log_variances).exp() / 2, (step.coefficients * log_variances / 2).sum()};
  }

 private:
  double init_;
};

}  // namespace

TASUKI_REGISTER(Weighting, UW, options::UW, "tasuki/UW");

}  // namespace tasuki::weightings
