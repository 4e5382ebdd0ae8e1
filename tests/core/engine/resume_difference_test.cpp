#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/config_difference.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TinyRun;

// A finished run of two epochs, and what happens when it goes on with something otherwise.
class GoingOn : public ::testing::Test {
 protected:
  void SetUp() override { TinyRun(folder_.path()).train(); }

  // The message of the Error, "" where it goes on; the run is kept then.
  std::string refusal(const std::vector<std::string>& assignments, const Accepted& accepted = {}) {
    tiny_ = std::make_unique<TinyRun>(folder_.path(), assignments);
    try {
      load_training_state(tiny_->run, tiny_->hooks, folder_ / kLastFile, accepted);
      repair_best(tiny_->run, folder_.path());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr((folder_ / kLastFile).string()));
      return error.what();
    }
    return "";
  }
  const std::vector<std::string>& notes() const { return tiny_->run.notes; }
  void change_metadata(const std::string& key, const std::string& value) {
    auto file = read_safetensors(folder_ / kLastFile);
    file.metadata[key] = value;
    write_safetensors(folder_ / kLastFile, file);
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<TinyRun> tiny_;
};

TEST_F(GoingOn, WhatChangesNoResultMayBeAnother) {
  for (const std::string set :
       {"name=\"other\"", "data.test_split=\"val\"", "data.loader.workers=0",
        "data.loader.prefetch=1", "data.loader.cache_mib=0", "data.loader.eval_batch_size=1",
        "train.hook[log].hook=[tasuki/Log]{every: 1}", "train.hook[checkpoint].hook.every=2"}) {
    EXPECT_EQ(refusal({set}), "") << set;
    EXPECT_THAT(notes(), IsEmpty()) << set;
  }
}

TEST_F(GoingOn, WhatChangesResultsIsRefused) {
  for (const std::string set :
       {"train.seed=1", "train.optimizer.lr=0.02", "data.loader.batch_size=3",
        "data.loader.shuffle=false", "train.evaluate_every=2", "protocol.metric=\"seg.miou\"",
        "data.train_pipeline=[{[tasuki/Normalize]{}}]", "train.channels_last=false"}) {
    const auto message = refusal({set});
    EXPECT_THAT(message, HasSubstr("is of another config: line ")) << set;
    EXPECT_THAT(message, HasSubstr("--init FILE takes the weights over")) << set;
  }
  EXPECT_THAT(refusal({"train.optimizer.lr=0.02"}),
              HasSubstr("was \"lr: 0.01\" and now is \"lr: 0.02\""));
}

TEST_F(GoingOn, AnotherMachineIsNamedAndMayBeAccepted) {
  const auto message = refusal({"train.threads=1"});
  EXPECT_THAT(message, HasSubstr("another machine"));
  EXPECT_THAT(message, HasSubstr("train.threads was 2 and now is 1"));
  EXPECT_THAT(message, HasSubstr("--set train.threads=2"));
  EXPECT_THAT(message, HasSubstr("--accept-other-machine"));
  EXPECT_EQ(refusal({"train.threads=1"}, {.other_machine = true}), "");
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("train.threads was 2 and now is 1")));
}

TEST_F(GoingOn, AnotherBuildIsNamedAndMayBeAccepted) {
  change_metadata("stamp", "tasuki 0.0.1, libtorch 0.1.0");
  const auto message = refusal({});
  EXPECT_THAT(message, HasSubstr("another build"));
  EXPECT_THAT(message, HasSubstr("file: tasuki 0.0.1, libtorch 0.1.0"));
  EXPECT_THAT(message, HasSubstr("--accept-other-build"));
  EXPECT_EQ(refusal({}, {.other_build = true}), "");
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("before: tasuki 0.0.1, libtorch 0.1.0")));
}

TEST_F(GoingOn, MoreEpochsSayWhatTheyMeanForTheSchedule) {
  EXPECT_EQ(refusal({"train.epochs=4"}), "");
  ASSERT_EQ(notes().size(), 1u);
  EXPECT_THAT(notes()[0], HasSubstr("train.epochs was 2 and now is 4"));
  // Cosine over 12 steps, 2 of them warm-up: at step 6 it has come 4 of 10 steps.
  EXPECT_THAT(notes()[0], HasSubstr("goes on from 0.00655, where it would have been "));
  EXPECT_EQ(tiny_->run.epoch, 2);
  tiny_->train();
  const auto history = testing::history_of(folder_.path());
  ASSERT_EQ(history.size(), 4u);
  EXPECT_EQ(history[3]["step"], 12);
  // A part of the results, and of all that goes on from here.
  const auto metrics = nlohmann::json::parse(read_file(folder_ / kMetricsFile));
  EXPECT_THAT(metrics["notes"][0].get<std::string>(), HasSubstr("train.epochs was 2"));
  EXPECT_EQ(refusal({"train.epochs=4"}), "");
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("train.epochs was 2 and now is 4")));
}

TEST_F(GoingOn, FewerEpochsThanAreFinishedAreRefused) {
  EXPECT_THAT(refusal({"train.epochs=1"}),
              HasSubstr("has 2 finished epochs, more than train.epochs 1"));
}

TEST_F(GoingOn, OtherDataAreNamedAndMayBeAccepted) {
  for (const auto& [set, change] : std::vector<std::pair<std::string, std::string>>{
           {"data.dataset.train_size=8", "split train: 6 samples, now 8"},
           {"data.dataset.seed=5", "the same ids, but other images or labels"}}) {
    // The options of a data set are part of the config; its files are not.
    auto before = testing::tiny_config({set});
    change_metadata("config", before.text());
    const auto message = refusal({set});
    EXPECT_THAT(message, HasSubstr("was trained on other data: "));
    EXPECT_THAT(message, HasSubstr(change));
    EXPECT_THAT(message, HasSubstr("--accept-changed-data"));
  }
  change_metadata("config", testing::tiny_config({"data.dataset.train_size=8"}).text());
  EXPECT_EQ(refusal({"data.dataset.train_size=8"}, {.changed_data = true}), "");
  EXPECT_THAT(notes(),
              ElementsAre(HasSubstr("after epoch 2: other data: split train: 6 samples, now 8")));
  // As far as an epoch of the new steps would have come.
  EXPECT_EQ(tiny_->run.steps_per_epoch, 4);
  EXPECT_EQ(tiny_->run.step, 8);
  EXPECT_GT(tiny_->run.best_epoch, 0);
}

TEST_F(GoingOn, ScoresOnOtherSamplesAreNotCompared) {
  change_metadata("config", testing::tiny_config({"data.dataset.val_size=2"}).text());
  EXPECT_EQ(refusal({"data.dataset.val_size=2"}, {.changed_data = true}), "");
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("the best epoch is chosen anew")));
  EXPECT_EQ(tiny_->run.best_epoch, 0);
}

TEST_F(GoingOn, AnotherSelectionIsNamed) {
  const auto message = refusal({});
  EXPECT_EQ(message, "");
  const auto with = testing::tiny_config({testing::kNormalToDepth});
  change_metadata("config", with.text());
  EXPECT_THAT(refusal({testing::kNormalToDepth}),
              HasSubstr("was trained with the objectives depth, normal, seg, and the config now "
                        "makes depth, normal, normal->depth, seg"));
}

// What a kill between the writing of the best and of the last checkpoint leaves.
class BestAfterAKill : public GoingOn {
 protected:
  void SetUp() override {
    // The first epoch is the best, the second is not.
    TinyRun tiny(folder_.path(), {"train.epochs=3"});
    auto hook = std::make_unique<testing::FakeHook>();
    hook->at_after_epoch = [&](tasuki::Run& run) {
      if (run.epoch == 0) std::filesystem::copy_file(folder_ / kBestFile, folder_ / "first");
    };
    tiny.hooks.push_back({"keep", 90, std::move(hook)});
    tiny.run.epochs = 1;
    tiny.train();
    ASSERT_EQ(tiny.run.best_epoch, 1);
  }
  // Another epoch's weights, as a trajectory that was lost had them.
  void write_lost() {
    auto file = read_safetensors(folder_ / "first");
    for (auto& [name, tensor] : file.tensors) tensor = tensor + 1;
    file.metadata["epoch"] = "2";
    file.metadata["score"] = "0x1p+9";
    write_safetensors(folder_ / kBestFile, file);
  }
  void expect_first() {
    EXPECT_EQ(testing::first_difference(read_safetensors(folder_ / kBestFile).tensors,
                                        read_safetensors(folder_ / "first").tensors),
              "");
    EXPECT_EQ(read_safetensors_metadata(folder_ / kBestFile),
              read_safetensors_metadata(folder_ / "first"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / kPreviousBestFile));
    EXPECT_EQ(tiny_->run.best_epoch, 1);
    EXPECT_THAT(notes(), IsEmpty());
  }
};

TEST_F(BestAfterAKill, ThePreviousBestComesBack) {
  std::filesystem::rename(folder_ / kBestFile, folder_ / kPreviousBestFile);
  write_lost();
  EXPECT_EQ(refusal({"train.epochs=3"}), "");
  expect_first();
}

TEST_F(BestAfterAKill, TheLastEpochsWeightsAreTheBestsWhereItIsThatEpoch) {
  write_lost();
  EXPECT_EQ(refusal({"train.epochs=3"}), "");
  expect_first();
  write_file_atomically(folder_ / kBestFile, "damaged");
  EXPECT_EQ(refusal({"train.epochs=3"}), "");
  expect_first();
  std::filesystem::remove(folder_ / kBestFile);
  EXPECT_EQ(refusal({"train.epochs=3"}), "");
  expect_first();
}

TEST_F(BestAfterAKill, ASoundOneStays) {
  std::filesystem::copy_file(folder_ / kBestFile, folder_ / kPreviousBestFile);
  EXPECT_EQ(refusal({"train.epochs=3"}), "");
  expect_first();
}

TEST_F(BestAfterAKill, OneThatIsLostIsForgotten) {
  write_lost();
  auto state = nlohmann::json::parse(read_safetensors_metadata(folder_ / kLastFile).at("state"));
  state["best_epoch"] = 3;
  change_metadata("state", state.dump());
  EXPECT_EQ(refusal({"train.epochs=3"}), "");
  EXPECT_EQ(tiny_->run.best_epoch, 0);
  EXPECT_FALSE(tiny_->run.best_evaluation);
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("did not hold the best epoch, 3")));
}

// best.safetensors is the newest, and the one that last.safetensors names is kept until that one
// names another.
TEST_F(BestAfterAKill, TheBestThatTheLastCheckpointNamesIsKept) {
  ASSERT_EQ(refusal({"train.epochs=3"}), "");
  auto& run = tiny_->run;
  const auto epoch_of = [&](const char* file) {
    return path_exists(folder_ / file) ? read_safetensors_metadata(folder_ / file).at("epoch") : "";
  };
  const auto be_best = [&](int64_t epoch) {
    run.epoch = epoch - 1;
    run.best_epoch = epoch;
    run.evaluation = run.best_evaluation;
  };
  be_best(2);
  save_checkpoints(run, false);
  EXPECT_EQ(epoch_of(kBestFile), "2");
  EXPECT_EQ(epoch_of(kPreviousBestFile), "1");
  be_best(3);
  save_checkpoints(run, false);
  EXPECT_EQ(epoch_of(kBestFile), "3");
  EXPECT_EQ(epoch_of(kPreviousBestFile), "1");
  save_checkpoints(run, true);
  EXPECT_EQ(epoch_of(kLastFile), "3");
  EXPECT_EQ(epoch_of(kPreviousBestFile), "");
}

}  // namespace
}  // namespace tasuki
