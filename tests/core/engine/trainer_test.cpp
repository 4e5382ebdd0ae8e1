#include "tasuki/engine/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <optional>
#include <tuple>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/precision.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using testing::FakeHook;
using ::testing::HasSubstr;
using testing::TinyRun;

class TrainerTest : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
};

TEST_F(TrainerTest, IsBitIdenticalForAnyNumberOfWorkers) {
  TinyRun first(folder_ / "0", {"data.loader.workers=0"});
  first.train();
  const auto weights = testing::weights_of(first.run);
  for (const std::string workers : {"1", "2"}) {
    TinyRun other(folder_ / workers, {"data.loader.workers=" + workers});
    other.train();
    EXPECT_EQ(testing::first_difference(weights, testing::weights_of(other.run)), "") << workers;
    EXPECT_EQ(testing::history_of(folder_ / "0"), testing::history_of(folder_ / workers));
  }
  EXPECT_EQ(testing::history_of(folder_ / "0").size(), 2u);
}

TEST_F(TrainerTest, FollowsTheSeed) {
  TinyRun first(folder_ / "0"), other(folder_ / "1", {"train.seed=1"});
  EXPECT_NE(
      testing::first_difference(testing::weights_of(first.run), testing::weights_of(other.run)),
      "");
}

// Warm-up rises linearly to the base rate, then the schedule begins.
TEST_F(TrainerTest, LearningRateWarmsUpAndFollowsTheSchedule) {
  TinyRun tiny(folder_.path(), {"train.evaluate_every=0"});
  std::vector<double> rates;
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_step = [&](tasuki::Run& run) { rates.push_back(run.last.learning_rate); };
  tiny.hooks.push_back({"rates", 10, std::move(hook)});
  tiny.train();
  ASSERT_EQ(rates.size(), 6u);
  EXPECT_NEAR(rates[0], 0.005, 1e-12);
  EXPECT_NEAR(rates[1], 0.01, 1e-12);
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(rates[size_t(i) + 2], 0.01 * (1 + std::cos(M_PI * i / 4)) / 2, 1e-12);
  }
}

TEST_F(TrainerTest, CallsHooksInOrder) {
  TinyRun tiny(folder_.path(), {"train.epochs=1"});
  tiny.hooks.clear();
  std::vector<std::string> calls;
  for (const std::string name : {"a", "b"}) {
    auto hook = std::make_unique<FakeHook>();
    const auto note = [&calls, name](const std::string& point) { calls.push_back(name + point); };
    hook->at_before_run = [=](tasuki::Run&) { note(" before_run"); };
    hook->at_before_epoch = [=](tasuki::Run&) { note(" before_epoch"); };
    hook->at_after_step = [=](tasuki::Run&) { note(" after_step"); };
    hook->at_after_epoch = [=](tasuki::Run& run) {
      note(" after_epoch " + std::to_string(run.epoch) + (run.evaluation ? " evaluated" : ""));
    };
    hook->at_after_run = [=](tasuki::Run& run, bool finished) {
      note(" after_run " + std::to_string(run.epoch) + (finished ? " finished" : ""));
    };
    tiny.hooks.push_back({name, 50, std::move(hook)});
  }
  tiny.train();
  EXPECT_THAT(calls, ElementsAre("a before_run", "b before_run", "a before_epoch", "b before_epoch",
                                 "a after_step", "b after_step", "a after_step", "b after_step",
                                 "a after_step", "b after_step", "a after_epoch 0 evaluated",
                                 "b after_epoch 0 evaluated", "a after_run 1 finished",
                                 "b after_run 1 finished"));
}

TEST(BuildHooks, SortsByPriorityThenByOrder) {
  const auto hooks = build_hooks(testing::tiny_config(
      {"train.hook[late].hook=[tasuki/History]{}", "train.hook[late].priority=70",
       "train.hook[plain].hook=[tasuki/History]{}", "train.hook[first].hook=[tasuki/History]{}",
       "train.hook[first].priority=-3"}));
  std::vector<std::string> names;
  for (const auto& hook : hooks) names.push_back(hook.name);
  EXPECT_THAT(names, ElementsAre("first", "plain", "history", "late", "checkpoint"));
}

TEST_F(TrainerTest, AfterRunIsCalledForEveryHookWhenARunFails) {
  TinyRun tiny(folder_.path());
  tiny.hooks.clear();
  std::vector<std::string> calls;
  for (const std::string name : {"a", "b"}) {
    auto hook = std::make_unique<FakeHook>();
    hook->at_after_run = [&calls, name](tasuki::Run&, bool finished) {
      calls.push_back(name + (finished ? " finished" : " failed"));
    };
    tiny.hooks.push_back({name, 50, std::move(hook)});
  }
  static_cast<FakeHook&>(*tiny.hooks[0].hook).at_after_step = [](tasuki::Run&) {
    throw Error(ErrorKind::kRun, "the disk is full");
  };
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the disk is full");
  }
  EXPECT_THAT(calls, ElementsAre("a failed", "b failed"));
}

// One that throws there neither stops the others nor hides why the run failed.
TEST_F(TrainerTest, AHookThatThrowsAfterTheRunStopsNoOther) {
  for (const bool fails : {false, true}) {
    TinyRun tiny(folder_.path(), {"train.epochs=1", "train.evaluate_every=0"});
    tiny.hooks.clear();
    std::vector<std::string> calls;
    for (const std::string name : {"a", "b", "c"}) {
      auto hook = std::make_unique<FakeHook>();
      hook->at_after_run = [&calls, name](tasuki::Run&, bool) {
        calls.push_back(name);
        if (name != "c") throw Error(ErrorKind::kRun, "of " + name);
      };
      tiny.hooks.push_back({name, 50, std::move(hook)});
    }
    if (fails) {
      static_cast<FakeHook&>(*tiny.hooks[0].hook).at_after_step = [](tasuki::Run&) {
        throw Error(ErrorKind::kRun, "the disk is full");
      };
    }
    try {
      tiny.train();
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), fails ? "the disk is full" : "of a");
    }
    EXPECT_THAT(calls, ElementsAre("a", "b", "c"));
  }
}

TEST_F(TrainerTest, ALossThatIsNotFiniteSaysWhereAndWhatToDo) {
  TinyRun tiny(folder_.path(), {"train.optimizer.lr=1e30", "train.warmup_steps=0"});
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
    EXPECT_THAT(error.what(), HasSubstr("the loss of "));
    EXPECT_THAT(error.what(), HasSubstr("in epoch 1, step "));
    EXPECT_THAT(error.what(), HasSubstr("(samples train-0000"));
    EXPECT_THAT(error.what(), HasSubstr("lower the learning rate, or set train.clip_norm"));
  }
}

// By weightings that might miss it, or complain of it in other words.
TEST_F(TrainerTest, ALossThatIsNotFiniteIsNamedUnderOtherWeightings) {
  for (const std::string weighting : {"UW", "DWA", "GradDrop"}) {
    TinyRun tiny(folder_.path(), {"train.optimizer.lr=1e30", "train.warmup_steps=0",
                                  "train.weighting=[tasuki/" + weighting + "]{}"});
    try {
      tiny.train();
      ADD_FAILURE() << "no error with " << weighting;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("the loss of ")) << weighting;
    }
  }
}

// A run whose gradient of one decoder goes wrong in one step, while all losses stay finite.
class BadGradient : public ::testing::Test {
 protected:
  static constexpr int64_t kBadStep = 4;  // the fifth: the second of epoch 2

  // What the run complained of, and `weights_` as the last step left them before.
  std::string train(const std::vector<std::string>& assignments, double factor) {
    TinyRun tiny(folder_.path(), assignments);
    auto& run = tiny.run;
    for (const auto& item : run.experiment.model->named_parameters()) {
      if (item.key().find("decoder.depth.") != 0) continue;
      auto parameter = item.value();
      parameter.register_hook([&run, factor](const torch::Tensor& gradient) {
        return run.step == kBadStep ? gradient * factor : gradient;
      });
    }
    std::vector<torch::Tensor> before;
    auto hook = std::make_unique<FakeHook>();
    hook->at_after_step = [&](tasuki::Run&) { before = everything(run); };
    tiny.hooks.push_back({"watch", 99, std::move(hook)});
    std::string complaint;
    try {
      tiny.train();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRun);
      complaint = error.what();
    }
    const auto after = everything(run);
    EXPECT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) EXPECT_TRUE(after[i].equal(before[i])) << i;
    EXPECT_EQ(run.step, kBadStep);
    return complaint;
  }

  testing::TemporaryFolder folder_;

 private:
  // Weights and the optimiser's state.
  static std::vector<torch::Tensor> everything(const tasuki::Run& run) {
    std::vector<torch::Tensor> copies = {run.parameters->values().detach().clone()};
    for (const auto& item : run.optimizer->state()) copies.push_back(item.second.clone());
    return copies;
  }
};

TEST_F(BadGradient, ReachesNeitherWeightsNorTheOptimizer) {
  const double nan = std::nan("");
  for (const auto& [optimizer, clip, factor] :
       std::vector<std::tuple<std::string, std::string, double>>{{"SGD", "0", nan},
                                                                 {"SGD", "1", HUGE_VAL},
                                                                 {"Adam", "1", nan},
                                                                 {"AdamW", "0", HUGE_VAL}}) {
    const auto complaint = train({"train.optimizer=[tasuki/" + optimizer + "]{lr: 0.01}",
                                  "train.clip_norm=" + clip, "train.evaluate_every=0"},
                                 factor);
    EXPECT_THAT(complaint, HasSubstr("the gradient of depth is not finite (first in decoder."
                                     "depth."));
    EXPECT_THAT(complaint, HasSubstr("in epoch 2, step 5 (samples train-0"));
    EXPECT_THAT(complaint, HasSubstr("lower the learning rate, or set train.clip_norm"));
  }
}

TEST_F(BadGradient, IsNamedUnderWeightingsThatLookAtIt) {
  for (const std::string weighting :
       {"UW]{}", "GradDrop]{}", "AutoLambda]{}", "AutoLambda]{lagged: true}"}) {
    const auto complaint =
        train({"train.weighting=[tasuki/" + weighting, "train.evaluate_every=0"}, std::nan(""));
    EXPECT_THAT(complaint, HasSubstr("the gradient of depth is not finite")) << weighting;
  }
}

TEST_F(BadGradient, ANormThatIsTooLargeIsNoNumberToClipBy) {
  const auto complaint = train({"train.clip_norm=1", "train.evaluate_every=0"}, 1e30);
  EXPECT_THAT(complaint, HasSubstr("though that of every objective is"));
}

TEST_F(TrainerTest, NamesALossThatTheWeightingCanNotTake) {
  TinyRun tiny(folder_.path(),
               {"train.weighting=[tasuki/SI]{}", "model.task[depth].loss_scale=-1"});
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
    EXPECT_THAT(error.what(),
                HasSubstr("the weighting may need losses above 0, and that of depth is -"));
  }
}

// LibTorch 2's zero_grad() leaves no gradients behind.
TEST_F(TrainerTest, TrainsTheSameWhereAHookTakesTheGradientsAway) {
  TinyRun plain(folder_ / "plain"), other(folder_ / "other");
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_step = [](tasuki::Run& run) {
    for (auto& parameter : run.experiment.model->parameters())
      parameter.mutable_grad() = torch::Tensor();
  };
  other.hooks.push_back({"zero", 10, std::move(hook)});
  plain.train();
  other.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(plain.run), testing::weights_of(other.run)),
      "");
}

TEST_F(TrainerTest, SaysWhereAHookDetachesAParameter) {
  TinyRun tiny(folder_.path());
  auto hook = std::make_unique<FakeHook>();
  hook->at_after_step = [](tasuki::Run& run) {
    auto parameter = run.experiment.model->parameters().front();
    parameter.set_data(parameter.clone());
  };
  tiny.hooks.push_back({"moves", 10, std::move(hook)});
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is no longer part of the vector"));
    EXPECT_EQ(tiny.run.epoch, 0);
  }
}

// An outer autocast, of a program that embeds the training, keeps casts of weights.
TEST_F(TrainerTest, TrainsTheSameUnderAnOuterAutocast) {
  std::vector<std::pair<std::string, torch::Tensor>> weights[2];
  for (const bool outer : {false, true}) {
    std::optional<Autocast> autocast;
    if (outer) autocast.emplace(BF16, torch::kCPU);
    TinyRun tiny(folder_.path(), {"train.evaluate_every=0", "train.epochs=1"});
    tiny.run.experiment.precision = BF16;
    tiny.train();
    weights[outer] = testing::weights_of(tiny.run);
  }
  EXPECT_EQ(testing::first_difference(weights[0], weights[1]), "");
}

TEST_F(TrainerTest, ClippingKeepsTheStepSmall) {
  TinyRun tiny(folder_.path(), {"train.clip_norm=0.001", "train.optimizer.momentum=0",
                                "train.optimizer.weight_decay=0", "train.optimizer.lr=1",
                                "train.warmup_steps=0", "train.evaluate_every=0"});
  auto hook = std::make_unique<FakeHook>();
  auto before = tiny.run.parameters->values().detach().clone();
  hook->at_after_step = [&](tasuki::Run& run) {
    const auto now = run.parameters->values().detach();
    EXPECT_NEAR((now - before).norm().item<double>(), 0.001 * run.last.learning_rate, 1e-5);
    EXPECT_GT(run.last.gradient_norm.value(), 0.001);
    before = now.clone();
  };
  tiny.hooks.clear();
  tiny.hooks.push_back({"norm", 50, std::move(hook)});
  tiny.train();
}

TEST_F(TrainerTest, TheBestCheckpointIsTheBestOnTheValidationSplit) {
  TinyRun tiny(folder_.path(), {"train.epochs=4"});
  tiny.train();
  const auto history = testing::history_of(folder_.path());
  ASSERT_EQ(history.size(), 4u);
  size_t best = 0;
  for (size_t i = 1; i < history.size(); ++i) {
    if (history[i]["score"].get<double>() > history[best]["score"].get<double>()) best = i;
  }
  EXPECT_EQ(tiny.run.best_epoch, int64_t(best) + 1);
  EXPECT_EQ(tiny.run.best_evaluation->split, "val");
  EXPECT_EQ(tiny.run.best_evaluation->samples, 3u);

  const auto metadata = read_safetensors_metadata(folder_ / kBestFile);
  EXPECT_EQ(metadata.at("epoch"), std::to_string(best + 1));
  const auto kept = nlohmann::json::parse(metadata.at("metrics"));
  load_weights(*tiny.run.experiment.model, folder_ / kBestFile);
  const auto again = evaluate(tiny.run.experiment, *tiny.run.validation_source);
  EXPECT_EQ(again.json(tiny.run.experiment.config)["tasks"], kept["tasks"]);
  EXPECT_EQ(nlohmann::json(again.flat()), history[best]["val"]);
}

TEST_F(TrainerTest, EvaluatesAsOftenAsAskedForAndAtTheEnd) {
  for (const auto& [every, epochs] : std::vector<std::pair<std::string, std::vector<int>>>{
           {"0", {3}}, {"2", {2, 3}}, {"1", {1, 2, 3}}}) {
    const auto dir = folder_ / every;
    TinyRun tiny(dir, {"train.epochs=3", "train.evaluate_every=" + every});
    tiny.train();
    std::vector<int> evaluated;
    for (const auto& line : testing::history_of(dir)) {
      if (line.contains("val")) evaluated.push_back(line["epoch"]);
    }
    EXPECT_EQ(evaluated, epochs) << every;
  }
}

TEST_F(TrainerTest, ASplitSmallerThanABatchIsLocated) {
  try {
    TinyRun tiny(folder_.path(), {"data.loader.batch_size=7"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("data.loader.batch_size"));
    EXPECT_THAT(error.what(), HasSubstr("6 samples"));
  }
}

}  // namespace
}  // namespace tasuki
