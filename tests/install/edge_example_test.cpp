// Loss and metric of docs/examples/edge_plugin, against closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "acme/edge_counts.h"
#include "acme/edge_loss.h"
#include "tasuki/error/error.h"
#include "tasuki/model/streaming_metric.h"

namespace acme {
namespace {

torch::Tensor row(std::vector<double> values) {
  const auto width = static_cast<int64_t>(values.size());
  return torch::tensor(values, torch::kDouble).view({1, 1, 1, width});
}

double log_sigmoid(double x) {
  return -std::log1p(std::exp(-x));
}

TEST(EdgeLoss, IsTheFormulaWithTheWeightOfTheBatch) {
  // Four valid pixels, one of them an edge: beta = 3/4.
  const auto loss = edge_loss(row({2, -1, 0.5, 3, 9}), row({1, 0, 0, 0, -1}), std::nullopt).mean();
  const double expected =
      -(0.75 * log_sigmoid(2) + 0.25 * (log_sigmoid(1) + log_sigmoid(-0.5) + log_sigmoid(-3))) / 4;
  EXPECT_NEAR(loss.item<double>(), expected, 1e-12);
}

TEST(EdgeLoss, TakesAGivenWeightAndSoftLabels) {
  const auto loss = edge_loss(row({1}), row({0.25}), 0.9).mean();
  const double expected = -(0.9 * 0.25 * log_sigmoid(1) + 0.1 * 0.75 * log_sigmoid(-1));
  EXPECT_NEAR(loss.item<double>(), expected, 1e-12);
}

TEST(EdgeLoss, IsZeroWithZeroGradientWithoutAValidPixel) {
  auto logits = row({100, -100}).requires_grad_(true);
  const auto loss = edge_loss(logits, row({-1, -1}), std::nullopt).mean();
  loss.backward();
  EXPECT_EQ(loss.item<double>(), 0);
  EXPECT_EQ(logits.grad().abs().sum().item<double>(), 0);
}

TEST(EdgeLoss, GradientsAgreeWithDifferences) {
  const auto label = row({1, 0, 0.5, -1});
  auto logits = row({0.3, -0.7, 1.1, 0.2}).requires_grad_(true);
  edge_loss(logits, label, std::nullopt).mean().backward();
  for (int64_t i = 0; i < 4; ++i) {
    const auto step = torch::zeros_like(label).index_fill(3, torch::tensor(i), 1e-5);
    const auto up = edge_loss(logits.detach() + step, label, std::nullopt).mean();
    const auto down = edge_loss(logits.detach() - step, label, std::nullopt).mean();
    EXPECT_NEAR(logits.grad().view(-1)[i].item<double>(), (up - down).item<double>() / 2e-5, 1e-8);
  }
}

TEST(EdgeCounts, FindsTheBestThreshold) {
  EdgeCounts counts;
  for (const float p : {0.9f, 0.8f, 0.3f}) counts.add(p, 1);
  for (const float p : {0.6f, 0.2f, 0.1f, 0.05f}) counts.add(p, 0);
  // At 0.3: 3 hits, 1 false alarm, none missed. Stricter: 2 hits, 1 missed, F1 = 4/5.
  const auto best = counts.best();
  EXPECT_DOUBLE_EQ(best.f1, 6.0 / 7);
  EXPECT_DOUBLE_EQ(best.precision, 0.75);
  EXPECT_DOUBLE_EQ(best.recall, 1);
  EXPECT_GT(best.threshold, 0.2);
  EXPECT_LE(best.threshold, 0.3);
}

using EdgeMetric = tasuki::StreamingMetric<EdgeCounts>;

EdgeMetric metric(tasuki::Averaging averaging) {
  return {EdgeCounts(), EdgeCounts::infos(), averaging};
}

TEST(EdgeMetric, AveragesOverPixelsOrImages) {
  const auto image = [](std::vector<double> values) { return row(values).squeeze(0); };
  EdgeMetric by_pixel = metric(tasuki::PIXEL), by_image = metric(tasuki::IMAGE);
  EXPECT_TRUE(std::isnan(by_pixel.values()[0].value));
  for (auto* metrics : {&by_pixel, &by_image}) {
    metrics->accumulate(image({0.9, 0.5, 0.7}), image({1, 0, -1}));  // best F1 1, above 0.5
    metrics->accumulate(image({0.4, 0.1, 0.5}), image({1, 0, 0}));   // best F1 2/3
  }
  EXPECT_DOUBLE_EQ(by_image.values()[0].value, (1 + 2.0 / 3) / 2);
  // All pixels: 0.9 and 0.4 are edges, 0.5 twice and 0.1 are not; 0.9 alone gives 2/3, as does
  // everything above 0.1.
  EXPECT_DOUBLE_EQ(by_pixel.values()[0].value, 2.0 / 3);
}

TEST(EdgeMetric, RefusesWhatIsNotFinite) {
  EdgeMetric metrics = metric(tasuki::PIXEL);
  const auto bad = torch::full({1, 1, 1}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THROW(metrics.accumulate(bad, torch::zeros({1, 1, 1})), tasuki::Error);
}

}  // namespace
}  // namespace acme
