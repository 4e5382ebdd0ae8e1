#include "core/engine/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/core/engine/tiny_run.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal(const std::vector<std::string>& assignments) {
  try {
    build_experiment(testing::tiny_config(assignments), "");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "nothing refused";
}

TEST(BuildExperiment, AsksForTheFieldsOfItsTasksOnly) {
  const auto all = build_experiment(testing::tiny_config(), "");
  EXPECT_THAT(all.fields(), ElementsAre("image", "seg", "depth", "normal"));
  const auto one = build_experiment(
      testing::tiny_config({"model.task=[]", "model.task[far].kind=[tasuki/Depth]{}",
                            "model.task[far].field=depth",
                            "model.task[far].decoder=[tasuki/FCNHead]{}"}),
      "");
  EXPECT_THAT(one.fields(), ElementsAre("image", "depth"));
  EXPECT_EQ(one.dataset->class_names("seg").size(), 13u);
}

TEST(BuildExperiment, SplitsAreThoseOfTheDataSet) {
  EXPECT_THAT(refusal({"data.train_split=trian"}),
              HasSubstr("data.train_split: the data set has no split \"trian\" (did you mean "
                        "\"train\"?)"));
  EXPECT_THAT(refusal({"data.validation_split=dev"}), HasSubstr("it has: train, val, test"));
  const auto experiment = build_experiment(testing::tiny_config({"data.test_split=none"}), "");
  EXPECT_THROW(experiment.source("none", Experiment::Pipeline::kEvaluate), Error);
}

TEST(BuildExperiment, NeverChoosesTheBestOnTheTestSplit) {
  EXPECT_THAT(refusal({"data.validation_split=test"}),
              HasSubstr("data.validation_split: the best checkpoint is never chosen on a split "
                        "called test"));
}

TEST(BuildExperiment, LabelsMustBeThereAndOfTheTasksKind) {
  EXPECT_THAT(refusal({"model.task[depth].field=dpeth"}),
              HasSubstr("model.task[depth].field: samples of split train have no field \"dpeth\" "
                        "(did you mean \"depth\"?)"));
  EXPECT_THAT(refusal({"model.task[depth].field=seg"}),
              HasSubstr("field \"seg\" is not of kind tasuki/depth"));
}

TEST(BuildExperiment, MissingPartsAreLocated) {
  EXPECT_THAT(refusal({"data.train_pipeline[0].scale=[0.5]"}), HasSubstr("data.train_pipeline[0]"));
  EXPECT_THAT(refusal({"model.task[seg].kind.classes=7"}),
              HasSubstr("model.task[seg].kind.classes"));
  try {
    build_dataset(parse_config("name: \"x\"", "x.pbtxt"), "");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("data.dataset"));
  }
}

TEST(BuildExperiment, LoaderOptionsDifferByPipeline) {
  const auto experiment = build_experiment(
      testing::tiny_config(
          {"data.loader={batch_size:3 eval_batch_size:5 workers:1}", "train.seed=8"}),
      "");
  const auto train = experiment.loader_options(Experiment::Pipeline::kTrain);
  const auto evaluate = experiment.loader_options(Experiment::Pipeline::kEvaluate);
  EXPECT_EQ(train.batch_size, 3u);
  EXPECT_EQ(evaluate.batch_size, 5u);
  EXPECT_TRUE(train.shuffle && train.drop_last);
  EXPECT_FALSE(evaluate.shuffle || evaluate.drop_last);
  EXPECT_EQ(train.seed, 8u);
  EXPECT_EQ(train.workers, 1u);
}

TEST(BuildInference, NeedsNoDataSet) {
  const torch::NoGradGuard no_grad;
  const auto experiment = build_inference(testing::tiny_config({"data={}"}));
  EXPECT_EQ(experiment.dataset, nullptr);
  experiment.model->eval();
  const auto logits =
      experiment.model->forward(torch::zeros({1, 3, 16, 24}), experiment.model->primaries());
  EXPECT_EQ(logits.at("seg").sizes(), (std::vector<int64_t>{1, 13, 16, 24}));
}

TEST(BuildInference, DrawsTheWeightsFromTheSeed) {
  const auto weight = [](const std::string& seed) {
    return build_inference(testing::tiny_config({"train.seed=" + seed})).model->parameters()[0];
  };
  EXPECT_TRUE(weight("1").equal(weight("1")));
  EXPECT_FALSE(weight("1").equal(weight("2")));
}

}  // namespace
}  // namespace tasuki
