#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/epoch_mean.h"
#include "plugins/weightings/loss/gradnorm.pb.h"
#include "tasuki/step/gradient_rows.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

using Ranges = std::vector<ParameterPart::Range>;

// Where `inner`, some of the ranges' elements, lie among all of them put one behind the other.
Ranges places(const Ranges& ranges, const Ranges& inner) {
  Ranges found;
  int64_t from = 0;
  for (const auto& range : ranges) {
    for (const auto& [begin, end] : inner) {
      if (begin < range.begin || end > range.end) continue;
      found.push_back({from + begin - range.begin, from + end - range.begin});
    }
    from += range.end - range.begin;
  }
  return found;
}

// The columns of the shared part's rows that belong to a layer.
Ranges columns_of(const std::string& layer, const Weighting::Context& context) {
  Weighting::Context::Spans spans;
  for (const auto& span : context.shared) {
    if (span.name.starts_with(layer)) spans.push_back(span);
  }
  require_option(
      !spans.empty(), "layer",
      "no shared parameter's name begins with " + layer +
          (context.shared.empty() ? "" : "; the last one is " + context.shared.back().name));
  return places(context.part(context.shared).ranges(), context.part(spans).ranges());
}

class GradNorm : public GradientWeighting {
 public:
  GradNorm(const options::GradNorm& options, const Context& context)
      : alpha_(options.alpha()), first_(context, "GradNorm", 0) {
    require_option(!options.has_layer() || options.gradients().at() == kParameters, "layer",
                   "names parameters, and gradients.at is FEATURES; leave one of them out");
    if (options.has_layer()) columns_ = columns_of(options.layer(), context);
    if (!context.make_optimizer) return;  // without a model
    std::vector<std::string> owners;
    for (const auto& objective : context.objectives) owners.push_back(objective.name);
    constexpr bool kDecays = false;
    scales_.emplace("scale", owners, 1, context.make_optimizer, torch::kCPU, kDecays);
  }

  void after_update(StepContext& step) override {
    if (!moves_) return;
    moves_ = false;
    scales_->step(step.learning_rate, scales_->values().grad().isfinite().all(), index_of(step));
  }

  std::map<std::string, torch::Tensor> method_state() const override {
    auto all = first_.state();
    if (scales_) all.merge(scales_->state());
    return all;
  }

  void load_method_state(const std::map<std::string, torch::Tensor>& state) override {
    const auto own = first_.state();
    std::map<std::string, torch::Tensor> first, scales;
    for (const auto& item : state) (own.contains(item.first) ? first : scales).insert(item);
    first_.load_state(first);
    if (scales_) scales_->load_state(scales, "GradNorm");
  }

 protected:
  options::GradientOptions::Decoders default_decoders() const override {
    return options::GradientOptions::WEIGHTED;
  }
  bool has_weights() const override { return true; }
  bool takes_rounded_rows() const override { return true; }

  torch::Tensor combine_rows(const torch::Tensor& rows, const RowGroup& group, StepContext& step,
                             torch::Tensor out) override {
    const bool is_shared = group.part == "shared";
    if (is_shared) first_.add(group.epoch, step.index_tensor(), group.losses);
    const auto weights = kept_or(group, [&] {
      const auto own = weights_of(group, step);
      return (is_shared ? learn(rows, group, step, own) : own) * length(rows.size(0));
    });
    weigh_rows(rows, weights, std::move(out));
    return weights;
  }

 private:
  static constexpr auto kParameters = options::GradientOptions::PARAMETERS;

  static torch::Tensor index_of(const StepContext& step) {
    const std::vector<int64_t> index(step.index.begin(), step.index.end());
    return torch::tensor(index, torch::kInt64);
  }

  // [n] float64 on the CPU, of the group's objectives among all of the step.
  torch::Tensor weights_of(const RowGroup& group, const StepContext& step) const {
    const auto all = int64_t(step.size());
    auto weights = torch::ones({all}, torch::kFloat64);
    if (step.epoch > 0 && scales_) {
      const auto scales = scales_->values().detach().index_select(0, index_of(step));
      weights = double(all) * torch::softmax(scales, 0);
    }
    std::vector<int64_t> members;
    for (const size_t objective : group.objectives) {
      members.push_back(std::find(step.index.begin(), step.index.end(), objective) -
                        step.index.begin());
    }
    return weights.index_select(0, torch::tensor(members, torch::kInt64));
  }

  // [n] float64 on the rows' device. Rows of features are those of a process's own images.
  torch::Tensor lengths(const torch::Tensor& rows, const StepContext& step) const {
    auto squares = torch::zeros({rows.size(0)}, rows.options().dtype(torch::kFloat64));
    const auto add = [&](const torch::Tensor& block) {
      squares += block.to(torch::kFloat64).square().sum(1);
    };
    for (const auto& [begin, end] : columns_) add(rows.slice(1, begin, end));
    if (columns_.empty()) {
      for_each_block(rows.size(1),
                     [&](int64_t begin, int64_t end) { add(rows.slice(1, begin, end)); });
    }
    const auto processes = step.collective->size();
    if (has_feature_rows() && processes > 1) {
      step.collective->sum(squares);
      squares /= double(processes * processes);
    }
    return squares.sqrt();
  }

  // Leaves dLgrad/ds on the scales, for after_update(). Returns the weights, NaN where a loss is
  // not above 0.
  torch::Tensor learn(const torch::Tensor& rows, const RowGroup& group, const StepContext& step,
                      const torch::Tensor& weights) {
    const auto first = first_.get(group.epoch, step.index_tensor());
    const auto losses = above_zero(group.losses);
    const auto rates = losses / torch::where(first.isnan(), losses, first);
    // All that the host needs of the step, in one copy.
    const auto read = torch::stack({lengths(rows, step), rates.to(rows.device())}).to(torch::kCPU);
    const auto norms = read[0], relative = read[1] / read[1].mean();
    if (group.epoch > 0 && scales_) {
      const auto sizes = weights * norms;
      const auto slopes = (sizes - sizes.mean() * relative.pow(alpha_)).sign() * norms;
      const auto through_softmax =
          weights * (slopes - weights.dot(slopes) / double(weights.size(0)));
      scales_->values().grad().index_copy_(0, index_of(step), through_softmax);
      moves_ = true;
    }
    return torch::where(relative.isnan(), relative, weights);
  }

  double alpha_;
  Ranges columns_;   // of the layer; empty: all
  EpochMean first_;  // L(0)
  std::optional<OwnParameters> scales_;
  bool moves_ = false;  // whether the scales have a gradient of this step
};

}  // namespace

TASUKI_REGISTER(Weighting, GradNorm, options::GradNorm, "tasuki/GradNorm");

}  // namespace tasuki::weightings
