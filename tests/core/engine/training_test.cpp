#include "tasuki/engine/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <opencv2/core/utility.hpp>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Training : public ::testing::Test {
 protected:
  ResolvedConfig config(const std::vector<std::string>& assignments = {}) const {
    return parse_config(R"(
      data {
        dataset { [tasuki/Rooms] { height: 32 width: 40 train_size: 4 val_size: 2 test_size: 2 } }
        train_pipeline { [tasuki/Normalize] {} }
        eval_pipeline { [tasuki/Normalize] {} }
        loader { batch_size: 2 eval_batch_size: 1 workers: 0 }
      }
      model {
        encoder { [tasuki/ResNet] { depth: 18 layers: 2 } }
        architecture { [tasuki/HardSharing] {} }
        task { name: "depth" kind { [tasuki/Depth] {} } decoder { [tasuki/FCNHead] { channels: 4 } } }
      }
      train {
        epochs: 1
        threads: 1
        optimizer { [tasuki/SGD] { lr: 0.01 momentum: 0 } }
        schedule { [tasuki/Constant] {} }
        weighting { [tasuki/EW] {} }
      })",
                        (folder_ / "small.pbtxt").string(), assignments);
  }

  tasuki::Run train_in(const std::string& folder,
                       const std::vector<std::string>& assignments = {}) const {
    TrainOptions options;
    options.work_dir = folder_ / folder;
    return train(config(assignments), options);
  }

  std::string refusal(const TrainOptions& options) const {
    try {
      train(config(), options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "not refused";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Training, LeavesWhatEveryRunLeaves) {
  const auto run = train_in("out");
  EXPECT_EQ(run.best_epoch, 1);
  EXPECT_EQ(run.work_dir, folder_ / "out");
  for (const char* file :
       {kBestFile, kLastFile, kConfigFile, kHistoryFile, kMetricsFile, kReportFile, kLogFile}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / "out" / file)) << file;
  }
  // What a command line would say, field by field.
  auto said = std::vector<std::string>{"name=small"};
  const std::pair<const char*, const char*> hooks[] = {
      {"checkpoint", "[tasuki/Checkpoint]{}"},
      {"history", "[tasuki/History]{}"},
      {"log", "[tasuki/Log]{}"},
      {"report", "[tasuki/Report]{}"},
  };
  int priority[] = {80, 70, 60, 90};
  for (size_t i = 0; i < 4; ++i) {
    const std::string path = std::string("train.hook[") + hooks[i].first + "]";
    said.push_back(path + ".hook=" + hooks[i].second);
    said.push_back(path + ".priority=" + std::to_string(priority[i]));
  }
  for (auto& one : machine_assignments(config())) said.push_back(one);
  EXPECT_EQ(read_file(folder_ / "out" / kConfigFile), config(said).text());
}

// What a program had set stays as it was.
TEST_F(Training, TouchesNothingOfTheProcess) {
  at::set_num_threads(2);
  cv::setNumThreads(2);
  torch::manual_seed(5);
  const auto before = torch::rand({4});
  torch::manual_seed(5);
  train_in("out");
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_EQ(cv::getNumThreads(), 2);
  EXPECT_TRUE(torch::rand({4}).equal(before));
}

TEST_F(Training, TakesAMessage) {
  const auto file = folder_ / "small.pbtxt";
  write_file_atomically(file, config().text());
  Config changed = read_config(file);
  EXPECT_EQ(changed.name(), "small");
  changed.mutable_train()->set_epochs(2);
  TrainOptions options;
  options.work_dir = folder_ / "out";
  const auto run = train(changed, options);
  EXPECT_EQ(run.epoch, 2);
  EXPECT_TRUE(std::filesystem::exists(run.best()));
  changed.mutable_train()->set_epochs(0);
  options.work_dir = folder_ / "none";
  try {
    train(changed, options);
    FAIL() << "no epochs were accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("train.epochs: must be at least 1"));
  }
}

TEST_F(Training, AConfigsOwnHookTakesThePlaceOfAStandardOne) {
  const auto run = train_in("out", {"train.hook[report].hook=[tasuki/Report]{samples: 1}"});
  std::vector<std::string> names;
  for (const auto& hook : run.experiment.config.message().train().hook()) {
    names.push_back(hook.name());
  }
  EXPECT_THAT(names, ElementsAre("report", "checkpoint", "history", "log"));
}

TEST_F(Training, OneTrainingLeavesNothingBehindForTheNext) {
  train_in("first");
  train_in("second");
  const auto first = read_weights(folder_ / "first" / kBestFile).tensors;
  const auto second = read_weights(folder_ / "second" / kBestFile).tensors;
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(first[i].second.equal(second[i].second)) << first[i].first;
  }
}

TEST_F(Training, AFinishedRunIsOnlyResumed) {
  TrainOptions options;
  options.work_dir = folder_ / "out";
  options.resume = true;
  EXPECT_THAT(refusal(options), HasSubstr("holds no run to resume"));
  EXPECT_FALSE(std::filesystem::exists(options.work_dir));
  train_in("out");
  options.resume = false;
  EXPECT_THAT(refusal(options), HasSubstr("holds a run already"));
  options.resume = true;
  EXPECT_EQ(train(config({"train.epochs=2"}), options).epoch, 2);
  EXPECT_THAT(read_file(folder_ / "out" / kConfigFile), HasSubstr("epochs: 2"));
}

}  // namespace
}  // namespace tasuki
