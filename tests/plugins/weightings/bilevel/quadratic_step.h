#pragma once

#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/pipelines/plugin.h"
#include "tests/plugins/weightings/take_step.h"

namespace tasuki::testing {

// Losses of 8 parameters x that are polynomials, so that the hypergradient has a closed form:
//   on the training batch    L_i(x) = (x - a_i)' A_i (x - a_i) / 2 + cubic (u_i' x)^3 / 6
//   on the validation batch  V_j(x) = (x - b_j)' B_j (x - b_j) / 2   for the j-th primary
//   on a further batch       F_i(x) = (x - c_i)' C_i (x - c_i) / 2   of the training split
// It gives the look-aheads and further batches of its steps and notes what they were asked for.
class QuadraticProblem : public LookAhead, public FurtherBatches {
 public:
  explicit QuadraticProblem(std::vector<Objective> objectives)
      : objectives_(std::move(objectives)) {
    const auto n = int64_t(objectives_.size());
    for (const auto& objective : objectives_) primaries_ += objective.auxiliary ? 0 : 1;
    const auto options = torch::TensorOptions(torch::kFloat64);
    train_forms = positive(n);
    train_centers = torch::randn({n, kSize}, options);
    directions = torch::randn({n, kSize}, options);
    validation_forms = positive(primaries_);
    validation_centers = torch::randn({primaries_, kSize}, options);
    stem_ = module_.register_parameter("stem", torch::randn({5}, options));
    head_ = module_.register_parameter("head", torch::randn({kSize - 5}, options));
    flat_ = std::make_unique<ParameterSpace>(module_, false);
    buffer = flat(torch::randn({kSize}, options));
    further_forms = positive(n);
    further_centers = torch::randn({n, kSize}, options);
  }
  QuadraticProblem(const QuadraticProblem&) = delete;

  static constexpr int64_t kSize = 8;
  torch::Tensor train_forms, train_centers, directions;  // A, a, u
  torch::Tensor validation_forms, validation_centers;    // B, b
  torch::Tensor further_forms, further_centers;          // C, c
  double cubic = 0;
  torch::Tensor buffer;  // [P], the momentum's
  double momentum = 0.9, weight_decay = 0.01, learning_rate = 0.1;

  int64_t count() const { return int64_t(objectives_.size()); }
  const ParameterSpace& parameters() const { return *flat_; }
  torch::Tensor x() const { return torch::cat({stem_, head_}); }  // [8]
  // [P] <-> [8]
  torch::Tensor flat(const torch::Tensor& packed) const {
    auto vector = torch::zeros_like(flat_->values(), torch::TensorOptions().requires_grad(false));
    vector.narrow(0, flat_->segments()[0].begin, 5).copy_(packed.narrow(0, 0, 5));
    vector.narrow(0, flat_->segments()[1].begin, kSize - 5).copy_(packed.narrow(0, 5, kSize - 5));
    return vector;
  }
  torch::Tensor packed(const torch::Tensor& flat) const {
    return torch::cat({flat.narrow(0, flat_->segments()[0].begin, 5),
                       flat.narrow(0, flat_->segments()[1].begin, kSize - 5)});
  }

  torch::Tensor training_loss(int64_t i, const torch::Tensor& x) const {
    const auto quadratic = form(train_forms[i], x - train_centers[i]);
    return cubic == 0 ? quadratic : quadratic + cubic * directions[i].dot(x).pow(3) / 6;
  }
  // The unweighted sum over the primaries.
  torch::Tensor validation_loss(const torch::Tensor& x) const {
    auto sum = torch::zeros({}, torch::kFloat64);
    for (int64_t j = 0; j < primaries_; ++j) sum = sum + primary_loss(j, x);
    return sum;
  }
  // [n, 8] of the objectives at `index`, and [8], at the present parameters.
  torch::Tensor training_gradients(const std::vector<size_t>& index) const {
    std::vector<torch::Tensor> rows;
    for (const size_t i : index) {
      const auto at = x().detach().requires_grad_();
      rows.push_back(torch::autograd::grad({training_loss(int64_t(i), at)}, {at})[0]);
    }
    return torch::stack(rows);
  }
  torch::Tensor validation_gradient(const torch::Tensor& x) const {
    const auto at = x.detach().requires_grad_();
    return torch::autograd::grad({validation_loss(at)}, {at})[0];
  }

  Weighting::Context context() {
    Weighting::Context context;
    context.objectives = objectives_;
    context.parameters = flat_.get();
    return context;
  }

  // A step of the objectives at `index` (all when empty), as the trainer gives it.
  StepContext step(Train::RouteNormalization mode = Train::NONE, std::vector<size_t> index = {}) {
    if (index.empty()) {
      for (size_t i = 0; i < objectives_.size(); ++i) index.push_back(i);
    }
    running_ = index;
    std::vector<Objective> running;
    for (const size_t i : index) running.push_back(objectives_[i]);
    flat_->zero_gradient();
    kept_graph.clear();
    asked.clear();
    StepContext step;
    step.losses = losses();
    step.parameters = flat_.get();
    step.coefficients = torch::ones({int64_t(index.size())}, torch::kFloat64);
    step.normalize = RouteNormalizer(mode, running);
    step.learning_rate = learning_rate;
    step.momentum = {momentum, weight_decay, buffer};
    step.backward = [this](const torch::Tensor& loss, bool keep_graph) {
      kept_graph.push_back(keep_graph);
      loss.backward({}, keep_graph);
    };
    step.look_ahead = this;
    step.further_batches = this;
    step.index = std::move(index);
    return step;
  }

  std::vector<torch::Tensor> training_losses(bool update_statistics) override {
    note("train", update_statistics);
    return looked_at(losses());
  }
  std::vector<torch::Tensor> validation_losses(bool update_statistics) override {
    note("validation", update_statistics);
    std::vector<torch::Tensor> losses;
    for (int64_t j = 0; j < primaries_; ++j) losses.push_back(primary_loss(j, x()));
    return looked_at(losses);
  }

  std::vector<torch::Tensor> next_training_losses() override {
    note("further", false);
    std::vector<torch::Tensor> losses;
    for (const size_t i : running_) {
      losses.push_back(form(further_forms[int64_t(i)], x() - further_centers[int64_t(i)]));
    }
    return looked_at(losses);
  }
  std::vector<torch::Tensor> next_validation_losses() override { return validation_losses(false); }

  // Of the last step: keep_graph of each walk, and each look-ahead: what for, where, how.
  struct Asked {
    std::string what;
    torch::Tensor x;
    bool update_statistics, with_graph;
  };
  std::vector<bool> kept_graph;
  std::vector<Asked> asked;
  int throw_at = -1;     // this look-ahead of a step throws
  std::string poisoned;  // look-aheads for this have losses that are not a number

 private:
  static torch::Tensor positive(int64_t n) {
    const auto root = torch::randn({n, kSize, kSize}, torch::kFloat64);
    return torch::bmm(root, root.transpose(1, 2)) / double(kSize);
  }
  static torch::Tensor form(const torch::Tensor& matrix, const torch::Tensor& x) {
    return matrix.mv(x).dot(x) / 2;
  }
  torch::Tensor primary_loss(int64_t j, const torch::Tensor& x) const {
    return form(validation_forms[j], x - validation_centers[j]);
  }
  std::vector<torch::Tensor> losses() const {
    std::vector<torch::Tensor> losses;
    const auto shared = x();
    for (const size_t i : running_) losses.push_back(training_loss(int64_t(i), shared));
    return losses;
  }
  void note(const std::string& what, bool update_statistics) {
    asked.push_back({what, x().detach().clone(), update_statistics, torch::GradMode::is_enabled()});
    if (int(asked.size()) - 1 == throw_at) throw std::runtime_error("no memory");
  }

  std::vector<torch::Tensor> looked_at(std::vector<torch::Tensor> losses) const {
    if (asked.back().what == poisoned) losses[0] = losses[0] * std::nan("");
    return losses;
  }

  std::vector<Objective> objectives_;
  int64_t primaries_ = 0;
  torch::nn::Module module_;
  torch::Tensor stem_, head_;
  std::unique_ptr<ParameterSpace> flat_;
  std::vector<size_t> running_;
};

}  // namespace tasuki::testing
