#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tests/pipelines/plugin.h"
#include "tests/plugins/weightings/take_step.h"

namespace tasuki::testing {

// The flat vectors of a small model, and losses that are linear in them: the gradient of objective
// i is row i of a matrix, with random numbers in the shared part, in the own part of the
// objective's route and in its own decoder, and zeros elsewhere. What every weighting can be tested
// on.
//
//   LinearProblem problem(three_tasks());
//   const auto weighting = make<Weighting>("tasuki/PCGrad", "", problem.context());
//   auto step = problem.step();
//   take_step(*weighting, step);
//   problem.shared(problem.gradient());  // against problem.shared(problem.rows())
class LinearProblem {
 public:
  explicit LinearProblem(std::vector<Objective> objectives,
                         torch::ScalarType type = torch::kFloat64)
      : objectives_(std::move(objectives)) {
    add("shared_stem", 13, type);
    for (const auto& objective : objectives_) {
      if (!objective.auxiliary) add("own_" + objective.route, 5, type);
    }
    add("shared_trunk", 21, type);  // so that the shared part is not one piece
    for (const auto& objective : objectives_) add("decoder_" + objective.name, 3, type);
    flat_ = std::make_unique<ParameterSpace>(module_, false);
    rows_ = torch::zeros({count(), flat_->values().numel()}, type);
    for (int64_t i = 0; i < count(); ++i) {
      for (const auto& span : spans_of(i)) part(rows_[i], {span}).normal_();
    }
    offsets_ = torch::linspace(3, 5, count(), type);
  }
  LinearProblem(const LinearProblem&) = delete;

  ParameterSpace& parameters() { return *flat_; }
  const torch::Tensor& gradient() const { return flat_->gradient(); }  // [P]
  // [n, P]: the gradient of each objective.
  const torch::Tensor& rows() const { return rows_; }
  int64_t count() const { return int64_t(objectives_.size()); }

  // Columns of a [..., P] tensor: what all routes train, what is a route's own, and a decoder.
  torch::Tensor shared(const torch::Tensor& flat) const { return columns(flat, "shared_"); }
  torch::Tensor own(const torch::Tensor& flat, const std::string& route) const {
    return columns(flat, "own_" + route);
  }
  torch::Tensor decoder(const torch::Tensor& flat, const std::string& objective) const {
    return columns(flat, "decoder_" + objective);
  }
  // Other gradients for the shared part: [n, 34].
  void set_shared(const torch::Tensor& rows) {
    int64_t from = 0;
    for (const auto& span : spans("shared_")) {
      part(rows_, {span}).copy_(rows.slice(1, from, from + span.end - span.begin));
      from += span.end - span.begin;
    }
  }
  void set_rows(const torch::Tensor& rows) { rows_.copy_(rows); }

  Weighting::Context context() {
    Weighting::Context context;
    context.objectives = objectives_;
    context.parameters = flat_.get();
    context.shared = spans("shared_");
    for (const auto& objective : objectives_) {
      context.own[objective.route] = spans("own_" + objective.route);
      context.decoders[objective.name] = spans("decoder_" + objective.name);
    }
    for (const auto& item : module_.named_parameters()) context.leaves[item.key()] = item.value();
    context.has_cut = true;
    context.make_optimizer = [](const Optimizer::Context& own) {
      return make<Optimizer>("tasuki/SGD", "lr: 0.1", own);
    };
    return context;
  }

  // Losses of the objectives at `index`: separate ends of one graph, whose common part can be
  // walked twice only when it was kept. The shared parameters times 1 are the features that a trace
  // cuts at: gradients there are those of the parameters. What a decoder's last layer gets is its
  // objective's row times these features, element by element: [1, 34, 1, 1].
  std::vector<torch::Tensor> losses(const std::vector<size_t>& index,
                                    ForwardTrace* trace = nullptr) const {
    std::map<std::string, torch::Tensor> features;
    for (const auto& item : module_.named_parameters()) {
      const bool is_shared = item.key().rfind("shared_", 0) == 0;
      auto& feature = features[item.key()] = item.value();
      if (is_shared) feature = feature * torch::ones_like(feature);
      if (is_shared && trace != nullptr && trace->cuts) feature = trace->cut(item.key(), feature);
    }
    std::vector<torch::Tensor> losses;
    for (const size_t i : index) {
      auto loss = offsets_[int64_t(i)];
      for (const auto& span : spans_of(int64_t(i))) {
        loss = loss + part(rows_[int64_t(i)], {span}).dot(features.at(span.name));
      }
      losses.push_back(loss);
      if (trace != nullptr) trace->last_features[objectives_[i].name] = products(i, features);
    }
    return losses;
  }

  // A step as the trainer gives it, of all objectives or of those at `index`; the gradient is zero.
  // Each step has random numbers of its own.
  StepContext step(Train::RouteNormalization mode = Train::NONE, std::vector<size_t> index = {},
                   const WeightingNeeds& needs = {}) {
    if (index.empty()) {
      index.resize(objectives_.size());
      std::iota(index.begin(), index.end(), size_t(0));
    }
    std::vector<Objective> running;
    for (const size_t i : index) running.push_back(objectives_[i]);
    flat_->zero_gradient();
    kept_graph.clear();
    StepContext step;
    trace_ = {};
    trace_.cuts = needs.features;
    if (needs.features || needs.last_features) step.trace = &trace_;
    step.losses = losses(index, step.trace);
    step.parameters = flat_.get();
    step.draws = Draws(steps_++);
    step.coefficients = torch::ones({int64_t(running.size())}, torch::kFloat64);
    step.normalize = RouteNormalizer(mode, running);
    step.learning_rate = 0.1;
    step.momentum = {0.9, 1e-4, {}};
    step.backward = [this](const torch::Tensor& loss, bool keep_graph) {
      kept_graph.push_back(keep_graph);
      loss.backward({}, keep_graph);
    };
    step.index = std::move(index);
    return step;
  }

  // keep_graph of each call of the last step's backward.
  std::vector<bool> kept_graph;

 private:
  using Spans = std::vector<ParameterSpace::Segment>;

  void add(const std::string& name, int64_t size, torch::ScalarType type) {
    module_.register_parameter(name, torch::randn({size}, type) / 10);
  }
  // Of one parameter, or of all whose names begin with `name` where that ends with an underscore.
  Spans spans(const std::string& name) const {
    Spans found;
    for (const auto& span : flat_->segments()) {
      const bool begins = name.back() == '_' && span.name.rfind(name, 0) == 0;
      if (begins || span.name == name) found.push_back(span);
    }
    return found;
  }
  // What objective i trains.
  Spans spans_of(int64_t i) const {
    const auto& objective = objectives_[size_t(i)];
    Spans found = spans("shared_");
    for (const auto& name : {"own_" + objective.route, "decoder_" + objective.name}) {
      for (const auto& span : spans(name)) found.push_back(span);
    }
    return found;
  }
  torch::Tensor products(size_t i, const std::map<std::string, torch::Tensor>& features) const {
    std::vector<torch::Tensor> all;
    for (const auto& span : spans("shared_")) {
      all.push_back(part(rows_[int64_t(i)], {span}) * features.at(span.name));
    }
    return torch::cat(all).view({1, -1, 1, 1});
  }
  static torch::Tensor part(const torch::Tensor& flat, const Spans& spans) {
    std::vector<torch::Tensor> parts;
    for (const auto& span : spans) parts.push_back(flat.slice(-1, span.begin, span.end));
    return parts.size() == 1 ? parts[0] : torch::cat(parts, -1);
  }
  torch::Tensor columns(const torch::Tensor& flat, const std::string& name) const {
    return part(flat, spans(name));
  }

  std::vector<Objective> objectives_;
  torch::nn::Module module_;
  std::unique_ptr<ParameterSpace> flat_;
  torch::Tensor rows_;
  torch::Tensor offsets_;  // keep the losses above zero
  uint64_t steps_ = 0;
  ForwardTrace trace_;  // of the last step
};

// The losses of the same problem, at the present parameters; counts what is asked for.
class LinearLookAhead : public LookAhead {
 public:
  // `step` are the objectives of the step, `primaries` those of the model.
  LinearLookAhead(const LinearProblem& problem, std::vector<size_t> step,
                  std::vector<size_t> primaries)
      : problem_(problem), step_(std::move(step)), primaries_(std::move(primaries)) {}

  std::vector<torch::Tensor> training_losses(bool /*update_statistics*/) override {
    ++training_calls;
    return problem_.losses(step_);
  }
  std::vector<torch::Tensor> validation_losses(bool /*update_statistics*/) override {
    ++validation_calls;
    return problem_.losses(primaries_);
  }

  int training_calls = 0;
  int validation_calls = 0;

 private:
  const LinearProblem& problem_;
  std::vector<size_t> step_;
  std::vector<size_t> primaries_;
};

// "seg", "depth", "normal".
inline std::vector<Objective> three_tasks() {
  return {Objective::primary("seg"), Objective::primary("depth"), Objective::primary("normal")};
}
// The same with the self-auxiliaries normal->seg, depth->seg and normal->depth.
inline std::vector<Objective> three_tasks_with_transfers() {
  auto objectives = three_tasks();
  objectives.push_back(Objective::transfer("normal", "seg"));
  objectives.push_back(Objective::transfer("depth", "seg"));
  objectives.push_back(Objective::transfer("normal", "depth"));
  return objectives;
}

// Equal to the rounding errors of `expected`'s type, against its largest number.
inline bool is_close(const torch::Tensor& actual, const torch::Tensor& expected) {
  const double largest = expected.numel() == 0 ? 0 : expected.abs().max().item<double>();
  const double precision = expected.scalar_type() == torch::kFloat64 ? 1e-12 : 1e-5;
  return actual.allclose(expected, 0, precision * (largest + 1e-30));
}

}  // namespace tasuki::testing
