#include "tasuki/study/tune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"
#include "tests/core/study/study_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What a training's config says of a task's weight.
double weight_of(const Config& config, const std::string& task) {
  const auto options = Registry::instance().unpack(config.train().weighting());
  const auto* list = options->GetDescriptor()->FindFieldByName("weight");
  const auto* reflection = options->GetReflection();
  for (int i = 0; i < reflection->FieldSize(*options, list); ++i) {
    const auto& entry = reflection->GetRepeatedMessage(*options, list, i);
    const auto* type = entry.GetDescriptor();
    const auto name = entry.GetReflection()->GetString(entry, type->FindFieldByName("objective"));
    if (name != task) continue;
    return entry.GetReflection()->GetDouble(entry, type->FindFieldByName("value"));
  }
  return std::nan("");
}

class TuneTest : public testing::StudyFolder {
 protected:
  TuneTest() {
    // The heavier seg is, the better it gets; the others stay.
    runner_.quality = [](const Config& config, const std::string& task) {
      return task == "seg" ? weight_of(config, "seg") : 1.0;
    };
  }
  Tuned tune_in(const std::string& folder, TuneOptions options = {},
                const std::vector<std::string>& assignments = {"train.epochs=4"}) {
    options.work_dir = path(folder);
    std::ostringstream out;
    auto tuned = tune(load_config(path("tiny.pbtxt"), assignments), options, runner_, out);
    said_ = out.str();
    return tuned;
  }
  std::string usage_error(const TuneOptions& options,
                          const std::vector<std::string>& assignments = {"train.epochs=4"}) {
    return refusal(ErrorKind::kUsage, [&] { tune_in("tuned", options, assignments); });
  }
};

TEST(CandidateWeights, AreDrawnAroundEqualOnes) {
  const auto all = candidate_weights(7, 3, 500, 10);
  ASSERT_EQ(all.size(), 500u);
  EXPECT_EQ(all[0], TaskWeights(3, 1));
  double least = 1, most = 1;
  for (const auto& weights : all) {
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 3, 2e-3);
    for (const double weight : weights) {
      EXPECT_GT(weight, 0);
      least = std::min(least, weight / weights[0]);
      most = std::max(most, weight / weights[0]);
    }
  }
  // Ratios of two numbers between 1/10 and 10.
  EXPECT_GT(least, 1 / 101.0);
  EXPECT_LT(least, 1 / 20.0);
  EXPECT_LT(most, 101);
  EXPECT_GT(most, 20);
}

TEST(CandidateWeights, FewerAreTheBeginningOfMore) {
  const auto few = candidate_weights(3, 2, 4, 10), many = candidate_weights(3, 2, 9, 10);
  for (size_t i = 0; i < few.size(); ++i) EXPECT_EQ(many[i], few[i]);
  EXPECT_NE(candidate_weights(4, 2, 4, 10)[1], few[1]);
}

TEST_F(TuneTest, HalvesDownToTheBest) {
  const auto tuned = tune_in("tuned");
  ASSERT_EQ(tuned.candidates.size(), 8u);
  ASSERT_EQ(tuned.rungs.size(), 3u);
  size_t trainings = 0;
  for (size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(tuned.rungs[r].epochs, 1 << r);
    EXPECT_EQ(tuned.rungs[r].entries.size(), 8u >> r);
    trainings += tuned.rungs[r].entries.size();
  }
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_LE(tuned.candidates[i][0], tuned.candidates[tuned.best][0]);
  }
  EXPECT_EQ(take_trained().size(), trainings);
  EXPECT_EQ(tuned.cost.trainings, trainings);
  EXPECT_EQ(tuned.cost.epochs, 8 * 1 + 4 * 2 + 2 * 4);
  EXPECT_EQ(tuned.cost.seconds, 0.5 * tuned.cost.epochs);
  EXPECT_THAT(said_, AllOf(HasSubstr("Rung 1 of 3: 8 candidates, 1 epoch\n"),
                           HasSubstr("Cost: 14 trainings, 24 epochs, 12 s"), HasSubstr("(equal)"),
                           HasSubstr("(best)")));
}

TEST_F(TuneTest, TheTunedConfigIsTheTunedOneWithItsWeights) {
  const auto tuned = tune_in("tuned");
  EXPECT_EQ(tuned.file, path("tuned/tuned.pbtxt"));
  const auto config = load_config(tuned.file).message();
  EXPECT_EQ(config.train().weighting().type_url(), "tasuki/ConstantWeights");
  EXPECT_EQ(weight_of(config, "depth"), tuned.candidates[tuned.best][1]);
  auto expected = load_config(path("tiny.pbtxt"), {"train.epochs=4"}).message();
  *expected.mutable_train()->mutable_weighting() = config.train().weighting();
  EXPECT_EQ(config.SerializeAsString(), expected.SerializeAsString());
  const auto json = nlohmann::json::parse(read("tuned/tune.json"));
  EXPECT_EQ(json.at("best"), tuned.best);
  EXPECT_EQ(json.at("cost").at("trainings"), 14);
  EXPECT_EQ(json.at("rungs")[2].at("entries").size(), 2u);
  EXPECT_EQ(json.at("tasks"), (std::vector<std::string>{"seg", "depth", "normal"}));
}

// Weights that the config has already are not mixed with those of a candidate.
TEST_F(TuneTest, TakesTheConfigsOwnWeightsOut) {
  const auto tuned =
      tune_in("tuned", {},
              {"train.epochs=1",
               "train.weighting=[tasuki/ConstantWeights]{weight{objective:\"seg\" value:7}}"});
  EXPECT_EQ(tuned.rungs.size(), 1u);
  EXPECT_EQ(weight_of(load_config(path("tuned/candidates/0@1/seed_0.pbtxt")).message(), "seg"), 1);
  EXPECT_EQ(weight_of(load_config(tuned.file).message(), "seg"), tuned.candidates[tuned.best][0]);
}

TEST_F(TuneTest, EqualWeightsWinWhereWeightsDoNotMatter) {
  runner_.quality = [](const Config&, const std::string&) { return 1.0; };
  EXPECT_EQ(tune_in("tuned").best, 0u);
}

TEST_F(TuneTest, SeveralSeedsDecideByTheirMean) {
  TuneOptions options;
  options.candidates = 2;
  options.seeds = 3;
  const auto tuned = tune_in("tuned", options);
  EXPECT_EQ(tuned.seeds, (std::vector<uint64_t>{0, 1, 2}));
  EXPECT_EQ(tuned.rungs.back().entries.back().by_seed.size(), 3u);
  EXPECT_EQ(tuned.cost.trainings, 2 * 3 + 3u);
}

TEST_F(TuneTest, KilledItGoesOnWithWhatIsNotFinished) {
  runner_.kill_after = 9;
  EXPECT_THROW(tune_in("tuned"), testing::Killed);
  EXPECT_FALSE(exists("tuned/tuned.pbtxt"));
  take_trained();
  runner_.kill_after = size_t(-1);
  const auto tuned = tune_in("tuned");
  EXPECT_EQ(take_trained().size(), 14u - 9);
  EXPECT_EQ(tuned.cost.trainings, 14u);
  tune_in("tuned");
  EXPECT_THAT(take_trained(), IsEmpty());
}

// Trainings of the lengths that both have serve again.
TEST_F(TuneTest, MayHaveMoreCandidatesLater) {
  TuneOptions options;
  options.candidates = 4;
  tune_in("tuned", options);
  take_trained();
  options.candidates = 6;
  tune_in("tuned", options);
  EXPECT_LT(take_trained().size(), 6u + 3 + 2);
}

TEST_F(TuneTest, WhatATrainingDependsOnCanNotChange) {
  tune_in("tuned");
  EXPECT_THAT(usage_error({}, {"train.epochs=8"}),
              AllOf(HasSubstr("holds another tuning"), HasSubstr("now is \"epochs: 8\"")));
  TuneOptions options;
  options.range = 5;
  EXPECT_THAT(usage_error(options), HasSubstr("of the range of the weights was \"10\""));
  options = {};
  options.base = path("base.pbtxt");
  write("base.pbtxt", "train { weighting { [tasuki/COSMOS] { lambda: 0.5 } } }\n");
  EXPECT_THAT(usage_error(options), HasSubstr("of the base of the tuning was "));
}

TEST_F(TuneTest, WhatCanNotGoWellIsRefusedBeforeAnythingIsWritten) {
  TuneOptions options;
  options.candidates = 1;
  EXPECT_THAT(usage_error(options), HasSubstr("candidates: 2 to"));
  options = {};
  options.range = 1;
  EXPECT_THAT(usage_error(options), HasSubstr("range: a number above 1"));
  options = {};
  options.jobs = 0;
  EXPECT_THAT(usage_error(options), HasSubstr("jobs: at least one"));
  EXPECT_THAT(usage_error({}, {"train.epochs=4", "model.task[depth].joint=false",
                               "model.task[normal].joint=false"}),
              HasSubstr("a tuning needs two tasks or more"));
  options = {};
  options.base = path("base.pbtxt");
  write("base.pbtxt", "train { weighting { [tasuki/EW] {} } }\n");
  EXPECT_THAT(usage_error(options),
              HasSubstr("a tuning needs a weighting that takes `weight { objective: value: }`"));
  write("base.pbtxt", "train { epochs: 3 weighting { [tasuki/ConstantWeights] {} } }\n");
  EXPECT_THAT(usage_error(options), HasSubstr("sets train.weighting alone"));
  EXPECT_FALSE(exists("tuned"));
  EXPECT_THAT(runner_.trained, IsEmpty());
}

}  // namespace
}  // namespace tasuki
