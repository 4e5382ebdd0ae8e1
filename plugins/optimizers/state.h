#pragma once

#include <torch/optim/optimizer.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>

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
