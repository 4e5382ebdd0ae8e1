#pragma once

#include <torch/optim/optimizer.h>
#include <torch/types.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "core/engine/optimizer.h"
#include "core/error/error.h"

namespace tasuki::optimizers {

// LibTorch keeps an optimiser's state by the address of a parameter: as text up to 2.0, as a
// pointer afterwards.
template <class Key>
Key state_key(const torch::Tensor& parameter) {
  if constexpr (std::is_pointer_v<Key>) {
    return parameter.unsafeGetTensorImpl();
  } else {
    std::ostringstream text;
    text << parameter.unsafeGetTensorImpl();
    return text.str();
  }
}

// The state that `optimizer` has for `parameter`, nullptr before the first step.
template <class State>
const State* find_state(const torch::optim::Optimizer& optimizer, const torch::Tensor& parameter) {
  const auto& states = optimizer.state();
  using Key = typename std::decay_t<decltype(states)>::key_type;
  const auto found = states.find(state_key<Key>(parameter));
  return found == states.end() ? nullptr : static_cast<const State*>(found->second.get());
}

template <class State>
void put_state(torch::optim::Optimizer& optimizer, const torch::Tensor& parameter,
               std::unique_ptr<State> state) {
  auto& states = optimizer.state();
  using Key = typename std::decay_t<decltype(states)>::key_type;
  states[state_key<Key>(parameter)] = std::move(state);
}

// Takes `step`, which changes `parameters` and the tensors that `buffers()` lists (more of them
// after the first step), and takes it back on their device where `apply` is false: bit for bit,
// without waiting for it. Buffers that were not there before are zero then.
template <class Buffers, class Step>
void step_where(const torch::Tensor& apply, const torch::Tensor& parameters, Buffers buffers,
                Step step) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> before = {parameters.detach().clone()};
  for (const torch::Tensor& buffer : buffers()) before.push_back(buffer.clone());
  step();
  std::vector<torch::Tensor> after = {parameters.detach()};
  for (const torch::Tensor& buffer : buffers()) after.push_back(buffer);
  for (size_t i = 0; i < after.size(); ++i) {
    const auto kept = i < before.size() ? before[i] : torch::zeros_like(after[i]);
    at::where_out(after[i], apply, after[i], kept);
  }
}

// One of LibTorch's optimisers on the flat parameter vector.
template <class TorchOptimizer, class TorchState>
class FlatOptimizer : public Optimizer {
 public:
  template <class TorchOptions>
  FlatOptimizer(const TorchOptions& options, const Context& context)
      : parameters_(context.parameters), lr_(options.lr()), optimizer_({parameters_}, options) {}

  double base_learning_rate() const override { return lr_; }

  void step(double learning_rate, const torch::Tensor& apply) override {
    if (took_back()) uncount();
    applied_ = torch::Tensor();
    optimizer_.param_groups()[0].options().set_lr(learning_rate);
    if (!apply.is_cuda()) {  // nothing to wait for
      if (apply.item<bool>()) optimizer_.step();
      return;
    }
    step_where(
        apply, parameters_, [this] { return buffers(); }, [this] { optimizer_.step(); });
    applied_ = apply;
  }

 protected:
  // Tensors of the state that there is.
  virtual std::vector<torch::Tensor> buffers() const = 0;
  // Takes a step out of what the host counts.
  virtual void uncount() {}
  // Whether the last step was taken back on the device after the host had counted it.
  bool took_back() const { return applied_.defined() && !applied_.item<bool>(); }

  // Nullptr before the first step.
  TorchState* find() {
    return const_cast<TorchState*>(find_state<TorchState>(optimizer_, parameters_));
  }
  const TorchState* find() const { return find_state<TorchState>(optimizer_, parameters_); }
  void replace(std::unique_ptr<TorchState> state) {
    put_state(optimizer_, parameters_, std::move(state));
    applied_ = torch::Tensor();
  }

  torch::Tensor parameters_;
  double lr_;
  TorchOptimizer optimizer_;

 private:
  torch::Tensor applied_;  // of the last step on a GPU; by the next one its value is known
};

// The tensor `name` of a saved state, copied to where the parameters are. Error (kData) when it is
// missing or not of the shape of `like`.
inline torch::Tensor load_buffer(const std::map<std::string, torch::Tensor>& state,
                                 const std::string& name, const torch::Tensor& like) {
  const auto saved = state.find(name);
  if (saved == state.end()) {
    throw Error(ErrorKind::kData, "the optimizer's state has no " + name);
  }
  if (saved->second.sizes() != like.sizes()) {
    std::ostringstream text;
    text << "the optimizer's " << name << " has the shape " << saved->second.sizes()
         << ", this model's is " << like.sizes();
    throw Error(ErrorKind::kData, text.str());
  }
  return saved->second.to(like.device()).clone();
}

}  // namespace tasuki::optimizers
