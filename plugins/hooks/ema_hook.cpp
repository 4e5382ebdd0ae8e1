#include <torch/torch.h>

#include <algorithm>

#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/hook.h"
#include "tasuki/engine/precision.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

// A tensor of the model, its average, and its own value while the average stands in its place.
struct Averaged {
  torch::Tensor live;
  torch::Tensor average;
  torch::Tensor kept;
};

class EMA : public Hook {
 public:
  EMA(const options::EMA& options, const Context&)
      : decay_(options.decay()),
        warmup_(options.warmup()),
        every_(options.every()),
        buffers_(options.buffers()) {}

  // The average begins where the weights do.
  void before_run(Run& run) override {
    parameters_ = run.parameters.get();
    averaged_.clear();
    names_.clear();
    add(parameters_->values().variable_data());
    if (buffers_ == options::EMA::AVERAGE) {
      for (const auto& item : run.experiment.model->named_buffers()) {
        if (!item.value().is_floating_point()) continue;
        add(item.value().variable_data());
        names_.push_back(item.key());
      }
    }
    if (loaded_.empty()) return;
    copy_tensors(loaded_, evaluated_weights(), "EMA");
    loaded_.clear();
  }

  void after_step(Run& run) override {
    if (run.step % every_ != 0) return;
    const double n = double(updates_++);
    const double decay = warmup_ ? std::min(decay_, (1 + n) / (10 + n)) : decay_;
    const torch::NoGradGuard no_grad;
    for (auto& tensor : averaged_) tensor.average.lerp_(tensor.live, 1 - decay);
  }

  void before_evaluation(Run&) override {
    const torch::NoGradGuard no_grad;
    for (auto& tensor : averaged_) {
      tensor.kept = tensor.live.clone();
      tensor.live.copy_(tensor.average);
    }
    forget_casts();
  }

  void after_evaluation(Run&) override { put_back(); }

  void after_run(Run&, bool /*finished*/) override { put_back(); }

  NamedTensors evaluated_weights() const override {
    if (averaged_.empty()) return loaded_;
    auto weights = parameters_->named(averaged_.front().average);
    for (size_t i = 0; i < names_.size(); ++i) {
      weights.emplace_back(names_[i], averaged_[i + 1].average);
    }
    return weights;
  }

  void load_evaluated_weights(const NamedTensors& weights) override { loaded_ = weights; }

  nlohmann::json state() const override { return {{"updates", updates_}}; }
  void load_state(const nlohmann::json& state) override { updates_ = state.at("updates"); }

 private:
  void add(const torch::Tensor& live) { averaged_.push_back({live, live.clone(), {}}); }

  void put_back() {
    const torch::NoGradGuard no_grad;
    for (auto& tensor : averaged_) {
      if (!tensor.kept.defined()) continue;
      tensor.live.copy_(tensor.kept);
      tensor.kept = torch::Tensor();
    }
    forget_casts();
  }

  double decay_;
  bool warmup_;
  int64_t every_;
  options::EMA::Buffers buffers_;
  const ParameterSpace* parameters_ = nullptr;
  std::vector<Averaged> averaged_;  // the vector of all parameters, then the buffers
  std::vector<std::string> names_;  // of the buffers
  NamedTensors loaded_;             // of the run that goes on, until it does
  int64_t updates_ = 0;
};

}  // namespace

TASUKI_REGISTER(Hook, EMA, options::EMA, "tasuki/EMA");

}  // namespace tasuki::hooks
