#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/rows/excess_mtl.pb.h"
#include "plugins/weightings/rows/row_state.h"
#include "plugins/weightings/rows/row_values.h"
#include "tasuki/step/gradient_rows.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kCurvatureFloor = 1e-7;

class ExcessMTL : public GradientWeighting {
 public:
  ExcessMTL(const options::ExcessMTL& options, const Context& context)
      : options_(options),
        state_("ExcessMTL", context, {"squares", "log_weight", "first", "steps"}) {
    refuse_features(options.gradients());
  }

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  std::map<std::string, torch::Tensor> method_state() const override { return state_.all(); }
  void load_method_state(const std::map<std::string, torch::Tensor>& state) override {
    state_.load(state);
  }

 protected:
  bool has_weights() const override { return true; }
  options::GradientOptions::Decoders default_decoders() const override {
    return options::GradientOptions::WEIGHTED;
  }

  bool takes_rounded_rows() const override { return true; }

  torch::Tensor combine_rows(const torch::Tensor& rows, const RowGroup& group,
                             StepContext& /*step*/, torch::Tensor out) override {
    const auto weights = kept_or(group, [&] { return weigh(rows, group) * length(rows.size(0)); });
    weigh_rows(rows, weights, std::move(out));
    return weights;
  }

 private:
  torch::Tensor weigh(const torch::Tensor& rows, const RowGroup& group) {
    if (!all_finite(rows, group.losses)) {
      return torch::full({rows.size(0)}, std::nan(""), torch::kFloat64);
    }
    const auto excess = to_vector(excess_risks(rows, group));
    std::vector<double> logs;
    for (size_t i = 0; i < excess.size(); ++i) logs.push_back(learn(group, i, excess[i]));
    const auto log_weights = torch::tensor(logs, torch::kFloat64).log_softmax(0);
    for (size_t i = 0; i < excess.size(); ++i) {
      state_.set_number(group, i, "log_weight", log_weights[int64_t(i)].item<double>());
    }
    return log_weights.exp();
  }

  // [n] float64: e. Adds the rows to S.
  torch::Tensor excess_risks(const torch::Tensor& rows, const RowGroup& group) {
    std::vector<torch::Tensor> all;
    for (int64_t i = 0; i < rows.size(0); ++i) {
      const auto squares = state_.vector(group, size_t(i), "squares", rows[i]);
      auto sum = torch::zeros({}, rows.options().dtype(torch::kFloat64));
      for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
        const auto square = rows[i].slice(0, begin, end).to(torch::kFloat64).square();
        auto kept = squares.slice(0, begin, end).add_(square);
        sum += (square / (kept.to(torch::kFloat64) + kCurvatureFloor).sqrt()).sum();
      });
      all.push_back(sum);
    }
    return torch::stack(all);
  }

  // The logarithm of the objective's weight after a step with this excess risk, before the weights
  // are divided by their sum.
  double learn(const RowGroup& group, size_t i, double excess) {
    const double before = state_.number(group, i, "log_weight", mean_log_weight(group));
    const double steps = state_.number(group, i, "steps", 0) + 1;
    const double first = state_.number(group, i, "first", 0);
    state_.set_number(group, i, "steps", steps);
    const double warmup = options_.warmup_steps();
    if (steps <= warmup) {
      state_.set_number(group, i, "first", first + excess / warmup);
      return before;
    }
    if (first > 0) return before + options_.step_size() * excess / (first + options_.eps());
    state_.set_number(group, i, "first", excess);
    if (options_.first() == options::ExcessMTL::RECORD) return before;
    return before + options_.step_size() * excess;
  }

  // Of what the objectives of the group have; equal weights at the start.
  double mean_log_weight(const RowGroup& group) const {
    double sum = 0, count = 0;
    for (size_t i = 0; i < group.objectives.size(); ++i) {
      const double log_weight = state_.number(group, i, "log_weight", std::nan(""));
      if (std::isnan(log_weight)) continue;
      sum += std::exp(log_weight);
      ++count;
    }
    return count == 0 ? 0 : std::log(sum / count);
  }

  options::ExcessMTL options_;
  RowState state_;
};

}  // namespace

TASUKI_REGISTER(Weighting, ExcessMTL, options::ExcessMTL, "tasuki/ExcessMTL");

}  // namespace tasuki::weightings
