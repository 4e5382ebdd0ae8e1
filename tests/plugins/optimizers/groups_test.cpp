#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

#include "tasuki/engine/optimizer.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using State = std::map<std::string, torch::Tensor>;

// Ranges as a ParameterSpace makes them: they begin on cache lines.
const std::vector<ParameterGroup> kGroups = {
    {{0, 48}, 1, 1}, {{48, 64}, 0.1, 0}, {{64, 144}, 2.5, 0.5}};
const std::vector<double> kGroupRates = {0.05, 0.02, 0.03, 0.01};
constexpr int64_t kGroupSize = 144;

struct Problem {
  explicit Problem(torch::ScalarType type = torch::kFloat32) {
    torch::manual_seed(11);
    values = torch::randn({kGroupSize}, type).requires_grad_();
    values.mutable_grad() = torch::zeros({kGroupSize}, type);
    for (size_t i = 0; i < kGroupRates.size(); ++i)
      gradients.push_back(torch::randn({kGroupSize}, type));
  }
  void step(Optimizer& optimizer, size_t i) {
    values.mutable_grad().copy_(gradients[i]);
    optimizer.step(kGroupRates[i], torch::tensor(true));
  }
  void run(Optimizer& optimizer, size_t begin = 0, size_t end = kGroupRates.size()) {
    for (size_t i = begin; i < end; ++i) step(optimizer, i);
  }

  torch::Tensor values;
  std::vector<torch::Tensor> gradients;
};

// LibTorch's own, with one parameter and one group for each of kGroups.
template <class TorchOptimizer, class TorchOptions>
torch::Tensor by_torch(const TorchOptions& options) {
  const Problem problem(torch::kFloat64);
  std::vector<torch::Tensor> leaves;
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const auto& group : kGroups) {
    leaves.push_back(problem.values.detach().slice(0, group.range.begin, group.range.end).clone());
    leaves.back().set_requires_grad(true);
    groups.emplace_back(std::vector<torch::Tensor>{leaves.back()});
  }
  TorchOptimizer optimizer(groups, options);
  for (size_t i = 0; i < kGroups.size(); ++i) {
    auto& own = static_cast<TorchOptions&>(optimizer.param_groups()[i].options());
    own.weight_decay(options.weight_decay() * kGroups[i].decay_multiplier);
  }
  for (size_t step = 0; step < kGroupRates.size(); ++step) {
    for (size_t i = 0; i < kGroups.size(); ++i) {
      const auto& range = kGroups[i].range;
      leaves[i].mutable_grad() = problem.gradients[step].slice(0, range.begin, range.end).clone();
      optimizer.param_groups()[i].options().set_lr(kGroupRates[step] * kGroups[i].lr_multiplier);
    }
    optimizer.step();
  }
  return torch::cat(leaves).detach();
}

torch::Tensor by_plugin(const std::string& name, const std::string& options) {
  Problem problem(torch::kFloat64);
  const auto optimizer = testing::make<Optimizer>(name, options, {problem.values, kGroups});
  problem.run(*optimizer);
  return problem.values.detach();
}

TEST(ParameterGroups, AreThoseOfTorchOptim) {
  using namespace torch::optim;
  EXPECT_TRUE(
      by_plugin("tasuki/AdamW", "weight_decay: 0.1")
          .allclose(by_torch<torch::optim::AdamW>(AdamWOptions(1e-4).weight_decay(0.1)), 0, 1e-13));
  EXPECT_TRUE(
      by_plugin("tasuki/Adam", "weight_decay: 0.1")
          .allclose(by_torch<torch::optim::Adam>(AdamOptions(1e-4).weight_decay(0.1)), 0, 1e-13));
  EXPECT_TRUE(by_plugin("tasuki/SGD", "weight_decay: 0.1 momentum: 0.8 nesterov: true")
                  .allclose(by_torch<torch::optim::SGD>(
                                SGDOptions(0.1).weight_decay(0.1).momentum(0.8).nesterov(true)),
                            0, 1e-13));
}

class Groups : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Optimizer> make(const Problem& problem,
                                         const std::vector<ParameterGroup>& groups) {
    return testing::make<Optimizer>(GetParam(), "weight_decay: 0.1", {problem.values, groups});
  }
  static void expect_same(const State& a, const State& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, tensor] : a) EXPECT_TRUE(tensor.equal(b.at(name))) << name;
  }
};

TEST_P(Groups, GoOnFromTheirStateToTheLastBit) {
  Problem whole, first, second;
  const auto unbroken = make(whole, kGroups);
  whole.run(*unbroken);
  const auto before = make(first, kGroups);
  first.run(*before, 0, 2);
  const auto after = make(second, kGroups);
  second.values.detach().copy_(first.values.detach());
  after->load_state(before->state());
  second.run(*after, 2);
  EXPECT_TRUE(second.values.equal(whole.values));
  expect_same(after->state(), unbroken->state());
}

// The state is one vector like that of a single group, so that the momentum of a virtual step and
// checkpoints need not know of them.
TEST_P(Groups, HaveOneStateOfAllParameters) {
  Problem problem;
  const auto optimizer = make(problem, kGroups);
  EXPECT_TRUE(optimizer->state().empty());
  problem.run(*optimizer);
  for (const auto& [name, tensor] : optimizer->state()) {
    EXPECT_EQ(tensor.numel(), name == "step" ? 1 : kGroupSize) << name;
  }
  const auto momentum = optimizer->momentum();
  ASSERT_EQ(momentum.groups.size(), kGroups.size());
  EXPECT_EQ(momentum.groups[1].lr_multiplier, 0.1);
  if (!momentum.buffer.defined()) return;
  const auto kept = momentum.buffer.clone();
  problem.step(*optimizer, 0);
  EXPECT_TRUE(optimizer->momentum().buffer.equal(optimizer->state().at("momentum_buffer")));
  EXPECT_FALSE(optimizer->momentum().buffer.equal(kept));
}

TEST_P(Groups, ANotAppliedStepChangesNothing) {
  Problem problem;
  const auto optimizer = make(problem, kGroups);
  problem.run(*optimizer);
  const auto values = problem.values.detach().clone();
  State state;
  for (const auto& [name, tensor] : optimizer->state()) state[name] = tensor.clone();
  problem.values.mutable_grad().fill_(std::nan(""));
  optimizer->step(1, torch::tensor(false));
  EXPECT_TRUE(problem.values.equal(values));
  expect_same(optimizer->state(), state);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Groups,
                         ::testing::Values("tasuki/SGD", "tasuki/Adam", "tasuki/AdamW"),
                         [](const auto& info) { return info.param.substr(7); });

}  // namespace
}  // namespace tasuki
