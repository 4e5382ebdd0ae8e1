#include "tasuki/step/own_parameters.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/error/error.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

const std::vector<std::string> kOwners = {"seg", "depth", "normal"};

MakeOptimizer maker(const std::string& name, const std::string& options) {
  return
      [=](const Optimizer::Context& own) { return testing::make<Optimizer>(name, options, own); };
}

struct Kind {
  std::string name, options;
};

class OwnParametersTest : public ::testing::TestWithParam<Kind> {
 protected:
  MakeOptimizer make() const { return maker(GetParam().name, GetParam().options); }
  OwnParameters parameters(double init = 0.5) const { return {"s", kOwners, init, make()}; }

  // A step of all elements, or of those at `index`, on sum of coefficient_i s_i^3.
  static void step(OwnParameters& own, std::vector<int64_t> index = {0, 1, 2}) {
    const auto at = torch::tensor(index, torch::kInt64);
    loss(own.values()).index_select(0, at).sum().backward();
    own.step(0.05, torch::tensor(true), at);
  }
  static torch::Tensor loss(const torch::Tensor& s) {
    return torch::tensor({1.0, -2.0, 3.0}, torch::kFloat64) * s.pow(3);
  }
};

// The second implementation has an optimiser for each element.
TEST_P(OwnParametersTest, AreTrainedAsIfEachWereAlone) {
  auto own = parameters();
  std::vector<torch::Tensor> values;
  std::vector<std::unique_ptr<Optimizer>> optimizers;
  for (size_t i = 0; i < kOwners.size(); ++i) {
    values.push_back(torch::full({1}, 0.5, torch::kFloat64).requires_grad_());
    values.back().mutable_grad() = torch::zeros({1}, torch::kFloat64);
    optimizers.push_back(make()({values.back()}));
  }
  for (int k = 0; k < 5; ++k) {
    step(own);
    const auto all = torch::cat(values);
    for (auto& value : values) value.mutable_grad().zero_();
    loss(all).sum().backward();
    for (auto& optimizer : optimizers) optimizer->step(0.05, torch::tensor(true));
    EXPECT_TRUE(own.values().equal(torch::cat(values))) << k;
  }
}

TEST_P(OwnParametersTest, OneThatDoesNotRunKeepsAllOfItsOwn) {
  auto own = parameters();
  for (int k = 0; k < 3; ++k) {
    std::map<std::string, torch::Tensor> before;
    for (const auto& [name, tensor] : own.state()) before[name] = tensor.clone();
    step(own, {0, 2});
    const auto after = own.state();
    EXPECT_FALSE(after.at("seg.s").equal(before.at("seg.s")));
    for (const auto& [name, tensor] : after) {
      if (!name.starts_with("depth.") || tensor.dim() == 0) continue;
      const auto found = before.find(name);
      EXPECT_TRUE(tensor.equal(found == before.end() ? torch::zeros_like(tensor) : found->second))
          << name << " " << k;
    }
    step(own);
  }
}

TEST_P(OwnParametersTest, AStepThatDoesNotApplyChangesNothing) {
  auto own = parameters(), other = parameters();
  step(own);
  step(other);
  for (const auto& index : {std::vector<int64_t>{0, 1, 2}, {1}}) {
    own.values().mutable_grad().fill_(std::nan(""));
    own.step(0.05, torch::tensor(false), torch::tensor(index, torch::kInt64));
    EXPECT_TRUE(own.values().equal(other.values()));
  }
  step(own);
  step(other);
  EXPECT_TRUE(own.values().equal(other.values()));
}

TEST_P(OwnParametersTest, GoOnFromTheirStateToTheLastBit) {
  for (const int before : {0, 1, 3}) {
    auto whole = parameters(), other = parameters(2);
    for (int i = 0; i < before; ++i) step(whole);
    other.load_state(whole.state(), "X");
    for (int i = 0; i < 2; ++i) {
      step(whole);
      step(other);
      EXPECT_TRUE(other.values().equal(whole.values())) << before;
    }
  }
}

TEST_P(OwnParametersTest, RefuseTheStateOfOthers) {
  auto own = parameters();
  OwnParameters two("s", {"seg", "depth"}, 0, make()), named("t", kOwners, 0, make());
  for (auto* other : {&two, &named}) {
    EXPECT_THROW(other->load_state(own.state(), "X"), Error);
    EXPECT_THROW(own.load_state(other->state(), "X"), Error);
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, OwnParametersTest,
                         ::testing::Values(Kind{"tasuki/SGD", "momentum: 0.9 weight_decay: 0.01"},
                                           Kind{"tasuki/SGD", "momentum: 0"},
                                           Kind{"tasuki/Adam", ""},
                                           Kind{"tasuki/AdamW", "weight_decay: 0.1"}),
                         [](const auto& info) {
                           return info.param.name.substr(7) + std::to_string(info.index);
                         });

TEST(OwnParameters, DecayWhereTheyAreToldTo) {
  for (const std::string optimizer : {"tasuki/SGD", "tasuki/AdamW"}) {
    for (const bool decays : {true, false}) {
      const auto make = maker(optimizer, "weight_decay: 0.5");
      OwnParameters own("s", kOwners, 2, make, torch::kCPU, decays);
      own.step(0.1, torch::tensor(true), torch::tensor({0, 1, 2}, torch::kInt64));
      EXPECT_TRUE(own.values().eq(decays ? 2 - 0.1 * 0.5 * 2 : 2).all().item<bool>());
    }
  }
}

// As checkpoints had it, whose objectives each had an optimiser with a count of its own.
TEST(OwnParameters, TakeTheLargestOfSeveralCounts) {
  OwnParameters own("s", kOwners, 0, maker("tasuki/Adam", ""));
  std::map<std::string, torch::Tensor> state;
  const auto number = [](double value) { return torch::full({1}, value, torch::kFloat64); };
  for (const auto& owner : kOwners) state[owner + ".s"] = number(1);
  for (const std::string owner : {"seg", "normal"}) {
    state[owner + ".optimizer.exp_avg"] = number(0.25);
    state[owner + ".optimizer.exp_avg_sq"] = number(0.5);
    state[owner + ".optimizer.step"] = torch::tensor(owner == "seg" ? 3 : 7, torch::kInt64);
  }
  own.load_state(state, "X");
  const auto loaded = own.state();
  EXPECT_EQ(loaded.at("depth.optimizer.step").item<int64_t>(), 7);
  EXPECT_EQ(loaded.at("depth.optimizer.exp_avg").item<double>(), 0);
  EXPECT_EQ(loaded.at("normal.optimizer.exp_avg").item<double>(), 0.25);
}

}  // namespace
}  // namespace tasuki
