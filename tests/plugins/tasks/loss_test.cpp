#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "plugins/tasks/normals_loss.h"
#include "plugins/tasks/regression_loss.h"
#include "plugins/tasks/segmentation_loss.h"
#include "tests/plugins/tasks/tasks.h"

namespace tasuki::tests {
namespace {

using ::testing::HasSubstr;
using torch::Tensor;

constexpr auto kDouble = torch::kDouble;

Tensor doubles(std::vector<double> values, std::vector<int64_t> shape) {
  return torch::tensor(values, kDouble).view(shape);
}

struct Case {
  const char* title;
  const char* name;
  const char* options;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.title;
}

class TaskLoss : public testing::TestWithParam<Case> {
 protected:
  TaskLoss() : task_(make_task(GetParam().name, GetParam().options)) { torch::manual_seed(7); }

  bool is_index() const { return task_->field_kind() == "tasuki/label_map"; }
  Tensor logits(int64_t n = 2, int64_t h = 3, int64_t w = 4) const {
    // Far from the kinks of the losses at a difference of 0.
    return torch::randn({n, task_->channels(), h, w}, kDouble) * 1.3 + 0.31;
  }
  Tensor invalid_label(int64_t n = 2, int64_t h = 3, int64_t w = 4) const {
    if (is_index()) return torch::full({n, h, w}, -1, torch::kLong);
    const double value = task_->field_kind() == "tasuki/disparity" ? -1 : 0;
    return torch::full({n, task_->channels(), h, w}, value, kDouble);
  }
  // Valid everywhere but in the first row.
  Tensor label() const {
    Tensor label = invalid_label();
    const auto rows = label.narrow(-2, 1, 2);
    if (is_index()) {
      rows.copy_(torch::randint(task_->channels(), rows.sizes(), torch::kLong));
    } else if (task_->channels() == 3) {
      rows.copy_(torch::nn::functional::normalize(torch::randn(rows.sizes(), kDouble)));
    } else {
      rows.copy_(torch::rand(rows.sizes(), kDouble) * 4 + 0.5);
    }
    return label;
  }
  Tensor gradient(const Tensor& at, const Tensor& label) const {
    const auto x = at.detach().clone().requires_grad_();
    task_->loss(x, label).backward();
    return x.grad();
  }

  std::unique_ptr<Task> task_;
};

TEST_P(TaskLoss, GradientIsThatOfTheValues) {
  const auto x = logits(), y = label();
  const auto analytic = gradient(x, y).flatten();
  constexpr double kStep = 1e-6;
  // BerHu counts its threshold, set by the largest error, as constant: that pixel is left out.
  const bool berhu = std::string(GetParam().title) == "BerHu";
  const auto skipped = berhu ? (x - y).abs().mul(y > 0).argmax().item<int64_t>() : -1;
  for (int64_t i = 0; i < x.numel(); ++i) {
    if (i == skipped) continue;
    auto more = x.clone(), less = x.clone();
    more.view(-1)[i] += kStep;
    less.view(-1)[i] -= kStep;
    const double change = (task_->loss(more, y) - task_->loss(less, y)).item<double>();
    EXPECT_NEAR(analytic[i].item<double>(), change / (2 * kStep), 1e-6) << "logit " << i;
  }
}

TEST_P(TaskLoss, OfNoValidPixelIsExactlyZero) {
  const auto x = logits().detach().requires_grad_();
  const auto loss = task_->loss(x, invalid_label());
  EXPECT_EQ(loss.item<double>(), 0);
  loss.backward();
  EXPECT_EQ(x.grad().abs().max().item<double>(), 0);
}

TEST_P(TaskLoss, IgnoresInvalidPixels) {
  const auto y = label(), x = logits();
  auto changed = x.clone();
  changed.narrow(2, 0, 1).mul_(-50);
  EXPECT_EQ(task_->loss(x, y).item<double>(), task_->loss(changed, y).item<double>());
  EXPECT_EQ(gradient(x, y).narrow(2, 0, 1).abs().max().item<double>(), 0);
}

TEST_P(TaskLoss, IsFiniteForZeroAndLargeLogits) {
  for (const double scale : {0.0, 1e-30, 1e15}) {
    for (const double sign : {-1.0, 1.0}) {
      const auto x = torch::full({2, task_->channels(), 3, 4}, sign * scale, torch::kFloat);
      const auto y = is_index() ? label() : label().to(torch::kFloat);
      EXPECT_TRUE(std::isfinite(task_->loss(x, y).item<double>())) << sign * scale;
      EXPECT_TRUE(gradient(x, y).isfinite().all().item<bool>()) << sign * scale;
    }
  }
}

TEST_P(TaskLoss, IsTheMeanOverPixelsNotOverImages) {
  const auto x = logits(), y = label();
  auto fewer = y.clone();
  fewer[1] = invalid_label()[1];
  EXPECT_NEAR(task_->loss(x, fewer).item<double>(),
              task_->loss(x.narrow(0, 0, 1), y.narrow(0, 0, 1)).item<double>(), 1e-12);
}

TEST_P(TaskLoss, TakesLogitsOfAutocast) {
  const auto x = logits(), y = is_index() ? label() : label().to(torch::kFloat);
  const auto loss = task_->loss(x.to(torch::kBFloat16), y);
  EXPECT_EQ(loss.scalar_type(), torch::kFloat);
  const double exact = task_->loss(x.to(torch::kBFloat16).to(torch::kDouble), y).item<double>();
  EXPECT_NEAR(loss.item<double>(), exact, 1e-5 * (1 + std::abs(exact)));
}

TEST_P(TaskLoss, RefusesLabelsOutOfRange) {
  auto y = label();
  y.view(-1)[5] = is_index() ? 17 : -7.5;
  EXPECT_THAT(error_of([&] { task_->loss(logits(), y); }),
              HasSubstr(is_index() ? "task: label 17 is out of range: classes are 0..4"
                                   : "task: label -7.5 is out of range"));
  if (is_index()) return;
  y.view(-1)[5] = std::nan("");
  EXPECT_THAT(error_of([&] { task_->loss(logits(), y); }), HasSubstr("label nan"));
}

INSTANTIATE_TEST_SUITE_P(All, TaskLoss,
                         testing::Values(Case{"CrossEntropy", "tasuki/Segmentation", "classes: 5"},
                                         Case{"DepthL1", "tasuki/Depth", ""},
                                         Case{"BerHu", "tasuki/Depth", "loss: BERHU"},
                                         Case{"SILog", "tasuki/Depth", "loss: SILOG"},
                                         Case{"NormalsL1", "tasuki/Normals", ""},
                                         Case{"NormalsCosine", "tasuki/Normals", "loss: COSINE"},
                                         Case{"DisparityL1", "tasuki/Disparity", ""},
                                         Case{"DisparitySmoothL1", "tasuki/Disparity",
                                              "loss: SMOOTH_L1"},
                                         Case{"InverseDepthL1", "tasuki/InverseDepth", ""}),
                         [](const auto& info) { return info.param.title; });

TEST(Loss, CrossEntropyOfTwoPixels) {
  const auto x = doubles({1, 0, 2, 5, 3, 4}, {1, 2, 1, 3});  // classes 0: 1 0 2, 1: 5 3 4
  const auto y = torch::tensor(std::vector<int64_t>{1, 0, -1}).view({1, 1, 3});
  const double expected = (std::log1p(std::exp(1.0 - 5.0)) + std::log1p(std::exp(3.0))) / 2;
  EXPECT_NEAR(tasks::segmentation_loss(x, y).item<double>(), expected, 1e-12);
}

TEST(Loss, ClosedFormsOfRegression) {
  const auto p = doubles({1, 4, -2, 9}, {1, 1, 2, 2}), y = doubles({1.5, 2, 8, 0}, {1, 1, 2, 2});
  const auto valid = y > 0;
  EXPECT_NEAR(tasks::l1_loss(p, y, valid).item<double>(), (0.5 + 2 + 10) / 3, 1e-12);
  EXPECT_NEAR(tasks::smooth_l1_loss(p, y, valid).item<double>(), (0.125 + 1.5 + 9.5) / 3, 1e-12);
  // The threshold is a fifth of the largest error, 10.
  EXPECT_NEAR(tasks::berhu_loss(p, y, valid).item<double>(), (0.5 + 2 + 104.0 / 4) / 3, 1e-12);
}

TEST(Loss, SilogForgivesItsShareOfAScale) {
  const auto y = doubles({1, 2, 4, 0}, {1, 1, 2, 2});
  const auto valid = y > 0;
  const double square = std::log(3.0) * std::log(3.0);
  EXPECT_NEAR(tasks::silog_loss(3 * y, y, valid, 1, 0.1).item<double>(), 0, 1e-12);
  EXPECT_NEAR(tasks::silog_loss(3 * y, y, valid, 0.5, 0.1).item<double>(), square / 2, 1e-12);
  EXPECT_NEAR(tasks::silog_loss(3 * y, y, valid, 0, 0.1).item<double>(), square, 1e-12);
}

TEST(Loss, ExtendedLogIsSmoothAndPullsNegativesUp) {
  const auto x = doubles({0.1 - 1e-7, 0.1 + 1e-7, -5, 2}, {4}).requires_grad_();
  const auto log = tasks::extended_log(x, 0.1);
  log.sum().backward();
  EXPECT_NEAR(log[0].item<double>(), log[1].item<double>(), 3e-6);
  EXPECT_NEAR(x.grad()[0].item<double>(), x.grad()[1].item<double>(), 3e-5);
  EXPECT_NEAR(x.grad()[2].item<double>(), 10, 1e-12);
  EXPECT_NEAR(log[3].item<double>(), std::log(2.0), 1e-12);
}

TEST(Loss, NormalsWhoseComponentsSumToZeroAreValid) {
  const auto y = doubles({std::sqrt(0.5), -std::sqrt(0.5), 0}, {1, 3, 1, 1});
  const auto opposite = doubles({0, 0, 4}, {1, 3, 1, 1});
  const double h = std::sqrt(0.5);
  EXPECT_NEAR(tasks::normals_l1_loss(opposite, y).item<double>(), 2 * h + 1, 1e-12);
  EXPECT_NEAR(tasks::normals_cosine_loss(opposite, y).item<double>(), 1, 1e-12);
  EXPECT_NEAR(tasks::normals_cosine_loss(9 * y, y).item<double>(), 0, 1e-12);
}

TEST(Loss, PredictGivesUnitNormalsAndClasses) {
  const auto normals = make_task("tasuki/Normals")->predict(torch::randn({2, 3, 4, 5}));
  EXPECT_LT((normals.norm(2, 1) - 1).abs().max().item<float>(), 1e-6);
  const auto zero = make_task("tasuki/Normals")->predict(torch::zeros({1, 3, 2, 2}));
  EXPECT_EQ(zero.abs().max().item<float>(), 0);
  const auto classes = make_task("tasuki/Segmentation", "classes: 3")
                           ->predict(doubles({1, 0, 2, 5, 0, 6}, {1, 3, 1, 2}));
  EXPECT_TRUE(classes.equal(torch::tensor(std::vector<int64_t>{1, 2}).view({1, 1, 2})));
}

TEST(DepthLoss, LeavesOutWhatIsNotEvaluatedUnlessTold) {
  const auto label = doubles({2, 0.2, 90, 0}, {1, 1, 2, 2});
  const auto logits = doubles({3, 4, 50, 7}, {1, 1, 2, 2});
  for (const std::string loss : {"L1", "BERHU", "SILOG"}) {
    const auto options = "min_depth: 0.5 max_depth: 80 loss: " + loss;
    const auto task = make_task("tasuki/Depth", options);
    auto x = logits.clone().requires_grad_();
    task->loss(x, label).backward();
    EXPECT_NE(x.grad().flatten()[0].item<double>(), 0) << loss;
    EXPECT_EQ(x.grad().flatten().slice(0, 1).count_nonzero().item<int64_t>(), 0) << loss;
    const auto all = make_task("tasuki/Depth", options + " train_out_of_range: true");
    x = logits.clone().requires_grad_();
    all->loss(x, label).backward();
    EXPECT_EQ(x.grad().flatten().slice(0, 0, 3).count_nonzero().item<int64_t>(), 3) << loss;
    EXPECT_EQ(x.grad().flatten()[3].item<double>(), 0) << loss;
  }
}

}  // namespace
}  // namespace tasuki::tests
