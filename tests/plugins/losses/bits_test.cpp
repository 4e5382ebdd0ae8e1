// What tasks have by themselves is bit for bit what they had when each task computed its loss
// itself: these are those formulas, in their order of operations.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tasuki/config/config.h"
#include "tasuki/loader/batch.h"
#include "tasuki/model/model_task.h"
#include "tests/plugins/losses/losses.h"

namespace tasuki::tests {
namespace {

using torch::Tensor;

Tensor masked_mean(const Tensor& values, const Tensor& valid) {
  const auto kept = torch::where(valid, values, torch::zeros({}, values.options()));
  return kept.sum() / valid.sum().clamp_min(1).to(values.scalar_type());
}

Tensor cross_entropy(const Tensor& x, const Tensor& y) {
  const auto sum = at::cross_entropy_loss(x, y, {}, at::Reduction::Sum, /*ignore_index=*/-1);
  return sum / y.ge(0).sum().clamp_min(1).to(x.scalar_type());
}

Tensor l1(const Tensor& p, const Tensor& y, const Tensor& valid) {
  return masked_mean((p - y).abs(), valid);
}

Tensor smooth_l1(const Tensor& p, const Tensor& y, const Tensor& valid) {
  const auto error = (p - y).abs();
  return masked_mean(torch::where(error < 1, error * error / 2, error - 0.5), valid);
}

Tensor berhu(const Tensor& p, const Tensor& y, const Tensor& valid) {
  const auto error = (p - y).abs();
  const auto zero = torch::zeros({}, error.options());
  const auto c = torch::where(valid, error, zero).max().detach().div(5).clamp_min(1e-6);
  return masked_mean(torch::where(error <= c, error, (error * error + c * c) / (2 * c)), valid);
}

Tensor silog(const Tensor& p, const Tensor& y, const Tensor& valid) {
  const double floor = 0.1;
  const auto log =
      torch::where(p < floor, p / floor + (std::log(floor) - 1), p.clamp_min(floor).log());
  const auto d = log - torch::where(valid, y, torch::ones({}, y.options())).log();
  return masked_mean(d * d, valid) - 0.5 * masked_mean(d, valid).square();
}

Tensor unit(const Tensor& x) {
  return x * x.square().sum(1, true).clamp_min(1e-4 * 1e-4).rsqrt();
}

Tensor normals_l1(const Tensor& x, const Tensor& y) {
  return masked_mean((unit(x) - y).abs().sum(1, true), y.ne(0).any(1, true));
}

Tensor normals_cosine(const Tensor& x, const Tensor& y) {
  return masked_mean(1 - (unit(x) * y).sum(1, true), y.ne(0).any(1, true));
}

enum class Labels { kClasses, kDepth, kDisparity, kNormals };

struct Preset {
  const char* title;
  const char* kind;
  Labels labels;
  std::function<Tensor(const Tensor& x, const Tensor& y)> before;
};

// Of the default range, which most labels lie in.
Tensor in_range(const Tensor& y) {
  return y.gt(1e-3) & y.lt(10);
}

std::vector<Preset> presets() {
  return {{"Segmentation", "[tasuki/Segmentation] { classes: 5 }", Labels::kClasses, cross_entropy},
          {"Depth", "[tasuki/Depth] {}", Labels::kDepth,
           [](const Tensor& x, const Tensor& y) { return l1(x, y, in_range(y)); }},
          {"BerHu", "[tasuki/Depth] { loss: BERHU }", Labels::kDepth,
           [](const Tensor& x, const Tensor& y) { return berhu(x, y, in_range(y)); }},
          {"SILog", "[tasuki/Depth] { loss: SILOG }", Labels::kDepth,
           [](const Tensor& x, const Tensor& y) { return silog(x, y, in_range(y)); }},
          {"Everywhere", "[tasuki/Depth] { train_out_of_range: true }", Labels::kDepth,
           [](const Tensor& x, const Tensor& y) { return l1(x, y, y > 0); }},
          {"Disparity", "[tasuki/Disparity] {}", Labels::kDisparity,
           [](const Tensor& x, const Tensor& y) { return l1(x, y, y.ge(0)); }},
          {"SmoothL1", "[tasuki/Disparity] { loss: SMOOTH_L1 }", Labels::kDisparity,
           [](const Tensor& x, const Tensor& y) { return smooth_l1(x, y, y.ge(0)); }},
          {"InverseDepth", "[tasuki/InverseDepth] {}", Labels::kDepth,
           [](const Tensor& x, const Tensor& y) { return l1(x, y, y.gt(0)); }},
          {"Normals", "[tasuki/Normals] {}", Labels::kNormals, normals_l1},
          {"Cosine", "[tasuki/Normals] { loss: COSINE }", Labels::kNormals, normals_cosine}};
}

Tensor labels_of(Labels kind, const std::vector<int64_t>& size) {
  const auto [n, h, w] = std::tuple(size[0], size[1], size[2]);
  const auto hole = torch::rand({n, 1, h, w}) < 0.2;
  switch (kind) {
    case Labels::kClasses:
      return torch::randint(-1, 5, {n, h, w}, torch::kLong);
    case Labels::kDepth:
      return (torch::rand({n, 1, h, w}) * 11 + 0.2).masked_fill(hole, 0);
    case Labels::kDisparity:
      return (torch::rand({n, 1, h, w}) * 3).masked_fill(hole, -1);
    default:
      return torch::nn::functional::normalize(torch::randn({n, 3, h, w})).masked_fill(hole, 0);
  }
}

class Bits : public ::testing::TestWithParam<Preset> {};

TEST_P(Bits, AreThoseOfBefore) {
  torch::manual_seed(11);
  const auto config =
      parse_config(std::string("model { task { name: \"t\" kind { ") + GetParam().kind + " } } }",
                   "preset.pbtxt");
  const auto task = std::move(
      build_tasks(config, [](const std::string&) { return std::vector<std::string>(); }).front());
  for (const auto& format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
    for (const auto& size : std::vector<std::vector<int64_t>>{{1, 3, 5}, {4, 61, 83}}) {
      auto y = labels_of(GetParam().labels, size);
      if (y.dim() == 4) y = y.contiguous(format);
      const auto logits = (torch::randn({size[0], task.task->channels(), size[1], size[2]}) * 3 + 1)
                              .contiguous(format);
      const auto before = logits.clone().requires_grad_(), now = logits.clone().requires_grad_();
      const auto expected = GetParam().before(before, y);
      const auto value = task.loss(now, Batch{{{"t", y}}, {}, 0});
      expected.backward();
      value.backward();
      EXPECT_EQ(value.item<float>(), expected.item<float>());
      EXPECT_TRUE(now.grad().equal(before.grad()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, Bits, ::testing::ValuesIn(presets()),
                         [](const auto& info) { return info.param.title; });

}  // namespace
}  // namespace tasuki::tests
