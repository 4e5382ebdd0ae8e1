// Losses and metrics as a config has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/config/config.h"
#include "tasuki/loader/batch.h"
#include "tasuki/model/model_task.h"
#include "tasuki/registry/plugin_any.h"
#include "tests/plugins/losses/losses.h"

namespace tasuki::tests {
namespace {

using ::testing::HasSubstr;

ModelTask task_of(const std::string& parts) {
  const auto config =
      parse_config("model { task { name: \"t\" field: \"y\" " + parts + " } }", "task.pbtxt");
  return std::move(
      build_tasks(config, [](const std::string&) { return std::vector<std::string>(); }).front());
}

std::string refusal(const std::string& parts) {
  try {
    task_of(parts);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const std::string kDepth = "kind { [tasuki/Depth] {} }\n";

double loss_of(const ModelTask& task, const torch::Tensor& p, const torch::Tensor& y) {
  return task.loss(p, Batch{{{"y", y}}, {}, 0}).item<double>();
}

TEST(TaskLosses, AreSummedWithTheirWeights) {
  const auto p = doubles({1, 4}, {1, 1, 1, 2}), y = doubles({2, 7}, {1, 1, 1, 2});
  const auto task = task_of(kDepth +
                            "loss { kind { [tasuki/L1Loss] {} } }"
                            "loss { weight: 0.5 kind { [tasuki/L2Loss] {} } }");
  EXPECT_EQ(loss_of(task, p, y), 2 + 0.5 * 5);
  EXPECT_EQ(task.losses[1].name, "tasuki/L2Loss");
  EXPECT_EQ(loss_of(task_of(kDepth), p, y), 2);
}

// Sums and counts of two batches, added before they are divided, are those of both in one.
TEST(TaskLosses, OfPartsOfABatchAreThoseOfTheWhole) {
  torch::manual_seed(3);
  const auto p = torch::rand({5, 1, 6, 7}, torch::kDouble) * 5;
  auto y = torch::rand({5, 1, 6, 7}, torch::kDouble) * 5;
  y[0].zero_();  // an image without labels
  const auto task = task_of(kDepth +
                            "loss { kind { [tasuki/SILogLoss] {} } }"
                            "loss { weight: 3 kind { [tasuki/HuberLoss] {} } }"
                            "loss { kind { [tasuki/GradientMatchingLoss] {} } }");
  EXPECT_EQ(task.batch_wide_loss(), "");
  const auto sums = [&](int64_t from, int64_t count) {
    return task.loss_sums(p.narrow(0, from, count),
                          Batch{{{"y", y.narrow(0, from, count)}}, {}, 0});
  };
  auto parts = sums(0, 2);
  const auto rest = sums(2, 3);
  for (size_t i = 0; i < parts.size(); ++i) parts[i] = parts[i] + rest[i];
  EXPECT_NEAR(task.total(parts).item<double>(), loss_of(task, p, y), 1e-12);
}

TEST(TaskLosses, SayWhichOfThemIsOfTheWholeBatch) {
  EXPECT_EQ(task_of("kind { [tasuki/Depth] { loss: BERHU } }").batch_wide_loss(),
            "tasuki/BerHuLoss");
}

TEST(TaskLosses, SeeTheActivatedPrediction) {
  const auto x = doubles({-3, 0, 50}, {1, 1, 1, 3}), y = doubles({1, 1, 1}, {1, 1, 1, 3});
  const auto task = task_of("kind { [tasuki/InverseDepth] { activation: SOFTPLUS } }");
  const auto value = task.task->predict(x);
  EXPECT_NEAR(value[0][0][0][0].item<double>(), std::log1p(std::exp(-3.0)), 1e-12);
  EXPECT_NEAR(value[0][0][0][2].item<double>(), 50, 1e-12);
  EXPECT_NEAR(loss_of(task, x, y), (value - y).abs().mean().item<double>(), 1e-12);
}

TEST(TaskLosses, MistakesHaveTheirPlace) {
  EXPECT_THAT(refusal(kDepth + "loss { kind { [tasuki/HuberLoss] { delta: -1 } } }"),
              HasSubstr("task.pbtxt:2:36: model.task[t].loss[0].kind.delta: must be above 0"));
  EXPECT_THAT(refusal(kDepth + "loss { kind { [tasuki/CrossEntropyLoss] {} } }"),
              HasSubstr("model.task[t].loss[0].kind: CrossEntropyLoss compares logits with"));
  EXPECT_THAT(refusal(kDepth + "loss { weight: 0 kind { [tasuki/L1Loss] {} } }"),
              HasSubstr("task.pbtxt:2:8: model.task[t].loss[0].weight: must be above 0"));
  EXPECT_THAT(refusal(kDepth + "loss { weight: 2 }"),
              HasSubstr("model.task[t].loss[0].kind: no Loss is named here"));
  EXPECT_THAT(refusal(kDepth + "loss { kind { [tasuki/DepthMetric] {} } }"),
              HasSubstr("\"tasuki/DepthMetric\" is of kind Metric, but the kind Loss"));
  EXPECT_THAT(refusal(kDepth + "loss { kind { [tasuki/HuberLos] {} } }"),
              HasSubstr("did you mean \"tasuki/HuberLoss\"?"));
}

TEST(TaskLosses, OfTheTaskAndOfItsKindAreNotMixed) {
  const std::string own = " loss { kind { [tasuki/L2Loss] {} } }";
  EXPECT_THAT(refusal("kind { [tasuki/Depth] { loss: SILOG } }" + own),
              HasSubstr("model.task[t].kind.loss: names a loss beside those of the task's own"));
  EXPECT_THAT(refusal("kind { [tasuki/Normals] { loss: COSINE } }" + own),
              HasSubstr("model.task[t].kind.loss: names a loss beside"));
  EXPECT_EQ(task_of("kind { [tasuki/Depth] {} }" + own).losses.size(), 1u);
}

TEST(TaskMetricsOfAConfig, ReplaceThoseOfTheKind) {
  const auto task = task_of(kDepth + "metric { [tasuki/DepthMetric] { max_depth: 80 } }");
  EXPECT_EQ(task.make_metrics().details()["max_depth"], 80);
  EXPECT_EQ(task_of(kDepth).make_metrics().details()["max_depth"], 10);
}

TEST(TaskMetricsOfAConfig, ThatMeasureTheSameAreRefused) {
  EXPECT_THAT(refusal(kDepth + "metric { [tasuki/DepthMetric] {} } "
                               "metric { [tasuki/DisparityMetric] {} }"),
              HasSubstr("model.task[t].metric: two metrics of task t measure \"abs_err\""));
  EXPECT_THAT(refusal(kDepth + "metric { [tasuki/MeanIoUMetric] {} }"),
              HasSubstr("model.task[t].metric[0]: MeanIoUMetric compares class indices"));
}

// A loss that weighs pixels by the image and looks at the epoch.
class BrightnessLoss final : public StepLoss {
 public:
  LossSum compute_in(const Batch& batch, const torch::Tensor& prediction,
                     const torch::Tensor& target) const override {
    const auto weight = batch.tensor("image").mean(1, true) + double(batch.epoch);
    return {((prediction - target).abs() * weight).sum(), weight.sum()};
  }
};

TEST(StepLoss, SeesTheBatch) {
  auto task = task_of(kDepth);
  task.losses.clear();
  task.losses.push_back({"test/BrightnessLoss", std::make_unique<BrightnessLoss>(), 1});
  const auto p = doubles({1, 4}, {1, 1, 1, 2}), y = doubles({2, 7}, {1, 1, 1, 2});
  Batch batch{{{"y", y}, {"image", torch::zeros({1, 3, 1, 2}, torch::kDouble)}}, {}, 1};
  batch.tensors["image"].select(3, 1).fill_(2);
  EXPECT_NEAR(task.loss(p, batch).item<double>(), (1 * 1 + 3 * 3) / 4.0, 1e-12);
  EXPECT_THROW(task.losses[0].loss->compute(p, y), c10::Error);
}

TEST(PluginAny, IsWhatTheConfigWouldSay) {
  const auto config = parse_config(
      "model { task { name: \"t\" loss { kind { [tasuki/SILogLoss] { over: BATCH lambda: 0.25 } } "
      "} } }",
      "any.pbtxt");
  const auto any = plugin_any("tasuki/SILogLoss", {{"over", "BATCH"}, {"lambda", 0.25}});
  EXPECT_EQ(any.type_url(), config.given().model().task(0).loss(0).kind().type_url());
  EXPECT_EQ(any.value(), config.given().model().task(0).loss(0).kind().value());
  EXPECT_THROW(plugin_any("tasuki/NoSuchLoss"), Error);
  EXPECT_THROW(plugin_any("tasuki/SILogLoss", {{"over", "EVERYTHING"}}), Error);
  EXPECT_THROW(plugin_any("tasuki/SILogLoss", {{"lambda", true}}), Error);
  EXPECT_THROW(plugin_any("tasuki/SILogLoss", {{"lamda", 0.5}}), Error);
}

}  // namespace
}  // namespace tasuki::tests
