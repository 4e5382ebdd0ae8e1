#include <torch/torch.h>

#include "plugins/weightings/gramian/cagrad.pb.h"
#include "tasuki/solvers/conflict_averse.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class CAGrad : public GramianWeighting {
 public:
  explicit CAGrad(const options::CAGrad& options) : c_(options.c()) {
    const auto rescale = options.rescale();
    divisor_ = rescale == 0 ? 1 : rescale == 1 ? 1 + c_ * c_ : 1 + c_;
  }

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, [this](const solvers::Matrix& k) {
      const solvers::Values mean(k.size(), 1.0 / double(k.size()));
      auto weights = solvers::conflict_averse_shift(k, c_ * solvers::norm(k, mean));
      for (size_t i = 0; i < mean.size(); ++i) weights[i] = (mean[i] + weights[i]) / divisor_;
      return weights;
    });
  }

 private:
  double c_;
  double divisor_ = 1;
};

}  // namespace

TASUKI_REGISTER(Weighting, CAGrad, options::CAGrad, "tasuki/CAGrad");

}  // namespace tasuki::weightings
