#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"
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
  TaskLoss() { torch::manual_seed(7); }

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
    loss(x, label).backward();
    return x.grad();
  }
  Tensor loss(const Tensor& x, const Tensor& label) const {
    return model_task_.loss(x, batch_of(label));
  }

  const ModelTask model_task_ = make_model_task(GetParam().name, GetParam().options);
  const std::shared_ptr<const Task> task_ = model_task_.task;
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
    const double change = (loss(more, y) - loss(less, y)).item<double>();
    EXPECT_NEAR(analytic[i].item<double>(), change / (2 * kStep), 1e-6) << "logit " << i;
  }
}

TEST_P(TaskLoss, OfNoValidPixelIsExactlyZero) {
  const auto x = logits().detach().requires_grad_();
  const auto zero = loss(x, invalid_label());
  EXPECT_EQ(zero.item<double>(), 0);
  zero.backward();
  EXPECT_EQ(x.grad().abs().max().item<double>(), 0);
}

TEST_P(TaskLoss, IgnoresInvalidPixels) {
  const auto y = label(), x = logits();
  auto changed = x.clone();
  changed.narrow(2, 0, 1).mul_(-50);
  EXPECT_EQ(loss(x, y).item<double>(), loss(changed, y).item<double>());
  EXPECT_EQ(gradient(x, y).narrow(2, 0, 1).abs().max().item<double>(), 0);
}

TEST_P(TaskLoss, IsFiniteForZeroAndLargeLogits) {
  for (const double scale : {0.0, 1e-30, 1e15}) {
    for (const double sign : {-1.0, 1.0}) {
      const auto x = torch::full({2, task_->channels(), 3, 4}, sign * scale, torch::kFloat);
      const auto y = is_index() ? label() : label().to(torch::kFloat);
      EXPECT_TRUE(std::isfinite(loss(x, y).item<double>())) << sign * scale;
      EXPECT_TRUE(gradient(x, y).isfinite().all().item<bool>()) << sign * scale;
    }
  }
}

TEST_P(TaskLoss, IsTheMeanOverPixelsNotOverImages) {
  const auto x = logits(), y = label();
  auto fewer = y.clone();
  fewer[1] = invalid_label()[1];
  EXPECT_NEAR(loss(x, fewer).item<double>(),
              loss(x.narrow(0, 0, 1), y.narrow(0, 0, 1)).item<double>(), 1e-12);
}

TEST_P(TaskLoss, TakesLogitsOfAutocast) {
  const auto x = logits(), y = is_index() ? label() : label().to(torch::kFloat);
  const auto coarse = loss(x.to(torch::kBFloat16), y);
  EXPECT_EQ(coarse.scalar_type(), torch::kFloat);
  const double exact = loss(x.to(torch::kBFloat16).to(torch::kDouble), y).item<double>();
  EXPECT_NEAR(coarse.item<double>(), exact, 1e-5 * (1 + std::abs(exact)));
}

TEST_P(TaskLoss, LabelsOutOfRangeAreErrorsOfTheTask) {
  const cv::Scalar invalid =
      is_index() || GetParam().name == std::string("tasuki/Disparity") ? -1 : 0;
  cv::Mat label(3, 4, field_kind(task_->field_kind()).mat_type(), invalid);
  EXPECT_EQ(task_->label_error(label), "");
  label(cv::Rect(2, 1, 1, 1)) = cv::Scalar::all(is_index() ? 17 : -7.5);
  EXPECT_THAT(
      task_->label_error(label),
      HasSubstr(is_index() ? "label 17 at (x 2, y 1) is no class: classes are 0..4" : "-7.500000"));
  EXPECT_THAT(task_->label_error(label), HasSubstr("at (x 2, y 1)"));
  if (is_index()) return;
  label(cv::Rect(2, 1, 1, 1)) = cv::Scalar::all(std::nan(""));
  EXPECT_THAT(task_->label_error(label), HasSubstr("nan"));
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
    auto x = logits.clone().requires_grad_();
    make_model_task("tasuki/Depth", options).loss(x, batch_of(label)).backward();
    EXPECT_NE(x.grad().flatten()[0].item<double>(), 0) << loss;
    EXPECT_EQ(x.grad().flatten().slice(0, 1).count_nonzero().item<int64_t>(), 0) << loss;
    const auto all = make_model_task("tasuki/Depth", options + " train_out_of_range: true");
    x = logits.clone().requires_grad_();
    all.loss(x, batch_of(label)).backward();
    EXPECT_EQ(x.grad().flatten().slice(0, 0, 3).count_nonzero().item<int64_t>(), 3) << loss;
    EXPECT_EQ(x.grad().flatten()[3].item<double>(), 0) << loss;
  }
}

}  // namespace
}  // namespace tasuki::tests
