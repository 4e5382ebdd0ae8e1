#include "tasuki/step/feature_rows.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace tasuki {
namespace {

// Two shared layers, the output of both of which goes to heads, and a third that nobody takes.
struct Net : torch::nn::Module {
  Net() {
    torch::manual_seed(3);
    first = register_module("first", torch::nn::Linear(4, 6));
    second = register_module("second", torch::nn::Linear(6, 5));
    heads = register_module("heads", torch::nn::Linear(5, 3));
    to(torch::kFloat64);
  }
  std::vector<torch::Tensor> losses(const torch::Tensor& x, FeatureCut* cut) {
    const auto leave = [&](const char* name, const torch::Tensor& features) {
      return cut == nullptr ? features : (*cut)(name, features);
    };
    const auto low = torch::tanh(first(x)), high = torch::tanh(second(low));
    const auto mine = leave("low", low), theirs = leave("high", high);
    leave("unused", high * 2);
    return {heads(theirs).square().mean(), mine.square().mean() + theirs.sum(),
            (heads(theirs) - 1).square().mean()};
  }
  torch::nn::Linear first{nullptr}, second{nullptr}, heads{nullptr};
};

std::vector<torch::Tensor> gradients_of(Net& net) {
  std::vector<torch::Tensor> all;
  for (auto& parameter : net.parameters()) {
    all.push_back(parameter.grad().defined() ? parameter.grad().clone()
                                             : torch::zeros_like(parameter));
    parameter.mutable_grad() = torch::Tensor();
  }
  return all;
}

class FeatureRowsTest : public ::testing::Test {
 protected:
  Net net_;
  torch::Tensor x_ = torch::randn({7, 4}, torch::kFloat64);
};

TEST_F(FeatureRowsTest, AWeightedDirectionIsTheWeightedLoss) {
  const auto weights = torch::tensor({0.5, -2.0, 3.0}, torch::kFloat64);
  FeatureCut cut;
  const auto losses = net_.losses(x_, &cut);
  EXPECT_EQ(cut.names(), (std::vector<std::string>{"low", "high", "unused"}));
  FeatureRows rows(cut);
  for (int64_t i = 0; i < 3; ++i) {
    (losses[size_t(i)] * weights[i]).backward({}, i < 2);
    rows.add();
  }
  // Nothing has come through the cut so far.
  for (const auto& parameter : net_.first->parameters()) EXPECT_FALSE(parameter.grad().defined());
  const auto matrix = rows.matrix();
  EXPECT_EQ(matrix.sizes(), (std::vector<int64_t>{3, 7 * 6 + 7 * 5}));  // without "unused"
  EXPECT_EQ(matrix[0].narrow(0, 0, 7 * 6).count_nonzero().item<int64_t>(), 0);
  rows.backward(matrix.sum(0));
  const auto found = gradients_of(net_);

  const auto whole = net_.losses(x_, nullptr);
  (whole[0] * weights[0] + whole[1] * weights[1] + whole[2] * weights[2]).backward();
  const auto expected = gradients_of(net_);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(found[i].allclose(expected[i], 1e-12, 1e-14)) << i;
  }
}

TEST_F(FeatureRowsTest, RowsAreTheGradientsOnTheFeatures) {
  FeatureCut cut;
  const auto losses = net_.losses(x_, &cut);
  FeatureRows rows(cut);
  losses[2].backward();
  rows.add();
  const auto high = torch::tanh(net_.second(torch::tanh(net_.first(x_)))).detach();
  const auto leaf = high.requires_grad_();
  const auto expected = torch::autograd::grad({(net_.heads(leaf) - 1).square().mean()}, {leaf})[0];
  EXPECT_TRUE(rows.matrix()[0].allclose(expected.reshape(-1), 1e-12, 1e-15));
}

// Rows of bf16 features are fp32, and go back as they were.
TEST_F(FeatureRowsTest, KeepTheFeaturesType) {
  const auto weight = torch::randn({3}).requires_grad_();
  FeatureCut cut;
  const auto leaf = cut("x", (weight * 2).to(torch::kBFloat16));
  EXPECT_EQ(leaf.scalar_type(), torch::kBFloat16);
  leaf.sum().backward();
  FeatureRows rows(cut);
  rows.add();
  EXPECT_EQ(rows.matrix().scalar_type(), torch::kFloat32);
  rows.backward(rows.matrix()[0] * 4);
  EXPECT_TRUE(weight.grad().equal(torch::full({3}, 8.0f)));
}

// Everything before the cut may be frozen.
TEST_F(FeatureRowsTest, WalkOnOnlyWhereSomethingIsTrained) {
  FeatureCut cut;
  const auto leaf = cut("x", torch::randn({3}));
  EXPECT_TRUE(leaf.requires_grad());
  leaf.sum().backward();
  FeatureRows rows(cut);
  rows.add();
  EXPECT_NO_THROW(rows.backward(rows.matrix()[0]));
}

}  // namespace
}  // namespace tasuki
