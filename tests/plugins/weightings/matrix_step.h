#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/pipelines/plugin.h"
#include "tests/plugins/weightings/take_step.h"

namespace tasuki::testing {

// A registered weighting on losses that are linear, L_i = g_i . theta + b_i at theta = 0, plus a
// decoder's parameter each: steps whose gradients and losses are given numbers, as the fixtures of
// methods with state have them.
//
//   MatrixStep step("tasuki/MoCo", "gamma: 0.2", 3, 50);
//   step.take(rows, losses);   // [3, 50], [3]
//   step.direction();          // [50]
class MatrixStep : public FurtherBatches {
 public:
  MatrixStep(const std::string& name, const std::string& options, int64_t tasks, int64_t size,
             torch::ScalarType type = torch::kFloat64) {
    theta_ = module_.register_parameter("theta", torch::zeros({size}, type));
    for (int64_t i = 0; i < tasks; ++i) {
      decoders_.push_back(
          module_.register_parameter("decoder_" + std::to_string(i), torch::zeros({1}, type)));
    }
    flat_ = std::make_unique<ParameterSpace>(module_, false);
    Weighting::Context context;
    context.parameters = flat_.get();
    for (const auto& item : module_.named_parameters()) context.leaves[item.key()] = item.value();
    for (const auto& segment : flat_->segments()) {
      if (segment.name == "theta") context.shared.push_back(segment);
      if (segment.name != "theta") context.decoders["t" + segment.name.substr(8)] = {segment};
    }
    for (int64_t i = 0; i < tasks; ++i) {
      context.objectives.push_back(Objective::primary("t" + std::to_string(i)));
    }
    objectives_ = context.objectives;
    weighting_ = make<Weighting>(name, options, context);
  }
  MatrixStep(const MatrixStep&) = delete;

  // One step on `rows`, [n, D]; of the objectives at `index`, all when empty. `further` are the
  // rows of the batches that it may ask for.
  void take(const torch::Tensor& rows, const torch::Tensor& losses,
            std::vector<torch::Tensor> further = {}, std::vector<size_t> index = {}) {
    if (index.empty()) {
      for (size_t i = 0; i < size_t(rows.size(0)); ++i) index.push_back(i);
    }
    index_ = index;
    values_ = losses;
    further_ = std::move(further);
    flat_->zero_gradient();
    std::vector<Objective> running;
    for (const size_t i : index) running.push_back(objectives_[i]);
    StepContext step;
    step.index = index;
    step.losses = losses_of(rows);
    step.coefficients = torch::ones({int64_t(index.size())}, torch::kFloat64);
    step.normalize = RouteNormalizer(Train::NONE, running);
    step.parameters = flat_.get();
    step.step = steps_++;
    step.backward = [](const torch::Tensor& loss, bool keep) { loss.backward({}, keep); };
    step.further_batches = this;
    take_step(*weighting_, step);
  }
  void take(const torch::Tensor& rows) { take(rows, torch::ones({rows.size(0)}, torch::kFloat64)); }

  // What the last step left: for the shared part [D], and how often each decoder's gradient [n].
  torch::Tensor direction() const { return theta_.grad().clone(); }
  torch::Tensor decoders() const {
    std::vector<torch::Tensor> all;
    for (const size_t i : index_) all.push_back(decoders_[i].grad()[0]);
    return torch::stack(all);
  }
  Weighting& weighting() { return *weighting_; }
  // Of the objectives t0, ..., tn-1 in the shared part, [n].
  torch::Tensor kept(const std::string& what) const {
    std::vector<torch::Tensor> all;
    for (size_t i = 0; i < objectives_.size(); ++i) {
      all.push_back(weighting_->state().at("shared/t" + std::to_string(i) + "." + what));
    }
    return torch::stack(all);
  }

  std::vector<torch::Tensor> next_training_losses() override {
    const auto losses = losses_of(further_.at(0));
    further_.erase(further_.begin());
    return losses;
  }
  std::vector<torch::Tensor> next_validation_losses() override { return {}; }

 private:
  std::vector<torch::Tensor> losses_of(const torch::Tensor& rows) const {
    std::vector<torch::Tensor> losses;
    for (size_t i = 0; i < index_.size(); ++i) {
      const auto loss = rows[int64_t(i)].to(theta_.scalar_type()).dot(theta_);
      losses.push_back(loss + decoders_[index_[i]][0] + values_[int64_t(i)].to(loss.scalar_type()));
    }
    return losses;
  }

  torch::nn::Module module_;
  torch::Tensor theta_;
  std::vector<torch::Tensor> decoders_;
  std::unique_ptr<ParameterSpace> flat_;
  std::vector<Objective> objectives_;
  std::unique_ptr<Weighting> weighting_;
  std::vector<size_t> index_;
  torch::Tensor values_;
  std::vector<torch::Tensor> further_;
  int64_t steps_ = 0;
};

}  // namespace tasuki::testing
