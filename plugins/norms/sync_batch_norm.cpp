#include "plugins/norms/sync_batch_norm.h"

#include <torch/torch.h>

#include "tasuki/model/loss.h"
#include "tasuki/step/shared_losses.h"

namespace tasuki::norms {
namespace {

const std::vector<int64_t> kAllButChannels = {0, 2, 3};

torch::Tensor per_channel(const torch::Tensor& x) {
  return x.view({1, -1, 1, 1});
}

struct Statistics {
  torch::Tensor count, mean, variance;  // of all processes: scalar, [C], [C]; float64
};

Statistics statistics_of(const torch::Tensor& x, const SharedLosses& shared) {
  const torch::NoGradGuard no_grad;
  const auto channels = x.size(1);
  const double count = shared.counts() ? double(x.numel() / channels) : 0;
  const auto [variance, mean] =
      torch::var_mean(loss_precision(x), kAllButChannels, /*unbiased=*/false);
  const auto own_mean = mean.to(torch::kFloat64);
  const auto square = variance.to(torch::kFloat64) + own_mean.square();
  auto sums = torch::cat({torch::ones({1}, own_mean.options()), own_mean, square}) * count;
  shared.processes().sum(sums);
  const auto n = sums[0], all_mean = sums.slice(0, 1, 1 + channels) / n;
  const auto all_square = sums.slice(0, 1 + channels) / n;
  return {n, all_mean, (all_square - all_mean.square()).clamp_min(0)};
}

// y = (x - mean) / sqrt(variance + eps) weight + bias, where mean and variance are functions of x
// in all processes.
class Normalize : public torch::autograd::Function<Normalize> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const Statistics& statistics, double eps,
                               const SharedLosses& shared) {
    const auto mean = statistics.mean.to(weight.scalar_type());
    const auto variance = statistics.variance.to(weight.scalar_type());
    context->save_for_backward({x, weight, mean, variance, statistics.count});
    context->saved_data["eps"] = eps;
    context->saved_data["processes"] = reinterpret_cast<int64_t>(&shared.processes());
    context->saved_data["counts"] = shared.counts();
    return torch::batch_norm(x, weight, bias, mean, variance, /*training=*/false, /*momentum=*/0,
                             eps, torch::globalContext().userEnabledCuDNN());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3];
    const double eps = context->saved_data["eps"].toDouble();
    auto& processes = *reinterpret_cast<Collective*>(context->saved_data["processes"].toInt());
    // What a fixed affine map has, and by the way the sums that its statistics' part is made of.
    const auto [of_x, of_weight, of_bias] = torch::native_batch_norm_backward(
        gradients[0].contiguous(x.suggest_memory_format()), x, weight, mean, variance, {}, {},
        /*train=*/false, eps, {true, true, true});
    auto sums = torch::cat({of_bias, of_weight}).to(torch::kFloat64);
    processes.sum(sums);
    // The images of a process without a part in the batch have moved no statistics.
    if (!context->saved_data["counts"].toBool()) return {of_x, of_weight, of_bias, {}, {}, {}};
    const auto halves = (sums / saved[4]).to(weight.scalar_type()).chunk(2);
    // dx -= weight / deviation (mean(dy) + (x - mean) / deviation mean(dy (x - mean) / deviation))
    const auto inverse = (variance + eps).rsqrt();
    const auto slope = weight * inverse.square() * halves[1];
    const auto offset = weight * inverse * halves[0] - slope * mean;
    const auto moved = torch::addcmul(per_channel(offset), loss_precision(x), per_channel(slope));
    const auto all = loss_precision(of_x) - moved;
    return {all.to(x.scalar_type()), of_weight, of_bias, {}, {}, {}};
  }
};

}  // namespace

SyncBatchNorm2d::SyncBatchNorm2d(int64_t channels, double momentum, double eps)
    : momentum_(momentum), eps_(eps) {
  weight_ = register_parameter("weight", torch::ones({channels}));
  bias_ = register_parameter("bias", torch::zeros({channels}));
  mean_ = register_buffer("running_mean", torch::zeros({channels}));
  variance_ = register_buffer("running_var", torch::ones({channels}));
  num_batches_tracked_ = register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
}

torch::Tensor SyncBatchNorm2d::forward(const torch::Tensor& x) {
  TORCH_CHECK(x.dim() == 4, "SyncBatchNorm2d: [N, C, h, w], not ", x.sizes());
  if (is_training()) num_batches_tracked_ += 1;
  const auto* shared = SharedLosses::current();
  if (!is_training() || shared == nullptr) {
    return torch::batch_norm(x, weight_, bias_, mean_, variance_, is_training(), momentum_, eps_,
                             torch::globalContext().userEnabledCuDNN());
  }
  const auto statistics = statistics_of(x, *shared);
  {
    const torch::NoGradGuard no_grad;
    const auto &n = statistics.count, unbiased = statistics.variance * n / (n - 1);
    mean_.lerp_(statistics.mean.to(mean_.scalar_type()), momentum_);
    variance_.lerp_(unbiased.to(variance_.scalar_type()), momentum_);
  }
  return Normalize::apply(x, weight_, bias_, statistics, eps_, *shared);
}

}  // namespace tasuki::norms
