#include "tasuki/engine/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/precision.h"
#include "tests/core/engine/tiny_run.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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
  for (const auto pipeline : {Experiment::Pipeline::kTrain, Experiment::Pipeline::kEvaluate}) {
    EXPECT_THAT(all.fields(pipeline), ElementsAre("image", "seg", "depth", "normal"));
  }
  const auto one = build_experiment(
      testing::tiny_config({"model.task=[]", "model.task[far].kind=[tasuki/Depth]{}",
                            "model.task[far].field=depth",
                            "model.task[far].decoder=[tasuki/FCNHead]{}"}),
      "");
  EXPECT_THAT(one.fields(Experiment::Pipeline::kTrain), ElementsAre("image", "depth"));
  EXPECT_EQ(one.dataset->class_names("seg").size(), 13u);
}

// A task that is a source only has no predictions to evaluate.
TEST(BuildExperiment, AsksForASourcesLabelsInTrainingOnly) {
  const std::vector<std::string> sources = {
      "model.task[seg].joint=false", "model.task[normal].joint=false", testing::kNormalToDepth};
  const auto experiment = build_experiment(testing::tiny_config(sources), "");
  EXPECT_THAT(experiment.fields(Experiment::Pipeline::kTrain),
              ElementsAre("image", "depth", "normal"));
  EXPECT_THAT(experiment.fields(Experiment::Pipeline::kEvaluate), ElementsAre("image", "depth"));
  const auto source = experiment.source("train", Experiment::Pipeline::kTrain);
  EXPECT_EQ(source->get(0, 0).fields.count("normal"), 1u);

  auto missing = sources;
  missing.push_back("model.task[normal].field=normla");
  EXPECT_THAT(refusal(missing),
              HasSubstr("model.task[normal].field: samples of split train have no field "
                        "\"normla\" (did you mean \"normal\"?)"));
  EXPECT_NO_THROW(build_evaluation(testing::tiny_config(missing), ""));
}

TEST(BuildExperiment, LocatesWhatTheMachineHasNot) {
  if (!torch::cuda::is_available()) {
    EXPECT_THAT(refusal({"train.device=CUDA"}),
                StartsWith("--set train.device=CUDA: train.device: CUDA is asked for"));
  }
  if (!bf16_is_native(torch::kCPU)) {
    EXPECT_THAT(refusal({"train.device=CPU", "train.precision=BF16"}),
                StartsWith("--set train.precision=BF16: train.precision: BF16 would be"));
  }
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

TEST(BuildExperiment, TheFirstSamplesErrorsAreLocated) {
  try {
    build_experiment(
        testing::tiny_config({"data.eval_pipeline[0]=[tasuki/NormalsFromDepth]{depth:\"dpeth\"}"}),
        "");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("(split val, index 0), transform 1 of 1: "));
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"depth\"?"));
  }
}

TEST(BuildExperiment, ItsSourcesShareOneCache) {
  // 256 x 128 pixels of 3 + 4 + 4 + 12 bytes are 0.7 MiB: there is room for one sample.
  const auto experiment =
      build_experiment(testing::tiny_config({"data.loader.cache_mib=1", "data.dataset.height=256",
                                             "data.dataset.width=128"}),
                       "");
  const auto first = experiment.source("train", Experiment::Pipeline::kTrain);
  const auto second = experiment.source("val", Experiment::Pipeline::kEvaluate);
  first->get(0, 0);
  second->get(0, 0);
  EXPECT_EQ(first->cache_state().samples, 1u);
  EXPECT_EQ(second->cache_state().samples, 0u);
}

TEST(BuildEvaluation, NeedsItsOwnSplitAlone) {
  const auto config = testing::tiny_config({"data.train_split=gone", "data.validation_split=gone"});
  EXPECT_EQ(build_evaluation(config, "").test_split(), "test");
  const auto experiment = build_evaluation(config, "", "val");
  EXPECT_EQ(experiment.source("val", Experiment::Pipeline::kEvaluate)->size(), 3u);
  EXPECT_EQ(experiment.model->tasks().size(), 3u);
}

TEST(BuildEvaluation, SaysWhoNamedAnUnknownSplit) {
  const auto message = [](const std::vector<std::string>& assignments, const std::string& split) {
    try {
      build_evaluation(testing::tiny_config(assignments), "", split);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  const std::string problem =
      "the data set has no split \"tset\" (did you mean \"test\"?); it has: train, val, test";
  EXPECT_THAT(message({"data.test_split=tset"}, ""), HasSubstr("data.test_split: " + problem));
  EXPECT_EQ(message({}, "tset"), problem);
  EXPECT_THAT(message({"data.test_split=tset"}, "val"), "nothing refused");
}

TEST(BuildEvaluation, LooksAtTheTasksFieldsInItsSplit) {
  const auto config = testing::tiny_config({"model.task[depth].field=dpeth"});
  try {
    build_evaluation(config, "", "val");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("model.task[depth].field: samples of split val have no field \"dpeth\""));
  }
}

// They are there in training only.
TEST(BuildEvaluation, HasNoSelfAuxiliaries) {
  const auto config = testing::tiny_config({testing::kNormalToDepth});
  EXPECT_EQ(build_experiment(config, "").model->objectives().size(), 4u);
  EXPECT_EQ(build_evaluation(config, "").model->objectives().size(), 3u);
  EXPECT_EQ(build_inference(config).model->objectives().size(), 3u);
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
