#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/gramian/imgrad.pb.h"
#include "tasuki/solvers/conflict_averse.h"
#include "tasuki/solvers/min_norm.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kVanishingPoint = 1e-12;  // of |g_min|, relative to the sum of w_i |g_i|

class IMGrad : public GramianWeighting {
 public:
  explicit IMGrad(const options::IMGrad& options) : alpha_(options.alpha()) {
    const auto rescale = options.rescale();
    divisor_ = rescale == 0 ? 1 : rescale == 1 ? 1 + alpha_ * alpha_ : 1 + alpha_;
  }

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, [this](const solvers::Matrix& k) {
      const solvers::Values mean(k.size(), 1.0 / double(k.size()));
      const double length = solvers::norm(k, mean);
      const double cosine = cosine_to_min_norm(k, mean, length);
      auto shift = solvers::conflict_averse_shift(k, alpha_ * length * cosine / (1.5 - cosine));
      const double reached = solvers::norm(k, shift);
      const double factor = reached > 0 ? alpha_ * length / reached : 0;
      for (size_t i = 0; i < k.size(); ++i) shift[i] = (mean[i] + factor * shift[i]) / divisor_;
      return shift;
    });
  }

 private:
  // In [0, 1]; 0 where the shortest vector is zero to rounding.
  static double cosine_to_min_norm(const solvers::Matrix& k, const solvers::Values& mean,
                                   double length) {
    const auto weights = solvers::min_norm_weights(k);
    const double shortest = solvers::norm(k, weights);
    double terms = 0;
    for (size_t i = 0; i < k.size(); ++i) terms += weights[i] * std::sqrt(k(i, i));
    if (!(shortest > kVanishingPoint * terms) || !(length > 0)) return 0;
    const double inner = solvers::dot(mean, solvers::multiply(k, weights));
    return std::fmin(std::fmax(inner / (length * shortest), 0.0), 1.0);
  }

  double alpha_;
  double divisor_ = 1;
};

}  // namespace

TASUKI_REGISTER(Weighting, IMGrad, options::IMGrad, "tasuki/IMGrad");

}  // namespace tasuki::weightings
