#include "tasuki/engine/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/engine/report_builder.h"
#include "tasuki/engine/step_losses.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kFiveFrames = {"data.dataset.val_size=5"};

Experiment tiny_experiment(std::vector<std::string> assignments = {}) {
  assignments.insert(assignments.end(), kFiveFrames.begin(), kFiveFrames.end());
  return build_experiment(testing::tiny_config(assignments), "");
}

std::unique_ptr<SampleSource> validation(const Experiment& experiment) {
  return experiment.source("val", Experiment::Pipeline::kEvaluate);
}

Evaluation evaluate_tiny(const std::vector<std::string>& assignments) {
  const auto experiment = tiny_experiment(assignments);
  return evaluate(experiment, *validation(experiment));
}

TEST(Evaluate, DoesNotDependOnBatchSizeOrWorkers) {
  const auto one = evaluate_tiny({"data.loader.eval_batch_size=1", "data.loader.workers=0"});
  EXPECT_EQ(one.samples, 5u);
  EXPECT_EQ(one.split, "val");
  const auto expected = one.flat();
  ASSERT_TRUE(expected.count("seg.miou") && expected.count("depth.abs_rel") &&
              expected.count("normal.median"));
  for (const std::string size : {"2", "3", "5"}) {
    // Convolutions of another batch size may round differently in their last bit.
    for (const auto& [name, value] :
         evaluate_tiny({"data.loader.eval_batch_size=" + size}).flat()) {
      EXPECT_NEAR(value, expected.at(name), 1e-4 * std::max(1.0, std::abs(value)))
          << name << " with batches of " << size;
    }
  }
  EXPECT_EQ(evaluate_tiny({"data.loader.eval_batch_size=1", "data.loader.workers=2"}).flat(),
            expected);
}

TEST(Evaluate, LeavesTheModelsMode) {
  const auto experiment = tiny_experiment();
  const auto source = validation(experiment);
  for (const bool training : {true, false}) {
    experiment.model->train(training);
    const auto before = experiment.model->buffers().front().clone();
    evaluate(experiment, *source);
    EXPECT_EQ(experiment.model->is_training(), training);
    EXPECT_TRUE(experiment.model->buffers().front().equal(before));
  }
}

// What prediction makes of an image through a padding pipeline is what is evaluated of it.
TEST(Evaluate, SeesOfAPaddedImageWhatPredictionGives) {
  const auto experiment =
      tiny_experiment({"data.eval_pipeline=[{[tasuki/Pad]{divisor:48}},{[tasuki/Normalize]{}}]",
                       "data.loader.eval_batch_size=1"});
  const auto source = validation(experiment);
  const PredictionSink sink = [&](const PredictedSample& sample) {
    const auto prepared = source->get(0, sample.info.index);
    const auto content = prepared.content();
    ASSERT_LT(content.height, prepared.size().height);
    const auto image = collate({prepared}, {0}, {"image"}).tensor("image");
    const auto logits = experiment.logits(image, content, {32, 40});
    for (const auto* task : experiment.tasks()) {
      const auto& kind = field_kind(task->task->field_kind());
      const auto predicted = to_mat(task->task->predict(logits.at(task->name))[0], kind);
      const auto evaluated = sample.predictions.at(task->name)(content);
      EXPECT_EQ(cv::norm(predicted, evaluated, cv::NORM_INF), 0) << task->name;
    }
  };
  evaluate(experiment, *source, sink);
}

TEST(Evaluate, ProtocolMetricsAreTheConfigs) {
  const auto protocol = [](const std::vector<std::string>& assignments) {
    const auto evaluation = evaluate_tiny(assignments);
    std::vector<std::string> names;
    for (const auto& task : evaluation.tasks) {
      for (const auto& value : task.values) {
        if (value.info.in_protocol) names.push_back(task.task + "." + value.info.name);
      }
    }
    return names;
  };
  EXPECT_THAT(protocol({"protocol.metric=[\"depth.rmse\", \"seg.miou\"]"}),
              ::testing::ElementsAre("seg.miou", "depth.rmse"));
  EXPECT_THAT(protocol({}), ::testing::Contains("normal.within_30"));
}

TEST(Evaluate, JsonSaysWhatTheFiguresMean) {
  const auto experiment = tiny_experiment(
      {"protocol={name:\"P\" averaging:IMAGE note:\"remark\" metric:\"seg.miou\"}"});
  const auto evaluation = evaluate(experiment, *validation(experiment));
  const auto json = evaluation.json(experiment.config);
  EXPECT_EQ(json["split"], "val");
  EXPECT_EQ(json["samples"], 5);
  EXPECT_EQ(json["protocol"]["name"], "P");
  EXPECT_EQ(json["protocol"]["averaging"], "IMAGE");
  EXPECT_EQ(json["protocol"]["notes"], nlohmann::json::array({"remark"}));
  EXPECT_EQ(json["protocol"]["metrics"], nlohmann::json::array({"seg.miou"}));
  EXPECT_EQ(json["tasks"]["seg"]["metrics"]["miou"], evaluation.flat().at("seg.miou"));
  EXPECT_EQ(json["tasks"]["seg"]["confusion"].size(), 13u);
}

TEST(Evaluate, GivesTheSinkTheWantedSamples) {
  const auto experiment = tiny_experiment();
  const auto source = validation(experiment);
  std::vector<size_t> seen;
  const PredictionSink sink = [&](const PredictedSample& sample) {
    seen.push_back(sample.info.index);
    EXPECT_EQ(sample.labels.size(), 3u);
    for (const auto& task : experiment.model->tasks()) {
      const auto& prediction = sample.predictions.at(task.name);
      EXPECT_EQ(prediction.type(), field_kind(task.task->field_kind()).mat_type());
      EXPECT_EQ(prediction.size(), cv::Size(40, 32));
    }
    // The normalisation is undone: the picture is the data set's own.
    const auto original = experiment.dataset->load("val", sample.info.index);
    EXPECT_LE(cv::norm(sample.image, original.field("image").value, cv::NORM_INF), 1);
    EXPECT_EQ(cv::norm(sample.labels.at("depth"), original.field("depth").value, cv::NORM_INF), 0);
  };
  evaluate(experiment, *source, sink, {3, 1});
  EXPECT_THAT(seen, ::testing::ElementsAre(1, 3));
  seen.clear();
  evaluate(experiment, *source, sink);
  EXPECT_THAT(seen, ::testing::ElementsAre(0, 1, 2, 3, 4));
}

// A data set of files, one of which has a class too many.
class WithAWrongLabel final : public Dataset {
 public:
  explicit WithAWrongLabel(std::shared_ptr<const Dataset> inner) : inner_(std::move(inner)) {}

  std::vector<std::string> splits() const override { return inner_->splits(); }
  size_t size(const std::string& split) const override { return inner_->size(split); }
  IdList ids(const std::string& split) const override { return inner_->ids(split); }
  Sample load(const std::string& split, size_t index) const override {
    Sample sample = inner_->load(split, index);
    for (auto& [name, field] : sample.fields) field.file = name + "/" + sample.id + ".png";
    auto& labels = sample.field("seg").value;
    labels = labels.clone();
    if (index == 2) labels(cv::Rect(5, 7, 30, 20)) = 99;
    return sample;
  }

 private:
  const std::shared_ptr<const Dataset> inner_;
};

template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

TEST(Evaluate, NamesTheFileOfAWrongLabel) {
  auto experiment = tiny_experiment();
  experiment.dataset = std::make_shared<WithAWrongLabel>(experiment.dataset);
  const auto source = validation(experiment);
  EXPECT_THAT(message_of([&] { evaluate(experiment, *source); }),
              HasSubstr("sample val-00002 (split val, index 2, seg/val-00002.png), task seg: label "
                        "99 at (x 5, y 7) is no class"));
}

// Where it is made, before any network sees it.
TEST(Evaluate, TrainingNamesTheFileOfAWrongLabel) {
  auto experiment = tiny_experiment();
  experiment.dataset = std::make_shared<WithAWrongLabel>(experiment.dataset);
  const auto source = experiment.source("train", Experiment::Pipeline::kTrain);
  for (const size_t workers : {0, 2}) {
    Loader::Options options;
    options.batch_size = 3;
    options.workers = workers;
    Loader loader(*source, options);
    loader.start(0);
    // Wherever the random crop has left the pixel.
    const auto message = message_of([&] { loader.next(); });
    EXPECT_THAT(message,
                HasSubstr("sample train-00002 (split train, index 2, seg/train-00002.png), "
                          "task seg: label 99 at (x "));
    EXPECT_THAT(message, HasSubstr("is no class: classes are 0..12, -1 is void; set the number"));
  }
}

class EvaluatePredictions : public ::testing::Test {
 protected:
  // Predictions of the model, as files.
  void write_all() {
    evaluate(experiment_, *source_, [&](const PredictedSample& sample) {
      for (const auto& task : experiment_.model->tasks()) {
        std::filesystem::create_directories(folder_ / task.name);
        task.task->write_prediction(sample.predictions.at(task.name),
                                    folder_.path() / task.name / sample.info.id);
      }
    });
  }
  std::string refusal() {
    try {
      evaluate_predictions(experiment_, *source_, folder_.path());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "nothing refused";
  }

  Experiment experiment_ = tiny_experiment();
  std::unique_ptr<SampleSource> source_ = validation(experiment_);
  testing::TemporaryFolder folder_;
};

TEST_F(EvaluatePredictions, HaveTheFiguresOfTheModelThatWroteThem) {
  write_all();
  const auto of_model = evaluate(experiment_, *source_).flat();
  const auto of_files = evaluate_predictions(experiment_, *source_, folder_.path()).flat();
  ASSERT_EQ(of_files.size(), of_model.size());
  for (const auto& [name, value] : of_model) {
    EXPECT_NEAR(of_files.at(name), value, 1e-5 * std::max(1.0, std::abs(value))) << name;
  }
}

TEST_F(EvaluatePredictions, NameTheFileThatIsMissingOrOfAnotherSize) {
  write_all();
  const auto stem = folder_ / "depth" / "val-00002";
  experiment_.model->task("depth").task->write_prediction(cv::Mat(8, 8, CV_32FC1, 1.0), stem);
  EXPECT_THAT(refusal(), HasSubstr(stem.string() + ": the prediction is 8x8, the label after the "
                                                   "evaluation pipeline 32x40"));
  for (const char* suffix : {".npy", ".png"}) std::filesystem::remove(stem.string() + suffix);
  EXPECT_THAT(refusal(), HasSubstr(stem.string()));
}

// Labels that nothing is measured on are said where figures are.
TEST(Evaluate, SaysWhichLabelsAreOutOfRange) {
  const auto experiment = tiny_experiment({"model.task[depth].kind.max_depth=2"});
  const auto evaluation = evaluate(experiment, *validation(experiment));
  const auto details = evaluation.json(experiment.config)["tasks"]["depth"];
  EXPECT_GT(details["out_of_range_share"], 0.05);
  EXPECT_EQ(details["range"], "0.001 to 2 m");
  const auto notes = report_of(experiment, evaluation).protocol_notes;
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr(
                         "of the labelled pixels lie outside 0.001 to 2 m and are not evaluated")));
  EXPECT_THAT(report_of(tiny_experiment(), evaluate_tiny({})).protocol_notes,
              ::testing::Not(::testing::Contains(HasSubstr("lie outside"))));
}

TEST(Evaluate, RefusesLabelsOfWhichNoneIsInRange) {
  const auto experiment = tiny_experiment({"model.task[depth].kind.max_depth=0.01"});
  EXPECT_THAT(message_of([&] { evaluate(experiment, *validation(experiment)); }),
              HasSubstr("split val, task depth: 100.00 % of the labelled pixels lie outside 0.001 "
                        "to 0.01 m and are not evaluated: check the scale of the labels"));
}

TEST(SpreadIndices, AreEvenAndDistinct) {
  EXPECT_THAT(spread_indices(10, 2), ::testing::ElementsAre(2, 7));
  EXPECT_THAT(spread_indices(3, 6), ::testing::ElementsAre(0, 1, 2));
  EXPECT_THAT(spread_indices(5, 1), ::testing::ElementsAre(2));
  EXPECT_TRUE(spread_indices(0, 4).empty());
  EXPECT_TRUE(spread_indices(4, 0).empty());
}

}  // namespace
}  // namespace tasuki
