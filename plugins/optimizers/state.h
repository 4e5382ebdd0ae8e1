#pragma once

#include <torch/optim/optimizer.h>
#include <torch/types.h>

#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tasuki/engine/optimizer.h"
#include "tasuki/error/error.h"

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

// One of LibTorch's optimisers on the flat parameter vector: on the vector itself, or, where groups
// have factors of their own, on its ranges, each a group of LibTorch's. Ranges begin on cache
// lines, so that equal factors give the same bits either way.
template <class TorchOptimizer, class TorchState, class TorchOptions>
class FlatOptimizer : public Optimizer {
 public:
  FlatOptimizer(const TorchOptions& options, const Context& context)
      : parameters_(context.parameters),
        groups_(context.groups),
        leaves_(leaves_of(context)),
        lr_(options.lr()),
        base_momentum_(momentum_of(options)),
        momentum_(base_momentum_),
        optimizer_(torch_groups(), options) {
    // Not as options of the groups that the constructor takes: LibTorch 2.13 holds a 0 there for
    // one that was not set, and takes that of all.
    for (size_t i = 0; i < groups_.size(); ++i) {
      auto& own = static_cast<TorchOptions&>(optimizer_.param_groups()[i].options());
      own.weight_decay(options.weight_decay() * groups_[i].decay_multiplier);
    }
  }

  double base_learning_rate() const override { return lr_; }

  void step(double learning_rate, const torch::Tensor& apply) override {
    if (took_back()) uncount();
    applied_ = torch::Tensor();
    for (size_t i = 0; i < leaves_.size(); ++i) {
      optimizer_.param_groups()[i].options().set_lr(learning_rate * lr_multiplier(i));
    }
    if (!apply.is_cuda()) {  // nothing to wait for
      if (apply.item<bool>()) update();
      return;
    }
    step_where(
        apply, parameters_, [this] { return buffer_list(); }, [this] { update(); });
    applied_ = apply;
  }

  std::optional<double> base_momentum() const override {
    if (base_momentum_ > 0) return base_momentum_;
    return {};
  }

  void set_momentum(double momentum) override {
    for (auto& group : optimizer_.param_groups()) {
      put_momentum(static_cast<TorchOptions&>(group.options()), momentum);
    }
    momentum_ = momentum;
  }

  MomentumState momentum() const override { return {0, 0, {}, groups_}; }

  std::map<std::string, torch::Tensor> state() const override {
    auto all = buffers();
    if constexpr (kCounts) {
      if (all.empty()) return all;
      const int64_t steps = find(0)->step() - (took_back() ? 1 : 0);
      all["step"] = torch::tensor(steps, torch::kInt64);
    }
    return all;
  }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    if (state.empty()) return;
    TorchState names;
    flat_.clear();
    for (const auto& field : fields(names)) {
      flat_[field.name] = load_buffer(state, field.name, parameters_);
    }
    for (size_t i = 0; i < leaves_.size(); ++i) {
      auto loaded = std::make_unique<TorchState>();
      if constexpr (kCounts) {
        const auto scalar = torch::empty({}, torch::kInt64);
        loaded->step(load_buffer(state, "step", scalar).template item<int64_t>());
      }
      put_parts(i, *loaded);
      put_state(optimizer_, leaves_[i], std::move(loaded));
    }
    applied_ = torch::Tensor();
  }

 protected:
  // A tensor of the state of one parameter, and its name in checkpoints.
  struct Field {
    const char* name;
    torch::Tensor* tensor;
  };
  virtual std::vector<Field> fields(TorchState& state) const = 0;

  // What the next step takes.
  double present_momentum() const { return momentum_; }

  // [P] each; none before the first step.
  const std::map<std::string, torch::Tensor>& buffers() const { return flat_; }

 private:
  static constexpr bool kCounts = requires(TorchState & state) { state.step(); };

  // SGD's momentum is one number, Adam's the first of two.
  static constexpr bool kHasBetas = requires(const TorchOptions& options) { options.betas(); };
  static double momentum_of(const TorchOptions& options) {
    if constexpr (kHasBetas) {
      return std::get<0>(options.betas());
    } else {
      return options.momentum();
    }
  }
  static void put_momentum(TorchOptions& options, double momentum) {
    if constexpr (kHasBetas) {
      std::get<0>(options.betas()) = momentum;
    } else {
      options.momentum(momentum);
    }
  }

  static std::vector<torch::Tensor> leaves_of(const Context& context) {
    if (context.groups.size() < 2) return {context.parameters};
    std::vector<torch::Tensor> leaves;
    for (const auto& group : context.groups) {
      const auto [begin, end] = group.range;
      leaves.push_back(context.parameters.detach().slice(0, begin, end).requires_grad_());
      leaves.back().mutable_grad() = context.parameters.grad().slice(0, begin, end);
    }
    return leaves;
  }

  double lr_multiplier(size_t i) const { return groups_.empty() ? 1 : groups_[i].lr_multiplier; }

  std::vector<torch::optim::OptimizerParamGroup> torch_groups() const {
    std::vector<torch::optim::OptimizerParamGroup> groups;
    for (const auto& leaf : leaves_) groups.emplace_back(std::vector<torch::Tensor>{leaf});
    return groups;
  }

  // Nullptr before the first step.
  TorchState* find(size_t leaf) {
    return const_cast<TorchState*>(find_state<TorchState>(optimizer_, leaves_[leaf]));
  }
  const TorchState* find(size_t leaf) const {
    return find_state<TorchState>(optimizer_, leaves_[leaf]);
  }

  // The state that LibTorch made in the first step lies in one vector from then on, like the
  // parameters.
  void update() {
    optimizer_.step();
    if (!flat_.empty() || find(0) == nullptr) return;
    if (leaves_.size() == 1) {
      for (const auto& field : fields(*find(0))) flat_[field.name] = *field.tensor;
      return;
    }
    for (size_t i = 0; i < leaves_.size(); ++i) {
      for (const auto& field : fields(*find(i))) {
        auto& flat = flat_[field.name];
        if (!flat.defined()) flat = torch::zeros_like(parameters_.detach());
        slice(flat, i).copy_(*field.tensor);
      }
      put_parts(i, *find(i));
    }
  }

  void put_parts(size_t leaf, TorchState& state) {
    for (const auto& field : fields(state)) *field.tensor = slice(flat_.at(field.name), leaf);
  }
  torch::Tensor slice(const torch::Tensor& flat, size_t leaf) const {
    if (leaves_.size() == 1) return flat;
    return flat.slice(0, groups_[leaf].range.begin, groups_[leaf].range.end);
  }

  std::vector<torch::Tensor> buffer_list() const {
    std::vector<torch::Tensor> list;
    for (const auto& item : flat_) list.push_back(item.second);
    return list;
  }

  // Takes a step out of what the host counts.
  void uncount() {
    if constexpr (kCounts) {
      for (size_t i = 0; i < leaves_.size(); ++i) find(i)->step(find(i)->step() - 1);
    }
  }
  // Whether the last step was taken back on the device after the host had counted it.
  bool took_back() const { return applied_.defined() && !applied_.item<bool>(); }

  torch::Tensor parameters_;
  std::vector<ParameterGroup> groups_;
  std::vector<torch::Tensor> leaves_;  // the vector, or its ranges
  double lr_;
  double base_momentum_;
  double momentum_;
  TorchOptimizer optimizer_;
  std::map<std::string, torch::Tensor> flat_;  // the state's tensors, by name
  torch::Tensor applied_;  // of the last step on a GPU; by the next one its value is known
};

}  // namespace tasuki::optimizers
