#pragma once

#include <torch/optim/optimizer.h>

#include <memory>
#include <sstream>
#include <type_traits>

namespace tasuki::optimizers {

// LibTorch keeps an optimiser's state by the address of a parameter: as text up to 2.0, as a pointer
// afterwards.
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

}  // namespace tasuki::optimizers
