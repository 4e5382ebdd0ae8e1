#include "tasuki/step/parameter_part.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace tasuki {
namespace {

// Three layers, of which a part takes some: weights of four dimensions, biases, and a layer that a
// loss may leave out.
struct PartedNet : torch::nn::Module {
  PartedNet() {
    torch::manual_seed(3);
    const auto conv = [](int64_t in, int64_t out) {
      return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1));
    };
    stem = register_module("stem", conv(3, 5));
    trunk = register_module("trunk", conv(5, 4));
    side = register_module("side", conv(5, 2));
    to(torch::kFloat64);
  }
  std::vector<torch::Tensor> losses(const torch::Tensor& x) {
    const auto hidden = torch::tanh(stem(x));
    return {trunk(hidden).square().mean(), (side(hidden) - 1).square().mean()};
  }
  torch::nn::Conv2d stem{nullptr}, trunk{nullptr}, side{nullptr};
};

class ParameterPartTest : public ::testing::TestWithParam<bool> {
 protected:
  // Of the parameters whose names begin so.
  ParameterPart part(const std::vector<std::string>& prefixes) {
    ParameterPart::Spans spans;
    std::vector<torch::Tensor> leaves;
    const auto parameters = net_.named_parameters();
    for (const auto& span : flat_.segments()) {
      for (const auto& prefix : prefixes) {
        if (!span.name.starts_with(prefix)) continue;
        spans.push_back(span);
        leaves.push_back(parameters[span.name]);
      }
    }
    return {flat_, spans, leaves};
  }

  PartedNet net_;
  ParameterSpace flat_{net_, GetParam()};
  torch::Tensor x_ = torch::randn({2, 3, 6, 5}, torch::kFloat64);
};

TEST_P(ParameterPartTest, NeighboursAreOneRange) {
  EXPECT_EQ(part({"stem", "trunk"}).ranges().size(), 1u);
  EXPECT_EQ(part({"stem", "side"}).ranges().size(), 2u);
  EXPECT_EQ(part({"stem", "side"}).leaves().size(), 4u);
  const auto all = part({"stem", "trunk", "side"});
  EXPECT_EQ(all.size(), flat_.segments().back().end);
  EXPECT_TRUE(ParameterPart().empty());
  EXPECT_TRUE(part({}).empty());
  EXPECT_FALSE(all.empty());
}

TEST_P(ParameterPartTest, GathersWhatItScatters) {
  const auto some = part({"stem", "side"});
  const auto flat = torch::zeros_like(flat_.gradient());
  const auto drawn = torch::randn({some.size()}, torch::kFloat64);
  some.scatter(drawn, flat);
  EXPECT_TRUE(some.gather(flat).equal(drawn));
  EXPECT_EQ(part({"trunk"}).gather(flat).count_nonzero().item<int64_t>(), 0);
  some.scale(flat, 0.5);
  EXPECT_TRUE(some.gather(flat).equal(drawn * 0.5));
  part({"side"}).zero(flat);
  EXPECT_EQ(part({"side"}).gather(flat).count_nonzero().item<int64_t>(), 0);
  EXPECT_TRUE(part({"stem"}).gather(flat).equal(drawn.narrow(0, 0, part({"stem"}).size()) * 0.5));
}

// The second implementation is a backward pass into the flat gradient.
TEST_P(ParameterPartTest, RowsAreTheGradientsOfTheLosses) {
  for (const auto& prefixes :
       {std::vector<std::string>{"stem"}, {"stem", "side"}, {"trunk", "side"}}) {
    const auto some = part(prefixes);
    flat_.zero_gradient();
    auto losses = net_.losses(x_);
    const auto rows = some.gradient_rows(losses, true);
    EXPECT_EQ(flat_.gradient().count_nonzero().item<int64_t>(), 0);
    EXPECT_EQ(rows.sizes(), (std::vector<int64_t>{2, some.size()}));
    for (size_t i = 0; i < losses.size(); ++i) {
      flat_.zero_gradient();
      losses[i].backward({}, true);
      const auto expected = some.gather(flat_.gradient());
      EXPECT_TRUE(rows[int64_t(i)].allclose(expected, 1e-12, 1e-15)) << i;
      EXPECT_GT(expected.norm().item<double>(), 0) << i;
    }
  }
}

TEST_P(ParameterPartTest, AParameterThatALossLeavesOutHasNoGradient) {
  const auto side = part({"side"});
  const auto rows = side.gradient_rows(net_.losses(x_), false);
  EXPECT_EQ(rows[0].count_nonzero().item<int64_t>(), 0);
  EXPECT_GT(rows[1].count_nonzero().item<int64_t>(), 0);
}

TEST_P(ParameterPartTest, TheGraphIsGoneUnlessKept) {
  const auto stem = part({"stem"});
  auto losses = net_.losses(x_);
  stem.gradient_rows(losses, false);
  EXPECT_ANY_THROW(losses[1].backward());
}

INSTANTIATE_TEST_SUITE_P(Formats, ParameterPartTest, ::testing::Bool(), [](const auto& info) {
  return info.param ? "ChannelsLast" : "Contiguous";
});

}  // namespace
}  // namespace tasuki
