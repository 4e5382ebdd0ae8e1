#include "tasuki/step/draws.h"

#include <torch/torch.h>

#include "tasuki/loader/loader.h"

namespace tasuki {
namespace {

// Keeps these streams apart from others that are seeded by the same numbers.
constexpr uint64_t kStream = 0x77656967;

}  // namespace

Draws Draws::of_step(uint64_t seed, int64_t epoch, int64_t step) {
  return Draws(mix_seeds({seed, uint64_t(epoch), uint64_t(step), kStream}));
}

at::Generator& Draws::generator(torch::Device device) {
  const auto found = generators_.find(device.str());
  if (found != generators_.end()) return found->second;
  // A copy of the device's own generator: the one way to make one of CUDA's without linking CUDA.
  const auto& own = at::globalContext().defaultGenerator(device);
  auto made = own.clone();
  made.set_current_seed(seed_);
  return generators_.emplace(device.str(), std::move(made)).first->second;
}

torch::Tensor Draws::permutation(int64_t n) {
  return at::randperm(n, generator(torch::kCPU), torch::TensorOptions(torch::kInt64));
}

torch::Tensor Draws::uniform_like(const torch::Tensor& like) {
  return torch::empty_like(like, torch::TensorOptions().requires_grad(false))
      .uniform_(0, 1, generator(like.device()));
}

torch::Tensor Draws::normal_like(const torch::Tensor& like) {
  return torch::empty_like(like, torch::TensorOptions().requires_grad(false))
      .normal_(0, 1, generator(like.device()));
}

}  // namespace tasuki
