#include "tasuki/bench/backward_passes.h"

#include <torch/torch.h>

#include "tasuki/engine/weighting_context.h"

namespace tasuki {

void BackwardPassCounter::watch(const std::string& name, const Weighting::Context& context,
                                std::vector<Watched>& in) {
  const auto found = context.leaves.find(name);
  if (found == context.leaves.end()) return;
  in.push_back({found->second, 0});
  const size_t place = in.size() - 1;
  in.back().hook = in.back().leaf.register_hook(
      [&in, place](const torch::Tensor&) -> void { ++in[place].times; });
}

BackwardPassCounter::BackwardPassCounter(const Run& run) {
  const auto context = weighting_context(run);
  if (!context.shared.empty()) watch(context.shared[0].name, context, shared_);
  for (const auto& [objective, spans] : context.decoders) {
    if (!spans.empty()) watch(spans[0].name, context, decoders_);
  }
}

BackwardPassCounter::~BackwardPassCounter() {
  for (auto* all : {&shared_, &decoders_}) {
    for (auto& watched : *all) watched.leaf.remove_hook(watched.hook);
  }
}

BackwardPasses BackwardPassCounter::counted() const {
  BackwardPasses passes;
  for (const auto& watched : shared_) passes.shared += double(watched.times);
  for (const auto& watched : decoders_) {
    passes.decoders += double(watched.times) / double(decoders_.size());
  }
  return passes;
}

}  // namespace tasuki
