#include "tasuki/step/weighting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <stdexcept>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::FakeHook;
using testing::TinyRun;

TEST(WeightedSum, IsDifferentiableInLossesAndFactors) {
  const auto a = torch::tensor(3.0f).requires_grad_(), b = torch::tensor(5.0f).requires_grad_();
  const auto factors = torch::tensor({2.0, 0.25}, torch::kFloat64).requires_grad_();
  const auto sum = weighted_sum({a, b}, factors);
  EXPECT_EQ(sum.scalar_type(), torch::kFloat32);
  EXPECT_EQ(sum.item<float>(), 2 * 3 + 0.25f * 5);
  sum.backward();
  EXPECT_EQ(a.grad().item<float>(), 2);
  EXPECT_EQ(b.grad().item<float>(), 0.25f);
  EXPECT_EQ(to_vector(factors.grad()), (std::vector<double>{3, 5}));
}

// A loss that is not finite spoils its own objective's parameters and no other's.
TEST(WeightedSum, KeepsObjectivesApart) {
  const auto a = torch::zeros({1}).requires_grad_(), b = torch::ones({1}).requires_grad_();
  weighted_sum({a.sqrt().sum(), b.sum() * 2}, torch::ones({2})).backward();
  EXPECT_FALSE(std::isfinite(a.grad().item<float>()));
  EXPECT_EQ(b.grad().item<float>(), 2);
}

// Runs with self-auxiliaries on all routes under a weighting that keeps a state or looks ahead.
class WeightedRun : public ::testing::TestWithParam<std::string> {
 protected:
  static std::vector<std::string> settings(const std::string& workers = "1") {
    return {"model.self_auxiliary={[tasuki/AllPairs]{}}", "train.epochs=3",
            "train.evaluate_every=0", "data.loader.workers=" + workers,
            "train.weighting=" + GetParam()};
  }
  // The last checkpoint: weights, and the states of optimiser and weighting.
  NamedTensors left_in(const std::string& dir) const {
    return read_safetensors(folder_ / dir / kLastFile).tensors;
  }
  void expect_same(const std::string& a, const std::string& b) const {
    EXPECT_EQ(testing::first_difference(left_in(a), left_in(b)), "");
    EXPECT_EQ(testing::history_of(folder_ / a), testing::history_of(folder_ / b));
  }

  testing::TemporaryFolder folder_;
};

TEST_P(WeightedRun, TrainsEveryObjective) {
  TinyRun tiny(folder_.path(), settings());
  const auto before = testing::weights_of(tiny.run);
  const auto state = tiny.run.weighting->state();
  std::map<std::string, torch::Tensor> first;
  for (const auto& [name, tensor] : state) first[name] = tensor.clone();
  tiny.train();
  const auto after = testing::weights_of(tiny.run);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_FALSE(after[i].second.equal(before[i].second)) << after[i].first;
    EXPECT_TRUE(after[i].second.isfinite().all().item<bool>()) << after[i].first;
  }
  EXPECT_EQ(tiny.run.last.coefficients.size(), 9u);
  for (const auto& [name, tensor] : tiny.run.weighting->state()) {
    const auto found = first.find(name);
    EXPECT_TRUE(found == first.end() || !tensor.equal(found->second)) << name;
  }
}

TEST_P(WeightedRun, IsBitIdenticalForAnyNumberOfWorkers) {
  for (const std::string workers : {"0", "1", "2"}) {
    TinyRun(folder_ / workers, settings(workers)).train();
    expect_same("0", workers);
  }
}

// Stopped in the third epoch: it goes on from the end of the second.
TEST_P(WeightedRun, ResumesToTheLastBit) {
  TinyRun(folder_ / "whole", settings()).train();
  TinyRun stopped(folder_ / "stopped", settings());
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_step = [](tasuki::Run& run) {
    if (run.step == 8) throw std::runtime_error("killed");
  };
  stopped.hooks.push_back({"killer", 50, std::move(hook)});
  EXPECT_THROW(stopped.train(), std::runtime_error);

  TinyRun resumed(folder_ / "stopped", settings());
  load_training_state(resumed.run, resumed.hooks, folder_ / "stopped" / kLastFile);
  EXPECT_EQ(resumed.run.step, 6);
  resumed.train();
  expect_same("whole", "stopped");
}

INSTANTIATE_TEST_SUITE_P(Weightings, WeightedRun,
                         ::testing::Values("[tasuki/AutoLambda]{}",
                                           "[tasuki/AutoLambda]{lagged:true every:2}",
                                           "[tasuki/UW]{}", "[tasuki/DWA]{}", "[tasuki/FAMO]{}",
                                           "[tasuki/GradNorm]{}", "[tasuki/LDCMTLRouter]{}"),
                         [](const auto& info) {
                           std::string name;
                           for (const char c : info.param.substr(8)) {
                             name += std::isalnum(c) ? std::string(1, c) : "";
                           }
                           return name;
                         });

}  // namespace
}  // namespace tasuki
