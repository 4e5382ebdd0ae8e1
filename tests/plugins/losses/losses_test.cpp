#include "tests/plugins/losses/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tasuki::tests {
namespace {

using ::testing::HasSubstr;
using torch::Tensor;

TEST(LossSum, OfNothingIsZeroAndHasNoGradient) {
  const auto x = torch::ones({2}).requires_grad_();
  const LossSum sum{(x * 0).sum(), torch::zeros({}, torch::kLong)};
  sum.mean().backward();
  EXPECT_EQ(sum.mean().item<float>(), 0);
  EXPECT_EQ(x.grad().abs().max().item<float>(), 0);
}

TEST(LossSum, CountsBelowOneDivideToo) {
  const LossSum sum{torch::tensor(0.5), torch::tensor(0.25)};
  EXPECT_EQ(sum.mean().item<float>(), 2);
  EXPECT_EQ((sum + sum).mean().item<float>(), 2);
}

TEST(CrossEntropyLoss, OfTwoPixels) {
  const auto x = doubles({1, 0, 2, 5, 3, 4}, {1, 2, 1, 3});  // classes 0: 1 0 2, 1: 5 3 4
  const auto y = indices({1, 0, -1}, {1, 1, 3});
  const double expected = (std::log1p(std::exp(1.0 - 5.0)) + std::log1p(std::exp(3.0))) / 2;
  EXPECT_NEAR(mean_of(*make_loss("CrossEntropyLoss", classes(2)), x, y), expected, 1e-12);
}

// A class of three pixels and a weight of 1/3 counts as much as one pixel of weight 1.
TEST(CrossEntropyLoss, WeightsEnterTheCount) {
  const auto loss = make_loss("CrossEntropyLoss", classes(2), "class_weight: [1, 0.25]");
  const auto x = torch::zeros({1, 2, 1, 5}, torch::kDouble);
  const auto sum = loss->compute(x, indices({0, 1, 1, 1, -1}, {1, 1, 5}));
  EXPECT_EQ(sum.count.item<double>(), 1.75);
  EXPECT_NEAR(sum.mean().item<double>(), std::log(2.0), 1e-12);
  // Nothing but a class that weighs nothing counts as nothing.
  const auto none = make_loss("CrossEntropyLoss", classes(2), "class_weight: [1, 0]");
  EXPECT_EQ(none->compute(x, indices({1, 1, 1, 1, -1}, {1, 1, 5})).mean().item<double>(), 0);
}

TEST(OHEMLoss, KeepsTheLeastShareOfEachImage) {
  const auto loss = make_loss("OHEMLoss", classes(2), "threshold: 0 min_share: 0.5");
  // Logits of class 0; the smaller, the larger the loss of label 0. All pixels of the second image
  // are harder than any of the first, and still each keeps two of its four.
  auto x = torch::zeros({2, 2, 1, 5}, torch::kDouble);
  x.select(1, 0).copy_(doubles({9, 8, 7, 6, -50, 1, 2, 3, 4, -50}, {2, 1, 5}));
  const auto y = indices({0, 0, 0, 0, -1, 0, 0, 0, 0, -1}, {2, 1, 5});
  x.requires_grad_();
  const auto sum = loss->compute(x, y);
  sum.sum.backward();
  EXPECT_EQ(sum.count.item<int64_t>(), 4);
  const auto kept = x.grad().select(1, 0).ne(0).to(torch::kLong);
  EXPECT_TRUE(kept.equal(indices({0, 0, 1, 1, 0, 1, 1, 0, 0, 0}, {2, 1, 5}))) << kept;
}

TEST(OHEMLoss, OfAllPixelsIsCrossEntropy) {
  torch::manual_seed(2);
  const auto x = torch::randn({2, 4, 5, 6}, torch::kDouble);
  const auto y = torch::randint(-1, 4, {2, 5, 6}, torch::kLong);
  const std::string weights = "class_weight: [1, 2, 0.5, 3]";
  const double expected = mean_of(*make_loss("CrossEntropyLoss", classes(4), weights), x, y);
  for (const std::string all : {"threshold: 1 ", "min_share: 1 "}) {
    EXPECT_NEAR(mean_of(*make_loss("OHEMLoss", classes(4), all + weights), x, y), expected, 1e-12);
  }
}

TEST(FocalLoss, WithoutFocusIsCrossEntropy) {
  torch::manual_seed(2);
  const auto x = torch::randn({2, 4, 5, 6}, torch::kDouble);
  const auto y = torch::randint(-1, 4, {2, 5, 6}, torch::kLong);
  EXPECT_NEAR(mean_of(*make_loss("FocalLoss", classes(4), "gamma: 0"), x, y),
              mean_of(*make_loss("CrossEntropyLoss", classes(4)), x, y), 1e-12);
}

TEST(FocalLoss, HasAFiniteGradientWhereThePredictionIsCertain) {
  for (const std::string gamma : {"0", "0.3", "1", "2", "5"}) {
    const auto loss = make_loss("FocalLoss", classes(2), "gamma: " + gamma);
    for (const float logit : {40.0f, 1e4f, 1e30f, -1e30f}) {
      const auto x = torch::tensor({logit, 0.0f}).view({1, 2, 1, 1}).requires_grad_();
      const auto value = loss->compute(x, indices({0}, {1, 1, 1})).mean();
      value.backward();
      EXPECT_TRUE(value.isfinite().item<bool>()) << gamma << " " << logit;
      EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << gamma << " " << logit;
    }
  }
}

// Certain logits of the labels themselves.
Tensor certain(const Tensor& labels, int64_t classes) {
  return torch::one_hot(labels.clamp_min(0), classes).permute({0, 3, 1, 2}).to(torch::kDouble) * 99;
}

TEST(DiceAndLovaszLoss, AreZeroForAPerfectAndOneForAWrongPrediction) {
  torch::manual_seed(4);
  auto y = torch::randint(0, 3, {2, 6, 5}, torch::kLong);
  y[0][0][0] = -1;
  const auto wrong = (y + 1).remainder(3);
  for (const std::string over : {"IMAGE", "BATCH"}) {
    const auto dice = make_loss("DiceLoss", classes(3), "smooth: 1e-6 over: " + over);
    const auto lovasz = make_loss("LovaszLoss", classes(3), "over: " + over);
    for (const auto* loss : {dice.get(), lovasz.get()}) {
      EXPECT_EQ(loss->splits(), over == "IMAGE");
      EXPECT_NEAR(mean_of(*loss, certain(y, 3), y), 0, 1e-6);
      EXPECT_NEAR(mean_of(*loss, certain(wrong, 3), y), 1, 1e-6);
    }
  }
}

// With predictions of 0 and 1 the Lovasz extension is the set function itself: 1 - IoU.
TEST(LovaszLoss, OfCertainPredictionsIsOneMinusTheMeanIoU) {
  const auto y = indices({0, 0, 0, 1, 1, -1}, {1, 2, 3});
  const auto p = indices({0, 0, 1, 1, 2, 0}, {1, 2, 3});
  // Class 0: 2 of 3; class 1: 1 of 3. Class 2, which no label has, does not count.
  EXPECT_NEAR(mean_of(*make_loss("LovaszLoss", classes(3)), certain(p, 3), y),
              1 - (2.0 / 3 + 1.0 / 3) / 2, 1e-9);
}

TEST(RegressionLosses, ClosedForms) {
  const auto p = doubles({1, 4, -2, 9}, {1, 1, 2, 2}), y = doubles({1.5, 2, 8, 0}, {1, 1, 2, 2});
  const auto of = [&](const std::string& name, const std::string& options = "") {
    return mean_of(*make_loss(name, depths(), options), p, y);
  };
  EXPECT_NEAR(of("L1Loss"), (0.5 + 2 + 10) / 3, 1e-12);
  EXPECT_NEAR(of("L2Loss"), (0.25 + 4 + 100) / 3, 1e-12);
  EXPECT_NEAR(of("HuberLoss"), (0.125 + 1.5 + 9.5) / 3, 1e-12);
  EXPECT_NEAR(of("HuberLoss", "delta: 4"), (0.125 + 2 + 4 * (10 - 2)) / 3, 1e-12);
  // The threshold is a fifth, or a half, of the largest error, 10.
  EXPECT_NEAR(of("BerHuLoss"), (0.5 + 2 + 104.0 / 4) / 3, 1e-12);
  EXPECT_NEAR(of("BerHuLoss", "share: 0.5"), (0.5 + 2 + 125.0 / 10) / 3, 1e-12);
}

TEST(RegressionLosses, KnowTheInvalidValueOfTheirLabels) {
  const auto p = doubles({3, 7}, {1, 1, 1, 2}), y = doubles({0, -1}, {1, 1, 1, 2});
  const auto sum = make_loss("L1Loss", disparities())->compute(p, y);
  EXPECT_EQ(sum.mean().item<double>(), 3);
  EXPECT_EQ(sum.count.item<int64_t>(), 1);
  // 0 is a disparity, but has no logarithm.
  EXPECT_EQ(make_loss("SILogLoss", disparities())->compute(p, y).count.item<int64_t>(), 0);
}

TEST(SILogLoss, ForgivesItsShareOfAScale) {
  const auto y = doubles({1, 2, 4, 0}, {1, 1, 2, 2});
  const double square = std::log(3.0) * std::log(3.0);
  const auto of = [&](const std::string& lambda) {
    return mean_of(*make_loss("SILogLoss", depths(), "lambda: " + lambda), 3 * y, y);
  };
  EXPECT_NEAR(of("1"), 0, 1e-12);
  EXPECT_NEAR(of("0.5"), square / 2, 1e-12);
  EXPECT_NEAR(of("0"), square, 1e-12);
}

TEST(SILogLoss, ForgivesTheScaleOfEachImageOrOfTheBatch) {
  const auto y = doubles({1, 2, 4, 3}, {2, 1, 1, 2});
  const auto p = y * doubles({3, 0.5}, {2, 1, 1, 1});
  EXPECT_NEAR(mean_of(*make_loss("SILogLoss", depths(), "lambda: 1"), p, y), 0, 1e-12);
  const double a = std::log(3.0), b = std::log(0.5), mean = (a + b) / 2;
  EXPECT_NEAR(mean_of(*make_loss("SILogLoss", depths(), "lambda: 1 over: BATCH"), p, y),
              (a * a + b * b) / 2 - mean * mean, 1e-12);
}

TEST(SILogLoss, IsSmoothAtItsFloorAndPullsNegativesUp) {
  const auto y = torch::ones({1, 1, 1, 1}, torch::kDouble);
  const auto loss = make_loss("SILogLoss", depths(), "lambda: 0 floor: 0.125");
  const auto root_and_slope = [&](double p) {
    const auto x = doubles({p}, {1, 1, 1, 1}).requires_grad_();
    const auto value = loss->compute(x, y).mean();  // (ln p)^2
    value.backward();
    const double root = -std::sqrt(value.item<double>());
    return std::pair(root, x.grad().item<double>() / (2 * root));
  };
  const auto below = root_and_slope(0.125 - 1e-7), above = root_and_slope(0.125 + 1e-7);
  EXPECT_NEAR(below.first, above.first, 3e-6);
  EXPECT_NEAR(below.second, above.second, 3e-5);
  EXPECT_NEAR(root_and_slope(-5).second, 8, 1e-9);
  EXPECT_NEAR(root_and_slope(0.5).first, std::log(0.5), 1e-12);
}

TEST(GradientMatchingLoss, DoesNotSeeAConstantErrorAndSeesARamp) {
  const auto y = torch::ones({1, 1, 8, 8}, torch::kDouble);
  const auto loss = make_loss("GradientMatchingLoss", depths());
  EXPECT_EQ(mean_of(*loss, y + 5, y), 0);
  // A slope of 1 a pixel to the right is 2^k between the neighbours of scale k: of its n = (8 /
  // 2^k)^2 pixels, n - sqrt(n) have a right neighbour.
  const auto ramp = torch::arange(8, torch::kDouble).expand({1, 1, 8, 8});
  double expected = 0;
  for (const double width : {8.0, 4.0, 2.0, 1.0}) expected += 8 / width * (width - 1) / width;
  EXPECT_NEAR(mean_of(*loss, y + ramp, y), expected, 1e-12);
  // Of logarithms, a constant factor costs nothing.
  const auto logs = make_loss("GradientMatchingLoss", depths(), "logarithms: true");
  EXPECT_NEAR(mean_of(*logs, 3 * (y + ramp), y + ramp), 0, 1e-12);
}

TEST(VectorLosses, NormalsWhoseComponentsSumToZeroAreValid) {
  const double h = std::sqrt(0.5);
  const auto y = doubles({h, -h, 0}, {1, 3, 1, 1}), across = doubles({0, 0, 1}, {1, 3, 1, 1});
  EXPECT_NEAR(mean_of(*make_loss("L1Loss", normals()), across, y), 2 * h + 1, 1e-12);
  EXPECT_NEAR(mean_of(*make_loss("CosineLoss", normals()), across, y), 1, 1e-12);
  EXPECT_NEAR(mean_of(*make_loss("CosineLoss", normals()), y, y), 0, 1e-12);
  EXPECT_NEAR(mean_of(*make_loss("AngularLoss", normals()), across, y), M_PI / 2, 1e-9);
  EXPECT_NEAR(mean_of(*make_loss("AngularLoss", normals()), -y, y), M_PI, 2e-6);
}

TEST(AngularLoss, HasAFiniteGradientEverywhere) {
  const auto loss = make_loss("AngularLoss", normals());
  const auto y = doubles({0, 0, -1}, {1, 3, 1, 1}).to(torch::kFloat);
  for (const auto& at : {y, -y, torch::zeros_like(y)}) {
    const auto x = at.clone().requires_grad_();
    const auto value = loss->compute(x, y).mean();
    value.backward();
    EXPECT_TRUE(value.isfinite().item<bool>());
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
  }
}

std::string refusal(const std::string& name, const TargetInfo& target,
                    const std::string& options = "") {
  try {
    make_loss(name, target, options);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

TEST(LossOptions, SayWhatIsWrong) {
  EXPECT_THAT(refusal("CrossEntropyLoss", classes(3), "class_weight: [1, 2]"),
              HasSubstr("class_weight: has 2 weights, but there are 3 classes"));
  EXPECT_THAT(refusal("CrossEntropyLoss", classes(2), "class_weight: [1, -2]"),
              HasSubstr("class_weight[1]: must be at least 0"));
  EXPECT_THAT(refusal("FocalLoss", classes(2), "class_weight: [0, 0]"),
              HasSubstr("class_weight: every class weighs 0"));
  EXPECT_THAT(refusal("CrossEntropyLoss", classes(2), "label_smoothing: 1.5"),
              HasSubstr("label_smoothing: must be 0 to 1"));
  EXPECT_THAT(refusal("FocalLoss", classes(2), "gamma: -1"),
              HasSubstr("gamma: must be at least 0"));
  EXPECT_THAT(refusal("OHEMLoss", classes(2), "min_share: 0"), HasSubstr("min_share: must be"));
  EXPECT_THAT(refusal("OHEMLoss", classes(2), "threshold: nan"), HasSubstr("threshold: must be"));
  EXPECT_THAT(refusal("DiceLoss", classes(2), "smooth: 0"), HasSubstr("smooth: must be above"));
  EXPECT_THAT(refusal("DiceLoss", classes(2), "exponent: 3"),
              HasSubstr("exponent: must be 1 to 2"));
  EXPECT_THAT(refusal("HuberLoss", depths(), "delta: 0"), HasSubstr("delta: must be above"));
  EXPECT_THAT(refusal("BerHuLoss", depths(), "share: 0"), HasSubstr("share: must be above"));
  EXPECT_THAT(refusal("SILogLoss", depths(), "floor: inf"),
              HasSubstr("floor: must be finite and above"));
  EXPECT_THAT(refusal("SILogLoss", depths(), "lambda: 2"), HasSubstr("lambda: must be 0 to 1"));
  EXPECT_THAT(refusal("GradientMatchingLoss", depths(), "scales: 9"), HasSubstr("scales: must"));
}

TEST(LossOptions, RefuseATaskOfOtherLabels) {
  EXPECT_THAT(refusal("CrossEntropyLoss", depths()),
              HasSubstr("compares logits with class indices, which labels of kind tasuki/depth"));
  EXPECT_THAT(refusal("L1Loss", classes(3)), HasSubstr("are class indices"));
  EXPECT_THAT(refusal("SILogLoss", normals()), HasSubstr("one number a pixel, but task normal"));
  EXPECT_THAT(refusal("CosineLoss", depths()), HasSubstr("compares vectors, but task depth has 1"));
  EXPECT_THAT(refusal("GradientMatchingLoss", normals(), "logarithms: true"),
              HasSubstr("of logarithms compares one number"));
}

}  // namespace
}  // namespace tasuki::tests
