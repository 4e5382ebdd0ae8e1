#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <optional>

#include "tasuki/io/files.h"
#include "tasuki/study/affinity.h"
#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::FakeHook;
using ::testing::HasSubstr;
using testing::kill_at;
using testing::Killed;
using testing::TinyRun;

// What keeps something from step to step, each in a run of two epochs of five steps.
struct WithinEpochCase {
  std::string name;
  std::vector<std::string> settings;
};

std::ostream& operator<<(std::ostream& out, const WithinEpochCase& which) {
  return out << which.name;
}

class WithinEpoch : public ::testing::TestWithParam<WithinEpochCase> {
 protected:
  std::vector<std::string> settings() const {
    auto all = GetParam().settings;
    all.insert(all.end(),
               {"data.dataset.train_size=10", "train.hook[checkpoint].hook.every_steps=1"});
    return all;
  }
  // Killed after a step of the run, behind its checkpoint, and resumed.
  void kill_and_resume(const std::filesystem::path& dir, int64_t step) {
    TinyRun stopped(dir, settings());
    kill_at(stopped, &FakeHook::at_after_step, 85,
            [&](const tasuki::Run& run) { return run.step == step; });
    EXPECT_THROW(stopped.train(), Killed);
    TinyRun resumed(dir, settings());
    load_training_state(resumed.run, resumed.hooks, dir / kLastFile);
    EXPECT_EQ(resumed.run.step, step);
    EXPECT_EQ(resumed.run.epoch_step, step % 5);
    EXPECT_EQ(resumed.run.epoch, step / 5);
    resumed.train();
  }

  testing::TemporaryFolder folder_;
};

TEST_P(WithinEpoch, ARunGoesOnAfterAnyStepToTheLastBit) {
  TinyRun whole(folder_ / "whole", settings());
  whole.train();
  for (const int64_t step : {3, 8}) {
    const auto dir = folder_ / ("stopped" + std::to_string(step));
    kill_and_resume(dir, step);
    testing::expect_same_runs(folder_ / "whole", dir);
    const auto measured = folder_ / "whole" / kAffinityFile;
    if (!std::filesystem::exists(measured)) continue;
    EXPECT_EQ(read_file(dir / kAffinityFile), read_file(measured)) << step;
  }
}

// Every registered weighting, in bf16 with all that a run may have beside it, and whatever else
// keeps something.
std::vector<WithinEpochCase> within_epoch_cases() {
  std::vector<WithinEpochCase> all = {
      {"AdamW", {"train.optimizer=[tasuki/AdamW]{lr:0.001}"}},
      {"AutoLambdaWithTransfer",
       {"train.weighting=[tasuki/AutoLambda]{}", testing::kNormalToDepth}},
      {"averaged", {"train.hook[ema].hook=[tasuki/EMA]{every: 2 buffers: AVERAGE}"}},
      {"affinity", {"train.hook[affinity].hook=[tasuki/Affinity]{every: 2}"}},
      {"batching",
       {"data.sampler=[tasuki/WeightedSampler]{}", "data.batch_transform=[{[tasuki/CutMix]{}}]",
        "train.momentum_schedule=[tasuki/OneCycleMomentum]{}",
        "train.schedule=[tasuki/Plateau]{patience: 0 factor: 0.5}"}}};
  for (const auto& name : Registry::instance().names(Weighting::kKind)) {
    all.push_back({name.substr(name.find('/') + 1),
                   {"train.weighting=[" + name + "]{}", "train.precision=BF16", "train.clip_norm=1",
                    "train.hook[ema].hook=[tasuki/EMA]{}", testing::kNormalToDepth}});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Runs, WithinEpoch, ::testing::ValuesIn(within_epoch_cases()),
                         [](const auto& info) { return info.param.name; });

class StepCheckpoints : public ::testing::Test {
 protected:
  static std::vector<std::string> settings(const std::string& every_steps,
                                           const std::string& more = "name=\"tiny\"") {
    return {"train.hook[checkpoint].hook.every_steps=" + every_steps,
            "train.hook[checkpoint].hook.every=100", "train.epochs=3", more};
  }
  // Three epochs of three steps, killed behind this one's hooks.
  void kill(const std::string& every_steps, int64_t step) {
    TinyRun stopped(folder_.path(), settings(every_steps));
    kill_at(stopped, &FakeHook::at_after_step, 85,
            [&](const tasuki::Run& run) { return run.step == step; });
    EXPECT_THROW(stopped.train(), Killed);
  }
  nlohmann::json state() const {
    return testing::state_of_file(read_safetensors(folder_ / kLastFile));
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StepCheckpoints, AreWrittenEveryNStepsOfTheRun) {
  kill("2", 5);
  EXPECT_EQ(state()["step"], 4);
  EXPECT_EQ(state()["epoch"], 1);
  EXPECT_EQ(state()["within_epoch"]["steps"], 1);
  EXPECT_EQ(read_safetensors(folder_ / kLastFile).metadata.at("epoch"), "1");
}

// One that falls on an epoch's last step has its evaluation, also where no checkpoint of an epoch
// is due.
TEST_F(StepCheckpoints, BehindAnEpochsLastStepHaveItsEvaluation) {
  kill("3", 5);
  EXPECT_EQ(state()["step"], 3);
  EXPECT_EQ(state()["epoch"], 1);
  EXPECT_FALSE(state().contains("within_epoch"));
  EXPECT_EQ(state()["best_epoch"], 1);
}

// Listed first and without a priority it still saves what the others know of the step.
TEST_F(StepCheckpoints, AreWrittenBehindTheHooksWhoseStateTheyHold) {
  const auto config = testing::tiny_config(
      {"train.hook=[{name:\"checkpoint\" hook{[tasuki/Checkpoint]{every_steps:1}}},"
       "{name:\"ema\" hook{[tasuki/EMA]{}}}]"});
  const auto hooks = build_hooks(config);
  ASSERT_EQ(hooks.size(), 2u);
  EXPECT_EQ(hooks[0].name, "ema");
  EXPECT_EQ(hooks[1].name, "checkpoint");
  EXPECT_EQ(hooks[1].priority, 80);
}

TEST_F(StepCheckpoints, ABegunEpochIsNotCutOff) {
  kill("2", 4);
  TinyRun shorter(folder_.path(), settings("2", "train.epochs=1"));
  try {
    load_training_state(shorter.run, shorter.hooks, folder_ / kLastFile);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("has 1 finished epochs and begun another"));
  }
}

TEST_F(StepCheckpoints, WithOtherDataTheEpochBeginsAnew) {
  kill("2", 4);
  const auto other = settings("2", "data.dataset.train_size=8");
  auto file = read_safetensors(folder_ / kLastFile);
  file.metadata["config"] = testing::tiny_config(other).text();
  write_safetensors(folder_ / kLastFile, file);
  TinyRun resumed(folder_.path(), other);
  load_training_state(resumed.run, resumed.hooks, folder_ / kLastFile, {.changed_data = true});
  EXPECT_EQ(resumed.run.epoch, 1);
  EXPECT_EQ(resumed.run.epoch_step, 0);
  EXPECT_EQ(resumed.run.step, 4);  // of epochs of four steps
  ASSERT_FALSE(resumed.run.notes.empty());
  EXPECT_THAT(resumed.run.notes[0], HasSubstr("after epoch 1 and 1 steps: other data"));
}

TEST_F(StepCheckpoints, StepsBeyondTheEpochAreDamage) {
  kill("2", 4);
  auto file = read_safetensors(folder_ / kLastFile);
  auto damaged = nlohmann::json::parse(file.metadata.at("state"));
  damaged["within_epoch"]["steps"] = 4;
  file.metadata["state"] = damaged.dump();
  write_safetensors(folder_ / kLastFile, file);
  TinyRun resumed(folder_.path(), settings("2"));
  EXPECT_THROW(load_training_state(resumed.run, resumed.hooks, folder_ / kLastFile), Error);
}

// Whoever saves there has a run whose epoch lacks nothing but its evaluation.
TEST_F(StepCheckpoints, OfAHookBehindAnEpochsLastStepGoOnWithItsEvaluation) {
  const std::vector<std::string> plain = {"train.epochs=3"};
  TinyRun whole(folder_ / "whole", plain);
  whole.train();
  const auto dir = folder_ / "stopped";
  {
    TinyRun stopped(dir, plain);
    kill_at(stopped, &FakeHook::at_after_step, 85, [](const tasuki::Run& run) {
      if (run.step == 6) save_checkpoints(run, true);
      return run.step == 6;
    });
    EXPECT_THROW(stopped.train(), Killed);
  }
  TinyRun resumed(dir, plain);
  load_training_state(resumed.run, resumed.hooks, dir / kLastFile);
  EXPECT_EQ(resumed.run.epoch_step, 3);
  resumed.train();
  testing::expect_same_runs(folder_ / "whole", dir);
}

// What training states were before they could hold a part of an epoch.
TEST_F(StepCheckpoints, StatesWithoutThemAreReadAsBefore) {
  TinyRun whole(folder_.path(), settings("0"));
  whole.train();
  EXPECT_FALSE(state().contains("within_epoch"));
  EXPECT_FALSE(state().contains("schedule"));
  EXPECT_EQ(read_safetensors(folder_ / kLastFile).metadata.count("epoch_step"), 0u);
}

// Dropout draws by the step: not by what others drew before it, nor by where the run began.
TEST(DrawsOfAStep, DependOnTheStepAlone) {
  const testing::TemporaryFolder folder;
  TinyRun plain(folder / "plain"), disturbed(folder / "disturbed");
  auto hook = std::make_unique<testing::FakeHook>();
  hook->at_after_step = [](tasuki::Run&) { torch::rand({17}); };
  hook->at_before_epoch = hook->at_after_step;
  disturbed.hooks.push_back({"draws", 10, std::move(hook)});
  plain.train();
  disturbed.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(plain.run), testing::weights_of(disturbed.run)),
      "");
}

// A stop, unlike a kill, loses nothing: in the middle of an epoch, behind its last step, before the
// checkpoint hook has had its turn and after it.
TEST(StoppedRun, GoesOnWhereAHookHasStoppedIt) {
  const testing::TemporaryFolder folder;
  TinyRun whole(folder / "whole");
  whole.train();
  for (const int64_t step : {1, 3, 5}) {
    for (const int priority : {50, 90}) {
      const auto dir = folder / (std::to_string(step) + "_" + std::to_string(priority));
      TinyRun stopped(dir);
      auto hook = std::make_unique<FakeHook>();
      std::optional<bool> finished;
      hook->at_after_step = [&](tasuki::Run& run) {
        if (run.step == step) run.stop("night");
      };
      hook->at_after_run = [&](tasuki::Run&, bool all) { finished = all; };
      stopped.hooks.insert(priority == 50 ? stopped.hooks.begin() : stopped.hooks.end(),
                           {"stop", priority, std::move(hook)});
      stopped.train();
      EXPECT_EQ(stopped.run.step, step);
      EXPECT_EQ(stopped.run.epoch, step / 3);
      EXPECT_EQ(stopped.run.stopped, "night");
      EXPECT_EQ(finished, false);
      TinyRun resumed(dir);
      load_training_state(resumed.run, resumed.hooks, dir / kLastFile);
      EXPECT_EQ(resumed.run.step, step);
      resumed.train();
      testing::expect_same_runs(folder / "whole", dir);
    }
  }
}

}  // namespace
}  // namespace tasuki
