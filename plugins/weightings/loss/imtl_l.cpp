#include <torch/torch.h>

#include "plugins/weightings/loss/imtl_l.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class IMTL_L : public LossWeighting {
 public:
  IMTL_L(const options::IMTL_L&, const Context& context) {
    require_option(context.route_normalization != Train::SUM, "",
                   "IMTL_L can't learn under train.route_normalization: SUM, which takes out the "
                   "scale of its weights, so that its log scales would grow without end; choose "
                   "COUNT, MEAN_OVER_COUNT or NONE");
  }

  std::optional<OwnParameter> own_parameter() const override {
    return {{"log_scale", 0, /*decays=*/false}};
  }

  LossWeights weigh(const LossStep& step) override {
    const auto& log_scales = step.parameters;
    return {log_scales.exp(), -(step.coefficients * log_scales).sum()};
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, IMTL_L, options::IMTL_L, "tasuki/IMTL_L");

}  // namespace tasuki::weightings
