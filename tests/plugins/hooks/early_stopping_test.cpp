#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

#include "tasuki/io/files.h"
#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::FakeHook;
using ::testing::HasSubstr;
using testing::kill_at;
using testing::Killed;
using testing::TinyRun;

const double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> stopping(const std::string& options, int epochs) {
  return {"train.hook[early].hook=[tasuki/EarlyStopping]{" + options + "}",
          "train.epochs=" + std::to_string(epochs), "data.dataset.train_size=2",
          "data.dataset.val_size=1", "train.warmup_steps=0"};
}

// Puts these figures in the place of those that the evaluations of the epochs have found.
void pretend(TinyRun& tiny, const std::string& figure, const std::vector<double>& values) {
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_epoch = [figure, values](tasuki::Run& run) {
    const double value = values.at(size_t(run.epoch));
    if (figure == "score") run.score = value;
    if (figure == "loss.seg") run.epoch_losses["seg"] = value;
    for (auto& task : run.evaluation->tasks) {
      for (auto& one : task.values) {
        if (figure == task.task + "." + one.info.name) one.value = value;
      }
    }
  };
  tiny.hooks.insert(tiny.hooks.begin(), {"pretends", 10, std::move(hook)});
}

struct EarlyStoppingCase {
  std::string name;
  std::string options;
  std::string figure;
  std::vector<double> values;
  int64_t epochs;  // that are trained of them
};

std::ostream& operator<<(std::ostream& out, const EarlyStoppingCase& which) {
  return out << which.name;
}

class EarlyStoppingEnds : public ::testing::TestWithParam<EarlyStoppingCase> {
 protected:
  std::vector<std::string> settings() const {
    return stopping(GetParam().options, int(GetParam().values.size()));
  }
  testing::TemporaryFolder folder_;
};

TEST_P(EarlyStoppingEnds, AfterThePatience) {
  const auto& which = GetParam();
  TinyRun tiny(folder_.path(), settings());
  pretend(tiny, which.figure, which.values);
  std::optional<bool> finished;
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_run = [&](tasuki::Run&, bool all) { finished = all; };
  tiny.hooks.push_back({"last", 99, std::move(hook)});
  tiny.train();
  EXPECT_EQ(tiny.run.epoch, which.epochs);
  // Either way it is a run that is over, with a report and figures to compare.
  EXPECT_EQ(finished, true);
  const auto metrics = nlohmann::json::parse(read_file(folder_ / kMetricsFile));
  EXPECT_EQ(metrics["finished"], true);
  EXPECT_EQ(metrics["epochs_done"], which.epochs);
  const bool early = which.epochs < int64_t(which.values.size());
  EXPECT_EQ(!tiny.run.stopped.empty(), early);
  EXPECT_EQ(metrics.contains("notes"), early);
  if (!early) return;
  EXPECT_THAT(metrics["notes"][0].get<std::string>(),
              HasSubstr("ended after epoch " + std::to_string(which.epochs) + " of " +
                        std::to_string(which.values.size()) + ": " + which.figure));
}

// Killed behind any epoch, it ends where it would have.
TEST_P(EarlyStoppingEnds, WhereItWasKilledAsWell) {
  const auto& which = GetParam();
  for (int64_t done = 1; done < which.epochs; ++done) {
    const auto dir = folder_ / std::to_string(done);
    TinyRun killed(dir, settings());
    pretend(killed, which.figure, which.values);
    kill_at(killed, &FakeHook::at_after_epoch, 85,
            [&](const tasuki::Run& run) { return run.epoch + 1 == done; });
    EXPECT_THROW(killed.train(), Killed);
    TinyRun resumed(dir, settings());
    load_training_state(resumed.run, resumed.hooks, dir / kLastFile);
    pretend(resumed, which.figure, which.values);
    resumed.train();
    EXPECT_EQ(resumed.run.epoch, which.epochs) << done;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Figures, EarlyStoppingEnds,
    ::testing::Values(
        EarlyStoppingCase{"Score", "patience: 2", "score", {1, 3, 2, 3, 4, 5}, 4},
        EarlyStoppingCase{"ScoreThatRises", "patience: 1", "score", {1, 2, 3, 4}, 4},
        EarlyStoppingCase{"PatienceBeginsAnew", "patience: 2", "score", {2, 1, 3, 1, 1, 9}, 5},
        EarlyStoppingCase{"AtTheEnd", "patience: 2", "score", {2, 1, 1}, 3},
        EarlyStoppingCase{"ByTooLittle",
                          "patience: 2 min_delta: 0.5 monitor: \"seg.miou\"",
                          "seg.miou",
                          {0, 0.5, 0.25, 2, 2},
                          3},
        EarlyStoppingCase{"OfAnErrorTheSmallest",
                          "patience: 2 min_delta: 0.5 monitor: \"depth.abs_rel\"",
                          "depth.abs_rel",
                          {4, 3, 2.5, 2.6, 1, 1},
                          4},
        EarlyStoppingCase{
            "OfALoss", "patience: 1 monitor: \"loss.seg\"", "loss.seg", {3, 2, 1, 1, 0}, 4},
        EarlyStoppingCase{
            "WhatIsNoNumberIsNotBetter", "patience: 2", "score", {kNone, 1, kNone, kNone, 9}, 4}),
    [](const auto& info) { return info.param.name; });

class EarlyStoppingTest : public ::testing::Test {
 protected:
  // Six epochs whose score never rises.
  TinyRun run(const std::string& options, bool resumed) {
    TinyRun tiny(folder_.path(), stopping(options, 6));
    if (resumed) load_training_state(tiny.run, tiny.hooks, folder_ / kLastFile);
    pretend(tiny, "score", std::vector<double>(6, 1));
    tiny.train();
    return tiny;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(EarlyStoppingTest, ARunThatHasEndedStaysEnded) {
  EXPECT_EQ(run("patience: 2", false).run.epoch, 3);
  const auto before = read_file(folder_ / kHistoryFile);
  const auto again = run("patience: 2", true);
  EXPECT_EQ(again.run.epoch, 3);
  EXPECT_EQ(again.run.notes.size(), 1u);
  EXPECT_EQ(read_file(folder_ / kHistoryFile), before);
}

TEST_F(EarlyStoppingTest, ARunGoesOnWithMorePatience) {
  EXPECT_EQ(run("patience: 2", false).run.epoch, 3);
  EXPECT_EQ(run("patience: 4", true).run.epoch, 5);
  EXPECT_EQ(testing::history_of(folder_.path()).size(), 5u);
}

TEST_F(EarlyStoppingTest, WhatWasCountedOfAnotherFigureIsForgotten) {
  EXPECT_EQ(run("patience: 2", false).run.epoch, 3);
  TinyRun tiny(folder_.path(), stopping("patience: 2 monitor: \"seg.miou\"", 6));
  load_training_state(tiny.run, tiny.hooks, folder_ / kLastFile);
  pretend(tiny, "seg.miou", std::vector<double>{0, 0, 0, 1, 2, 3});
  tiny.train();
  EXPECT_EQ(tiny.run.epoch, 6);
}

TEST_F(EarlyStoppingTest, AFigureThatNobodyMeasuresIsLocated) {
  TinyRun tiny(folder_.path(), stopping("monitor: \"seg.mio\"", 6));
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("train.hook[early].hook.monitor: nothing is measured"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"seg.miou\""));
  }
}

}  // namespace
}  // namespace tasuki
