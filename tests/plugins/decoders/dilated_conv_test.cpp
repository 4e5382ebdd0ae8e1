#include "plugins/decoders/dilated_conv.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <vector>

#include "plugins/decoders/transpose.h"
#include "tasuki/engine/precision.h"

namespace tasuki::decoders {
namespace {

using torch::Tensor;

constexpr ConvShortcuts kAll{true, true};

struct Shape {
  int64_t batch, in, out, height, width, rate;
};

// Outputs and gradients of a 1x1 and a 3x3 kernel over one map.
std::vector<Tensor> run(const Shape& s, torch::ScalarType type, bool plain,
                        ConvShortcuts shortcuts = kAll) {
  torch::manual_seed(s.height * 100 + s.rate);
  const auto leaf = [&](std::vector<int64_t> sizes) {
    return torch::randn(sizes, torch::kDouble).to(type).requires_grad_();
  };
  const auto map = leaf({s.batch, s.in, s.height, s.width});
  const auto wide = leaf({s.out, s.in, 3, 3}), point = leaf({s.out + 1, s.in, 1, 1});
  std::vector<Tensor> outputs;
  if (plain) {
    outputs = {torch::conv2d(map, point), torch::conv2d(map, wide, {}, 1, s.rate, s.rate)};
  } else {
    outputs = dilated_convs(map, {point, wide}, {1, s.rate}, {{}, shortcuts});
  }
  std::vector<Tensor> directions;
  for (const auto& y : outputs) {
    directions.push_back(torch::randn(y.sizes(), torch::kDouble).to(type));
  }
  const auto gradients = torch::autograd::grad(outputs, {map, wide, point}, directions);
  outputs.insert(outputs.end(), gradients.begin(), gradients.end());
  return outputs;
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].sizes(), b[i].sizes());
    const auto largest = b[i].abs().max().item<double>();
    EXPECT_LE((a[i] - b[i]).abs().max().item<double>(), tolerance * largest) << "result " << i;
  }
}

class DilatedConv : public testing::TestWithParam<Shape> {};

TEST_P(DilatedConv, IsThePlainConvolution) {
  for (const ConvShortcuts shortcuts : {kAll, ConvShortcuts{true, false},
                                        ConvShortcuts{false, true}, ConvShortcuts{false, false}}) {
    expect_same(run(GetParam(), torch::kDouble, false, shortcuts),
                run(GetParam(), torch::kDouble, true), 1e-12);
    expect_same(run(GetParam(), torch::kFloat, false, shortcuts),
                run(GetParam(), torch::kDouble, true), 1e-5);
  }
}

// Odd sizes, a rate beyond one side, beyond both, of the side itself, a map of one pixel.
INSTANTIATE_TEST_SUITE_P(Shapes, DilatedConv,
                         testing::Values(Shape{2, 5, 6, 7, 9, 3}, Shape{1, 3, 4, 5, 11, 6},
                                         Shape{3, 4, 2, 6, 4, 12}, Shape{2, 16, 8, 8, 8, 8},
                                         Shape{2, 3, 3, 13, 1, 2}, Shape{1, 2, 2, 1, 1, 1},
                                         Shape{2, 33, 40, 12, 17, 1}));

// Central differences of a quadratic are exact: the gradient needs no second implementation.
TEST(DilatedConvs, GradientIsTheSlope) {
  torch::manual_seed(3);
  const auto map = torch::randn({2, 3, 5, 7}, torch::kDouble).requires_grad_();
  const auto kernel = torch::randn({4, 3, 3, 3}, torch::kDouble).requires_grad_();
  const auto loss = [&](const Tensor& m, const Tensor& k) {
    return dilated_convs(m, {k}, {3}, {kAll})[0].square().sum();
  };
  const auto gradients = torch::autograd::grad({loss(map, kernel)}, {map, kernel});
  const torch::NoGradGuard no_grad;
  const auto along_map = torch::randn_like(map), along_kernel = torch::randn_like(kernel);
  const auto slope_map = (loss(map + along_map, kernel) - loss(map - along_map, kernel)) / 2;
  const auto slope_kernel =
      (loss(map, kernel + along_kernel) - loss(map, kernel - along_kernel)) / 2;
  EXPECT_NEAR((gradients[0] * along_map).sum().item<double>(), slope_map.item<double>(), 1e-8);
  EXPECT_NEAR((gradients[1] * along_kernel).sum().item<double>(), slope_kernel.item<double>(),
              1e-8);
}

TEST(DilatedConvs, HasSecondDerivatives) {
  const auto second = [](bool plain) {
    torch::manual_seed(5);
    const auto map = torch::randn({2, 3, 4, 5}, torch::kDouble).requires_grad_();
    const auto kernel = torch::randn({2, 3, 3, 3}, torch::kDouble).requires_grad_();
    const auto y = plain ? torch::conv2d(map, kernel, {}, 1, 2, 2)
                         : dilated_convs(map, {kernel}, {2}, {kAll})[0];
    const auto first = torch::autograd::grad({y.pow(3).sum()}, {map, kernel}, {}, true, true);
    return torch::autograd::grad({first[0].square().sum() + first[1].square().sum()},
                                 {map, kernel});
  };
  expect_same(second(false), second(true), 1e-12);
}

TEST(DilatedConvs, TakesOneThreadToo) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Shape shape{2, 16, 8, 9, 7, 4};
  expect_same(run(shape, torch::kFloat, false), run(shape, torch::kDouble, true), 1e-5);
  at::set_num_threads(threads);
}

TEST(DilatedConvs, UsefulPartCountsWhatDoesNotFallOnPadding) {
  for (const auto& [h, w, rate] : {std::array<int64_t, 3>{36, 48, 12}, {36, 48, 36}, {5, 7, 3}}) {
    const auto ones = torch::ones({1, 1, h, w}, torch::kDouble);
    const auto touched =
        torch::conv2d(ones, torch::ones({1, 1, 3, 3}, torch::kDouble), {}, 1, rate, rate);
    EXPECT_NEAR(useful_part(h, w, rate), touched.sum().item<double>() / (9.0 * h * w), 1e-12);
  }
}

TEST(DilatedConvs, GradientHasTheKernelsLayout) {
  for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const auto kernel = torch::randn({4, 6, 3, 3}).contiguous(layout).requires_grad_();
    const auto map = torch::randn({2, 6, 8, 8});
    const auto y = dilated_convs(map, {kernel}, {4}, {kAll})[0];
    EXPECT_TRUE(torch::autograd::grad({y.sum()}, {kernel})[0].is_contiguous(layout));
  }
}

TEST(DilatedConvs, FollowAutocastAsThePlainConvolutionDoes) {
  torch::manual_seed(9);
  const auto map = torch::randn({2, 16, 8, 9}).requires_grad_();
  const auto kernel = torch::randn({8, 16, 3, 3}).requires_grad_();
  EXPECT_EQ(conv_type(map), torch::kFloat);
  const auto results = [&](bool plain) {
    Tensor y;
    {
      const Autocast autocast(BF16, torch::kCPU);
      EXPECT_EQ(conv_type(map), torch::kBFloat16);
      EXPECT_EQ(conv_type(map.to(torch::kDouble)), torch::kDouble);
      y = plain ? torch::conv2d(map, kernel, {}, 1, 5, 5)
                : dilated_convs(map, {kernel}, {5}, {kAll})[0];
    }
    const auto gradients =
        torch::autograd::grad({y.to(torch::kFloat).square().sum()}, {map, kernel});
    return std::vector<Tensor>{y, gradients[0], gradients[1]};
  };
  const auto ours = results(false), plain = results(true);
  EXPECT_EQ(ours[0].dtype(), torch::kBFloat16);
  EXPECT_EQ(ours[1].dtype(), torch::kFloat);
  EXPECT_EQ(ours[2].dtype(), torch::kFloat);
  expect_same(ours, plain, 0.02);  // bfloat16 has eight bits
}

TEST(CopyTransposed, CopiesAnyLayoutAndElementSize) {
  for (const auto type : {torch::kBFloat16, torch::kFloat, torch::kDouble}) {
    const auto from = torch::randn({70, 45}).to(type);
    const auto to = torch::zeros({45, 70}, type).t();
    copy_transposed(from, to);
    EXPECT_TRUE(to.equal(from));
    const auto part = torch::zeros({70, 45, 3}, type);
    copy_transposed(to, part.select(2, 1));
    EXPECT_TRUE(part.select(2, 1).equal(from));
    EXPECT_TRUE(part.select(2, 0).eq(0).all().item<bool>());
  }
}

}  // namespace
}  // namespace tasuki::decoders
