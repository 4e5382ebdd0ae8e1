#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <map>
#include <string>

namespace tasuki {

// Random numbers of one step's weighting. They depend on the seed alone, and so on the run's seed,
// the epoch and the step: not on what dropout drew, nor on the steps before, and they are the same
// in every process. Each device has a stream of its own.
//
// Example:
//   Draws draws(7);
//   const auto order = draws.permutation(3);
class Draws {
 public:
  explicit Draws(uint64_t seed) : seed_(seed) {}
  // Those of a step: `seed` is the run's.
  static Draws of_step(uint64_t seed, int64_t epoch, int64_t step);

  // 0, ..., n - 1 in a random order, [n] int64 on the CPU.
  torch::Tensor permutation(int64_t n);
  // Numbers in [0, 1), with the sizes, type and device of `like`.
  torch::Tensor uniform_like(const torch::Tensor& like);
  // Numbers of the standard normal distribution, the same.
  torch::Tensor normal_like(const torch::Tensor& like);

 private:
  at::Generator& generator(torch::Device device);

  uint64_t seed_;
  std::map<std::string, at::Generator> generators_;  // by device
};

}  // namespace tasuki
