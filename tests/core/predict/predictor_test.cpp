#include "tasuki/predict/predictor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/evaluate.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TinyRun;

const std::vector<std::string> kViews = {
    "inference={sliding_window{height:24 width:24} flip:true scale:[1,1.5]}"};

// What evaluation predicts for the first validation sample, and that sample's image as its file
// would have it.
struct Evaluated {
  std::map<std::string, cv::Mat> predictions;
  cv::Mat image;
};

Evaluated evaluated(const Experiment& experiment) {
  Evaluated found;
  const auto source = experiment.source("val", Experiment::Pipeline::kEvaluate);
  evaluate(experiment, *source,
           [&](const PredictedSample& sample) { found.predictions = sample.predictions; }, {0});
  found.image = experiment.dataset->load("val", 0).fields.at("image").value;
  return found;
}

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.type() == b.type() && a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

// Figures and predictions can't differ: both are of the same networks by the same views.
TEST(Predictor, PredictsWhatEvaluationMeasures) {
  for (const auto& assignments : {std::vector<std::string>{}, kViews}) {
    const auto experiment = build_experiment(testing::tiny_config([&] {
                                               auto all = assignments;
                                               all.push_back("data.loader.eval_batch_size=1");
                                               return all;
                                             }()),
                                             "");
    const auto expected = evaluated(experiment);
    const Predictor predictor(experiment, inference_of(experiment.config));
    const auto prediction = predictor(expected.image);
    EXPECT_THAT(prediction.tasks(), ElementsAre("seg", "depth", "normal"));
    for (const auto& [task, values] : expected.predictions) {
      EXPECT_TRUE(equal(prediction[task].values(), values)) << task;
    }
  }
}

TEST(Predictor, ReadsACheckpoint) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder / "run");
  tiny.train();
  EXPECT_EQ(tiny.run.best(), folder / "run" / kBestFile);
  const Predictor predictor(tiny.run.best());
  const auto expected =
      evaluated(build_evaluation(testing::tiny_config(), "", "val", {tiny.run.best()}));
  const auto prediction = predictor(expected.image);
  EXPECT_EQ(prediction["depth"].values().type(), CV_32FC1);
  EXPECT_TRUE(equal(prediction["seg"].values(), expected.predictions.at("seg")));
  EXPECT_EQ(prediction["normal"].picture().type(), CV_8UC3);
  const auto files = prediction["depth"].write(folder / "depth");
  ASSERT_FALSE(files.empty());
  EXPECT_TRUE(std::filesystem::exists(files[0]));
  const Predictor windows(tiny.run.best(), SlidingWindow{.size = {16, 16}});
  EXPECT_FALSE(equal(windows(expected.image)["depth"].values(), prediction["depth"].values()));
}

TEST(Predictor, TakesImagesOfAnySize) {
  const auto experiment = build_experiment(testing::tiny_config(), "");
  const Predictor predictor(experiment, {.window = SlidingWindow{{24, 24}}, .flip = true});
  cv::Mat image(61, 35, CV_8UC3);
  cv::randu(image, 0, 255);
  const auto prediction = predictor(image);
  for (const auto& task : prediction.tasks()) {
    EXPECT_EQ(prediction[task].values().size(), image.size()) << task;
  }
}

template <class Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

TEST(Predictor, RefusesWhatIsNoImage) {
  const auto experiment = build_experiment(testing::tiny_config(), "");
  const Predictor predictor(experiment, {});
  EXPECT_THAT(refusal([&] { predictor(cv::Mat()); }), HasSubstr("the image: has no pixel"));
  EXPECT_THAT(refusal([&] { predictor(cv::Mat(8, 8, CV_8UC1), "grey.png"); }),
              HasSubstr("grey.png: is not of 8 bits and three channels"));
  const auto prediction = predictor(cv::Mat(8, 8, CV_8UC3, cv::Scalar()));
  EXPECT_THAT(refusal([&] { prediction["dept"]; }),
              HasSubstr("no task \"dept\" was predicted (did you mean \"depth\"?); there are: "));
}

TEST(Predictor, LeavesANetworkThatTrainsInTraining) {
  const auto experiment = build_experiment(testing::tiny_config(), "");
  experiment.model->train();
  const Predictor predictor(experiment, {});
  predictor(cv::Mat(32, 40, CV_8UC3, cv::Scalar()));
  EXPECT_TRUE(experiment.model->is_training());
}

}  // namespace
}  // namespace tasuki
