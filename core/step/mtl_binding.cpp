#include "tasuki/step/mtl_binding.h"

#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

// While it lives the parameters' gradients are the views. What passes have accumulated there is
// added to the gradients that were there before; after an exception nothing is.
class LentGradients {
 public:
  LentGradients(std::vector<torch::Tensor> parameters, std::vector<torch::Tensor> views)
      : parameters_(std::move(parameters)), views_(std::move(views)) {
    for (size_t k = 0; k < parameters_.size(); ++k) {
      before_.push_back(parameters_[k].grad());
      parameters_[k].mutable_grad() = views_[k];
    }
  }
  ~LentGradients() {
    for (size_t k = 0; k < before_.size(); ++k) parameters_[k].mutable_grad() = before_[k];
  }
  LentGradients(const LentGradients&) = delete;
  LentGradients& operator=(const LentGradients&) = delete;

  void add() {
    const torch::NoGradGuard no_grad;
    for (size_t k = 0; k < before_.size(); ++k) {
      if (before_[k].defined()) {
        before_[k].add_(views_[k]);
      } else {
        before_[k] = views_[k].clone();
      }
    }
  }

 private:
  std::vector<torch::Tensor> parameters_, views_, before_;
};

}  // namespace

Error mtl_error(const std::string& what) {
  return {ErrorKind::kUsage, "mtl_backward: " + what};
}

std::vector<torch::Tensor> MtlBinding::GivenLosses::training_losses(bool /*update_statistics*/) {
  if (!losses) throw mtl_error("the method looks at losses again: give them by after_update()");
  return losses();
}

std::vector<torch::Tensor> MtlBinding::GivenLosses::validation_losses(bool /*update_statistics*/) {
  throw mtl_error("there is no validation split; methods that need one work in train()");
}

MtlBinding::MtlBinding(const google::protobuf::Any& weighting, const MtlWeighting::Options& options,
                       size_t tasks, bool has_features, const Parameters& shared,
                       const std::vector<Parameters>& own) {
  if (!options.tasks.empty() && options.tasks.size() != tasks) {
    throw mtl_error("there are losses of " + std::to_string(tasks) + " tasks, but names of " +
                    std::to_string(options.tasks.size()));
  }
  for (size_t i = 0; i < tasks; ++i) {
    const bool named = !options.tasks.empty();
    objectives_.push_back(
        Objective::primary(named ? options.tasks[i] : "task" + std::to_string(i)));
  }
  list(shared, own);
  make_space();
  weighting_ = Registry::instance().create<Weighting>(weighting, context(options, has_features));
  check_needs(weighting.type_url(), has_features);
}

void MtlBinding::list(const Parameters& shared, const std::vector<Parameters>& own) {
  std::set<const void*> seen;
  const auto add = [&](const torch::Tensor& parameter, int64_t owner) {
    const auto of = owner < 0 ? "the shared part" : objectives_[size_t(owner)].name;
    if (!parameter.defined() || !parameter.is_leaf() || !parameter.requires_grad()) {
      throw mtl_error("a parameter of " + of + " is no leaf that requires a gradient");
    }
    if (!seen.insert(parameter.unsafeGetTensorImpl()).second) {
      throw mtl_error("a parameter of " + of +
                      " is listed twice; what tasks share is one of the "
                      "shared parameters");
    }
    parameters_.push_back(parameter);
    owners_.push_back(owner);
  };
  for (const auto& parameter : shared) add(parameter, -1);
  for (size_t i = 0; i < own.size(); ++i) {
    for (const auto& parameter : own[i]) add(parameter, int64_t(i));
  }
  if (parameters_.empty()) throw mtl_error("there are no parameters");
}

// Names are numbers, so that segments find their parameters; those of one part lie together.
void MtlBinding::make_space() {
  std::vector<ParameterInfo> infos(parameters_.size());
  for (size_t k = 0; k < infos.size(); ++k) {
    infos[k].tensor = torch::zeros(parameters_[k].sizes(), parameters_[k].options());
    infos[k].tensor.requires_grad_();
    infos[k].name = std::to_string(k);
    const bool is_shared = owners_[k] < 0;
    infos[k].stage = is_shared ? "shared" : "own";
    infos[k].instance = is_shared ? "" : objectives_[size_t(owners_[k])].name;
  }
  space_ = std::make_unique<ParameterSpace>(infos, /*channels_last=*/false);
  views_.resize(parameters_.size());
  for (const auto& segment : space_->segments()) {
    views_[std::stoul(segment.name)] = space_->view(space_->gradient(), segment);
  }
}

Weighting::Context MtlBinding::context(const MtlWeighting::Options& options, bool has_features) {
  Weighting::Context context;
  context.objectives = objectives_;
  context.parameters = space_.get();
  context.has_cut = has_features;
  for (const auto& segment : space_->segments()) {
    const auto k = std::stoul(segment.name);
    context.leaves[segment.name] = parameters_[k];
    auto& part =
        owners_[k] < 0 ? context.shared : context.decoders[objectives_[size_t(owners_[k])].name];
    part.push_back(segment);
  }
  context.make_optimizer = [this, optimizer = options.optimizer](const auto& own) {
    if (!optimizer) {
      throw mtl_error(
          "the method has parameters of its own; give MtlWeighting::Options::optimizer, "
          "which trains them");
    }
    auto made = Registry::instance().create<Optimizer>(*optimizer, Optimizer::Context{own});
    learning_rate_ = made->base_learning_rate();
    return made;
  };
  return context;
}

void MtlBinding::check_needs(const std::string& name, bool has_features) const {
  const auto needs = weighting_->needs();
  if (needs.validation_batch || needs.training_batches || needs.last_features) {
    throw mtl_error(name +
                    " needs batches of its own or the decoders' last features, which only a "
                    "whole training has: use train(), or another method");
  }
  if (needs.features && !has_features) {
    throw mtl_error(name + " combines gradients on features: give those that the tasks share");
  }
}

bool MtlBinding::is_of(size_t tasks, const Parameters& shared,
                       const std::vector<Parameters>& own) const {
  auto all = shared;
  std::vector<int64_t> owners(shared.size(), -1);
  for (size_t i = 0; i < own.size(); ++i) {
    all.insert(all.end(), own[i].begin(), own[i].end());
    owners.insert(owners.end(), own[i].size(), int64_t(i));
  }
  return tasks == objectives_.size() && owners == owners_ &&
         std::equal(all.begin(), all.end(), parameters_.begin(),
                    [](const auto& a, const auto& b) { return a.is_same(b); });
}

// The gradient of features and of what comes behind them; the graph before them is not walked.
void MtlBinding::walk_to_features(const torch::Tensor& loss, bool keep_graph,
                                  const Parameters& features) {
  auto ends = features;
  std::vector<torch::Tensor> sums;
  for (size_t k = 0; k < parameters_.size(); ++k) {
    if (owners_[k] < 0) continue;
    ends.push_back(parameters_[k]);
    sums.push_back(views_[k]);
  }
  const auto gradients = torch::autograd::grad({loss}, ends, {}, keep_graph,
                                               /*create_graph=*/false, /*allow_unused=*/true);
  const torch::NoGradGuard no_grad;
  for (size_t k = 0; k < gradients.size(); ++k) {
    if (!gradients[k].defined()) continue;
    if (k >= features.size()) {
      sums[k - features.size()].add_(gradients[k]);
      continue;
    }
    auto leaf = trace_.cut.leaves()[k];
    leaf.mutable_grad() = leaf.grad().defined() ? leaf.grad() + gradients[k] : gradients[k];
  }
}

torch::Tensor MtlBinding::take_step(const std::vector<torch::Tensor>& losses,
                                    const Parameters& features, const Draws& draws, int64_t epoch,
                                    int64_t step) {
  const bool at_features = weighting_->needs().features;
  const auto device = parameters_[0].device();
  space_->zero_gradient();
  trace_ = ForwardTrace();
  step_ = StepContext();
  step_.losses = losses;
  for (size_t i = 0; i < losses.size(); ++i) step_.index.push_back(i);
  step_.coefficients =
      torch::ones({int64_t(losses.size())}, torch::dtype(torch::kFloat64).device(device));
  step_.normalize = RouteNormalizer(Train::NONE, objectives_, device);
  step_.epoch = epoch;
  step_.step = step;
  step_.draws = draws;
  step_.learning_rate = learning_rate_;
  step_.parameters = space_.get();
  step_.look_ahead = &look_ahead_;
  if (at_features) {
    trace_.cuts = true;
    for (const auto& tensor : features) trace_.cut("features", tensor);
    step_.trace = &trace_;
  }
  step_.backward = [&](const torch::Tensor& loss, bool keep_graph) {
    if (at_features) return walk_to_features(loss, keep_graph, features);
    loss.backward({}, keep_graph, /*create_graph=*/false, parameters_);
  };
  LentGradients lent(parameters_, views_);
  weighting_->backward(step_);
  weighting_->reduce(step_);
  weighting_->combine(step_);
  lent.add();
  trace_ = ForwardTrace();
  step_.trace = nullptr;
  step_.backward = nullptr;
  for (auto& loss : step_.losses) loss = loss.detach();
  return step_.applied;
}

void MtlBinding::after_update(const std::function<std::vector<torch::Tensor>()>& losses) {
  look_ahead_.losses = losses;
  weighting_->after_update(step_);
  look_ahead_.losses = nullptr;
}

}  // namespace tasuki
