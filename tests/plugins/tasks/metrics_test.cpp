#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/plugins/tasks/tasks.h"

namespace tasuki::tests {
namespace {

using ::testing::HasSubstr;
using torch::Tensor;

TaskMetrics metrics_of(const std::string& name, const std::string& options = "",
                       Averaging averaging = PIXEL, std::vector<std::string> class_names = {}) {
  return make_model_task(name, options, "", std::move(class_names), averaging).make_metrics();
}

TaskMetrics measured(TaskMetrics metrics, const Images& images) {
  for (size_t i = 0; i < images.labels.size(); ++i) {
    metrics.accumulate(images.predictions[i], images.labels[i]);
  }
  return metrics;
}

// Straight from the definitions, one pixel after another, in double.
std::map<std::string, double> naive_segmentation(const Tensor& p, const Tensor& y, int classes) {
  double ious = 0, accuracies = 0, right = 0, valid = 0;
  int present = 0, labelled = 0;
  for (int c = 0; c < classes; ++c) {
    double hit = 0, in_label = 0, in_prediction = 0;
    for (int64_t i = 0; i < y.numel(); ++i) {
      const auto truth = y.flatten()[i].item<int64_t>(), guess = p.flatten()[i].item<int64_t>();
      if (truth == -1) continue;
      hit += truth == c && guess == c;
      in_label += truth == c;
      in_prediction += guess == c;
    }
    right += hit;
    valid += in_label;
    if (in_label + in_prediction > 0) ious += hit / (in_label + in_prediction - hit), ++present;
    if (in_label > 0) accuracies += hit / in_label, ++labelled;
  }
  return {
      {"miou", ious / present}, {"pixel_acc", right / valid}, {"mean_acc", accuracies / labelled}};
}

std::map<std::string, double> naive_depth(const Tensor& prediction, const Tensor& label) {
  const auto valid = label > 0;
  const auto y = label.masked_select(valid).to(torch::kDouble);
  const auto p = prediction.masked_select(valid).to(torch::kDouble).clamp(1e-3f, 10);
  const auto d = p - y, log = p.log() - y.log(), factor = torch::max(p / y, y / p);
  const auto mean = [](const Tensor& x) { return x.to(torch::kDouble).mean().item<double>(); };
  return {{"abs_err", mean(d.abs())},
          {"abs_rel", mean(d.abs() / y)},
          {"sq_rel", mean(d * d / y)},
          {"rmse", std::sqrt(mean(d * d))},
          {"rmse_log", std::sqrt(mean(log * log))},
          {"log10", mean((p.log10() - y.log10()).abs())},
          {"silog", 100 * std::sqrt(log.var(/*unbiased=*/false).item<double>())},
          {"delta1", mean(factor < 1.25)},
          {"delta2", mean(factor < 1.5625)},
          {"delta3", mean(factor < 1.953125)}};
}

std::map<std::string, double> naive_normals(const Tensor& prediction, const Tensor& label) {
  std::vector<double> angles;
  for (int64_t r = 0; r < label.size(1); ++r) {
    for (int64_t c = 0; c < label.size(2); ++c) {
      const auto y = label.select(1, r).select(1, c).to(torch::kDouble);
      const auto p = prediction.select(1, r).select(1, c).to(torch::kDouble);
      if (y.abs().sum().item<double>() == 0) continue;
      const double cosine = (p.dot(y) / p.norm() / y.norm()).item<double>();
      angles.push_back(std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / M_PI);
    }
  }
  std::sort(angles.begin(), angles.end());
  const auto t = torch::tensor(angles, torch::kDouble);
  const auto below = [&](double limit) {
    return (t < limit).to(torch::kDouble).mean().item<double>();
  };
  const size_t half = angles.size() / 2;
  const bool odd = angles.size() % 2 == 1;
  return {{"mean", t.mean().item<double>()},
          {"median", odd ? angles[half] : (angles[half - 1] + angles[half]) / 2},
          {"rmse", std::sqrt(t.square().mean().item<double>())},
          {"within_11_25", below(11.25)},
          {"within_22_5", below(22.5)},
          {"within_30", below(30)}};
}

std::map<std::string, double> naive_disparity(const Tensor& prediction, const Tensor& label) {
  const auto valid = label >= 0;
  const auto y = label.masked_select(valid).to(torch::kDouble);
  const auto e = (prediction.masked_select(valid).to(torch::kDouble) - y).abs();
  return {{"abs_err", e.mean().item<double>()},
          {"rmse", std::sqrt(e.square().mean().item<double>())},
          {"d1", ((e > 3) & (e > y * 0.05)).to(torch::kDouble).mean().item<double>()}};
}

std::map<std::string, double> naive_inverse_depth(const Tensor& prediction, const Tensor& label) {
  const auto valid = label > 0;
  const auto y = label.masked_select(valid).to(torch::kDouble);
  const auto e = (prediction.masked_select(valid).to(torch::kDouble) - y).abs();
  return {{"abs_err", e.mean().item<double>()},
          {"abs_rel", (e / y).mean().item<double>()},
          {"rmse", std::sqrt(e.square().mean().item<double>())}};
}

void expect_equal(const std::map<std::string, double>& got,
                  const std::map<std::string, double>& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_NEAR(got.at(name), value, tolerance) << name;
}

struct MetricCase {
  const char* name;
  const char* options;
  Images images;
  std::map<std::string, double> (*naive)(const Tensor&, const Tensor&);
  double tolerance;  // of the median, less than a bin; of the others, rounding
};

std::vector<MetricCase> all_cases() {
  const auto segmentation = [](const Tensor& p, const Tensor& y) {
    return naive_segmentation(p, y, 5);
  };
  return {{"tasuki/Segmentation", "classes: 5", random_classes(3, 9, 11, 5), segmentation, 1e-12},
          {"tasuki/Depth", "", random_depths(3, 17, 19), naive_depth, 1e-6},
          {"tasuki/Normals", "", random_normals(3, 60, 70), naive_normals, 0.0101},
          {"tasuki/Disparity", "", random_disparities(3, 17, 19), naive_disparity, 1e-9},
          {"tasuki/InverseDepth", "", random_depths(3, 17, 19), naive_inverse_depth, 1e-9}};
}

TEST(TaskMetrics, AreThoseOfTheDefinitions) {
  for (const auto& one : all_cases()) {
    SCOPED_TRACE(one.name);
    const auto expected = one.naive(stacked(one.images.predictions), stacked(one.images.labels));
    const auto got = by_name(measured(metrics_of(one.name, one.options), one.images));
    expect_equal(got, expected, one.tolerance);
    for (const auto& [name, value] : expected) {
      if (name == "median") continue;
      EXPECT_NEAR(got.at(name), value, 1e-5 * (1 + value)) << name;
    }
  }
}

TEST(TaskMetrics, OfImagesAreThoseOfAllPixelsAtOnce) {
  for (const auto& one : all_cases()) {
    SCOPED_TRACE(one.name);
    const auto of = [&](const Images& images) {
      return by_name(measured(metrics_of(one.name, one.options), images));
    };
    const Images whole{{stacked(one.images.predictions)}, {stacked(one.images.labels)}};
    expect_equal(of(one.images), of(whole), 1e-9);
  }
}

// One row of predictions that are these angles away from their labels.
Images normals_off_by(const std::vector<double>& degrees) {
  const auto pixels = static_cast<int64_t>(degrees.size());
  Images images{{torch::zeros({3, 1, pixels})}, {torch::zeros({3, 1, pixels})}};
  for (int64_t i = 0; i < pixels; ++i) {
    const double angle = degrees[static_cast<size_t>(i)] * M_PI / 180;
    images.predictions[0][0][0][i] = std::sin(angle);
    images.predictions[0][2][0][i] = -std::cos(angle);
    images.labels[0][2][0][i] = -1;
  }
  return images;
}

double median_of(const Images& images) {
  return by_name(measured(metrics_of("tasuki/Normals"), images)).at("median");
}

TEST(TaskMetrics, MedianOfAnEvenNumberOfNormalsIsTheMidpoint) {
  constexpr double kRounding = 1e-4;  // of the angles, in degrees
  EXPECT_NEAR(median_of(normals_off_by({40})), 40, kRounding);
  EXPECT_NEAR(median_of(normals_off_by({10, 20})), 15, kRounding);
  EXPECT_NEAR(median_of(normals_off_by({90, 10, 20})), 20, kRounding);
  EXPECT_NEAR(median_of(normals_off_by({0, 0, 0, 5})), 0, kRounding);
  EXPECT_NEAR(median_of(normals_off_by({0, 0, 30, 50})), 15, kRounding);
  EXPECT_NEAR(median_of(normals_off_by({12.3411, 12.3489})), 12.345, kRounding);  // of one bin
  EXPECT_NEAR(median_of(normals_off_by({180, 180, 180})), 180, kRounding);
  // Over several images, in the order of their angles and not of the images.
  const Images first = normals_off_by({10, 60}), second = normals_off_by({20, 30});
  EXPECT_NEAR(median_of({{first.predictions[0], second.predictions[0]},
                         {first.labels[0], second.labels[0]}}),
              25, kRounding);
}

TEST(TaskMetrics, AllErrorsOfPerfectNormalsAreExactlyZero) {
  const Images images = random_normals(3, 60, 70);
  const auto values =
      by_name(measured(metrics_of("tasuki/Normals"), {images.labels, images.labels}));
  for (const char* name : {"mean", "median", "rmse"}) EXPECT_EQ(values.at(name), 0) << name;
}

TEST(TaskMetrics, ImageAveragingIsTheMeanOfTheImages) {
  for (auto one : all_cases()) {
    SCOPED_TRACE(one.name);
    // An image without a valid pixel changes nothing.
    const bool disparity = std::string(one.name) == "tasuki/Disparity";
    const bool index = one.images.labels[0].scalar_type() == torch::kLong;
    one.images.predictions.push_back(one.images.predictions[0]);
    one.images.labels.push_back(
        torch::full_like(one.images.labels[0], index || disparity ? -1 : 0));
    std::map<std::string, double> expected;
    for (size_t i = 0; i < 3; ++i) {
      const Images image{{one.images.predictions[i]}, {one.images.labels[i]}};
      for (const auto& [name, value] :
           by_name(measured(metrics_of(one.name, one.options), image))) {
        expected[name] += value / 3;
      }
    }
    const auto averaged = measured(metrics_of(one.name, one.options, IMAGE), one.images);
    expect_equal(by_name(averaged), expected, 1e-9);
    EXPECT_EQ(averaged.details()["averaging"], "IMAGE");
    EXPECT_EQ(averaged.details()["images_without_valid_pixels"], 1);
  }
}

TEST(TaskMetrics, OfNothingAreNotANumber) {
  for (const auto& one : all_cases()) {
    for (const auto& [name, value] : by_name(metrics_of(one.name, one.options))) {
      EXPECT_TRUE(std::isnan(value)) << one.name << " " << name;
    }
  }
}

TEST(TaskMetrics, RefuseWhatIsNotFinite) {
  for (const auto& one : all_cases()) {
    if (one.images.labels[0].scalar_type() == torch::kLong) continue;
    auto prediction = one.images.predictions[0].clone();
    prediction.select(0, 0)[2][3] = std::numeric_limits<float>::infinity();
    auto metrics = metrics_of(one.name, one.options);
    EXPECT_THAT(error_of([&] { metrics.accumulate(prediction, one.images.labels[0]); }),
                HasSubstr("prediction is inf at (x 3, y 2, channel 0)"));
    EXPECT_EQ(metrics.details()["images"], 0);
  }
}

TEST(SegmentationMetrics, RefuseValuesThatAreNoClass) {
  auto metrics = metrics_of("tasuki/Segmentation", "classes: 3");
  const auto fine = torch::zeros({2, 2}, torch::kLong);
  auto wrong = fine.clone();
  wrong[1][0] = 3;
  EXPECT_THAT(error_of([&] { metrics.accumulate(wrong, fine); }),
              HasSubstr("prediction 3 at (x 0, y 1) is no class: classes are 0..2"));
  EXPECT_THAT(error_of([&] { metrics.accumulate(fine, wrong); }),
              HasSubstr("label 3 at (x 0, y 1)"));
}

TEST(SegmentationMetrics, AbsentClassesDoNotCount) {
  auto metrics = metrics_of("tasuki/Segmentation", "classes: 3", PIXEL, {"bed", "lamp", "wall"});
  metrics.accumulate(torch::tensor(std::vector<int64_t>{0, 0, 2, 2}).view({2, 2}),
                     torch::tensor(std::vector<int64_t>{0, 2, 2, -1}).view({2, 2}));
  EXPECT_NEAR(by_name(metrics)["miou"], 0.5, 1e-12);
  EXPECT_NEAR(by_name(metrics)["pixel_acc"], 2.0 / 3, 1e-12);
  const auto details = metrics.details();
  EXPECT_EQ(details["confusion"], nlohmann::json::parse("[[1,0,0],[0,0,0],[1,0,1]]"));
  EXPECT_EQ(details["absent_classes"], nlohmann::json::parse(R"(["lamp"])"));
  EXPECT_EQ(details["per_class_iou"], nlohmann::json::parse("[0.5,null,0.5]"));
  EXPECT_EQ(details["class_names"][1], "lamp");
  EXPECT_EQ(details["averaging"], "PIXEL");
}

TEST(SegmentationMetrics, VoidIsNotCountedAsWrong) {
  const auto truth = torch::arange(100).remainder(4).view({10, 10});
  auto label = truth.clone();
  label.view(-1).slice(0, 0, 15).fill_(-1);
  auto metrics = metrics_of("tasuki/Segmentation", "classes: 4");
  metrics.accumulate(truth, label);
  EXPECT_EQ(by_name(metrics)["pixel_acc"], 1);
  EXPECT_EQ(by_name(metrics)["miou"], 1);
}

TEST(DepthMetrics, ClampNegativePredictions) {
  auto metrics = metrics_of("tasuki/Depth", "min_depth: 0.5 max_depth: 4");
  metrics.accumulate(torch::tensor({-3.0f, 9.0f}).view({1, 1, 2}),
                     torch::tensor({1.0f, 2.0f}).view({1, 1, 2}));
  auto values = by_name(metrics);
  EXPECT_NEAR(values["abs_err"], (0.5 + 2) / 2, 1e-12);
  EXPECT_NEAR(values["rmse_log"], std::log(2.0), 1e-12);
  EXPECT_EQ(values["delta1"], 0);
  EXPECT_EQ(metrics.details()["max_depth"], 4);
}

TEST(DepthMetrics, LabelsOutsideTheRangeAreCountedAndNotEvaluated) {
  auto metrics = metrics_of("tasuki/Depth", "min_depth: 0.5 max_depth: 80");
  // A sky of 655.35 m, the range's ends, something too near, one without a label, and two that
  // count.
  const auto label = torch::tensor({655.35f, 80.0f, 0.5f, 0.2f, 0.0f, 2.0f, 40.0f}).view({1, 1, 7});
  metrics.accumulate(label + 1, label);
  auto values = by_name(metrics);
  EXPECT_NEAR(values["abs_err"], 1, 1e-12);
  EXPECT_NEAR(values["abs_rel"], (1 / 2.0 + 1 / 40.0) / 2, 1e-12);
  const auto details = metrics.details();
  EXPECT_EQ(details["valid_pixels"], 2);
  EXPECT_EQ(details["out_of_range_pixels"], 4);
  EXPECT_NEAR(details["out_of_range_share"], 4 / 6.0, 1e-12);
  EXPECT_EQ(details["range"], "0.5 to 80 m");
}

TEST(DepthMetrics, LabelsAsPredictionsArePerfect) {
  for (const auto averaging : {PIXEL, IMAGE}) {
    auto metrics = metrics_of("tasuki/Depth", "", averaging);
    const auto label = torch::rand({1, 8, 9}) * 30;
    metrics.accumulate(label, label);
    metrics.accumulate(label + 100, label + 100);  // an image without a label that counts
    for (const auto& [name, value] : by_name(metrics)) {
      EXPECT_EQ(value, name.starts_with("delta") ? 1 : 0) << name;
    }
    EXPECT_EQ(metrics.details()["images_without_valid_pixels"], 1);
  }
}

TEST(NormalMetrics, AreExactAtSmallAnglesAndForAnyLength) {
  constexpr double kAngle = 0.005;  // degrees; acos in float32 would give 0 or 0.02
  const double radians = kAngle * M_PI / 180;
  const auto label = torch::tensor({0.0f, 0.0f, -1.0f}).view({3, 1, 1});
  for (const double length : {1e-20, 1.0, 1e18}) {
    const auto prediction =
        (torch::tensor({std::sin(radians), 0.0, -std::cos(radians)}, torch::kDouble) * length)
            .to(torch::kFloat)
            .view({3, 1, 1});
    auto metrics = metrics_of("tasuki/Normals");
    metrics.accumulate(prediction, label);
    EXPECT_NEAR(by_name(metrics)["mean"], kAngle, 1e-7) << length;
  }
}

TEST(NormalMetrics, AreThoseOfTheArcTangentAllAround) {
  const auto label = torch::tensor({0.0f, 0.0f, -1.0f}).view({3, 1, 1});
  for (double degrees = 0; degrees <= 180; degrees += 0.37) {
    const double radians = degrees * M_PI / 180;
    const std::vector<float> normal = {static_cast<float>(std::sin(radians)), 0,
                                       static_cast<float>(-std::cos(radians))};
    auto metrics = metrics_of("tasuki/Normals");
    metrics.accumulate(torch::tensor(normal).view({3, 1, 1}), label);
    EXPECT_NEAR(by_name(metrics)["rmse"], degrees, 2e-5);
    EXPECT_NEAR(by_name(metrics)["mean"], std::atan2(normal[0], -normal[2]) * 180 / M_PI, 2e-5);
  }
}

TEST(NormalMetrics, AZeroVectorIsNinetyDegreesOff) {
  auto metrics = metrics_of("tasuki/Normals");
  metrics.accumulate(torch::zeros({3, 1, 1}), torch::tensor({0.6f, 0.0f, -0.8f}).view({3, 1, 1}));
  EXPECT_EQ(by_name(metrics)["mean"], 90);
  EXPECT_EQ(by_name(metrics)["within_30"], 0);
}

TEST(NormalMetrics, CountNormalsWhoseComponentsSumToZero) {
  auto metrics = metrics_of("tasuki/Normals");
  const auto label = torch::tensor({0.70710678f, -0.70710678f, 0.0f}).view({3, 1, 1});
  metrics.accumulate(-label, label);
  EXPECT_EQ(metrics.details()["valid_pixels"], 1);
  EXPECT_NEAR(by_name(metrics)["mean"], 180, 1e-4);
}

TEST(DisparityMetrics, OutliersAreBothThreePixelsAndFivePercentOff) {
  auto metrics = metrics_of("tasuki/Disparity");
  // Off by 4 px of 10, 4 px of 100, 2 px of 10, 7 px of 0; the last has no label.
  metrics.accumulate(torch::tensor({14.0f, 104.0f, 12.0f, 7.0f, 50.0f}).view({1, 1, 5}),
                     torch::tensor({10.0f, 100.0f, 10.0f, 0.0f, -1.0f}).view({1, 1, 5}));
  EXPECT_EQ(by_name(metrics)["d1"], 0.5);
  EXPECT_EQ(by_name(metrics)["abs_err"], 17.0 / 4);
}

}  // namespace
}  // namespace tasuki::tests
