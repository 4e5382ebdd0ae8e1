#include "tasuki/study/search.h"

#include <csignal>
#include <nlohmann/json.hpp>

#include "tasuki/config/config_query.h"
#include "tasuki/io/files.h"
#include "tasuki/study/seeds.h"
#include "tests/core/study/study_folder.h"

namespace tasuki {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::everything;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class SearchTest : public testing::StudyFolder {
 protected:
  json decision(const std::string& folder) const {
    return json::parse(read(folder + "/decision.json"));
  }
};

SearchOptions with_strategies(SearchOptions options, std::vector<std::string> strategies) {
  options.strategies = std::move(strategies);
  options.affinity_every = 1;
  return options;
}

TEST_F(SearchTest, WhatCanNotGoWellIsRefusedBeforeAnythingIsWritten) {
  struct Case {
    std::function<void(SearchOptions&)> change;
    std::vector<std::string> assignments;
    std::string says;
  };
  const std::vector<Case> cases = {
      {[](auto& o) { o.strategies = {"enumerat"}; }, {}, "did you mean \"enumerate\"?"},
      {[](auto& o) { o.rule.target = "sge"; }, {}, "did you mean \"seg\"?"},
      {[](auto& o) { o.seeds = 0; }, {}, "seeds: "},
      {[](auto& o) { o.seeds = kMostSeeds + 1; }, {}, "seeds: "},
      {[](auto& o) { o.jobs = 0; }, {}, "jobs: "},
      {[](auto& o) { o.affinity_every = 0; }, {}, "affinity_every: "},
      {[](auto&) {}, {"model.architecture=[tasuki/HardSharing]{}"}, "model.self_auxiliary"},
      {[](auto& o) {
         o.strategies = {"tag"};
         o.affinity_every = 100;
       },
       {},
       "--affinity-every 100: a training has only 6 steps"},
      {[](auto&) {},
       {"train.warmup_steps=6"},
       "train.warmup_steps: a training has only 6 steps, and the warm-up takes 6 of them"},
      {[](auto&) {},
       {"data.loader.batch_size=7"},
       "data.loader.batch_size: split train has 6 samples, less than one batch"},
      {[](auto&) {},
       {"train.seed=18446744073709551000"},
       "train.seed: 18446744073709551000 is too large"},
      {[](auto& o) { o.base = "nowhere.pbtxt"; }, {}, "nowhere.pbtxt"},
  };
  for (const auto& one : cases) {
    SearchOptions options;
    one.change(options);
    EXPECT_THAT(refusal(ErrorKind::kUsage, [&] { search_in("search", options, one.assignments); }),
                HasSubstr(one.says));
  }
  EXPECT_FALSE(exists("search"));
  EXPECT_THAT(runner_.trained, IsEmpty());
}

TEST_F(SearchTest, AFolderOfSomethingElseIsLeftAlone) {
  write("training/config.pbtxt", "name: \"mine\"");
  EXPECT_THAT(refusal(ErrorKind::kUsage, [&] { search_in("training"); }),
              HasSubstr("training is the folder of something else"));
  EXPECT_EQ(read("training/config.pbtxt"), "name: \"mine\"");
}

TEST_F(SearchTest, ASearchIsOverWithItsDecision) {
  const auto found = search_in("search", everything());
  EXPECT_THAT(take_trained(), ElementsAre("seg, seed 0", "depth, seed 0", "normal, seed 0",
                                          "seg+depth, seed 0", "seg+normal, seed 0",
                                          "depth+normal, seed 0", StartsWith("seg+depth+normal,")));
  EXPECT_THAT(runner_.resumed, IsEmpty());
  for (const char* file : {"search.json", "config.pbtxt", "study.pbtxt", "selection.pbtxt",
                           "decision.json", "decision.html"}) {
    EXPECT_TRUE(exists(std::string("search/") + file)) << file;
  }
  EXPECT_THAT(said_, HasSubstr("[1/6] seg, seed 0: 2 epochs\n"));
  EXPECT_THAT(said_, HasSubstr("Report: " + path("search/decision.html").string() + "\n"));
  EXPECT_THAT(said_, HasSubstr("xploratory"));
  EXPECT_EQ(found.next_file, path("search/next.pbtxt"));
}

TEST_F(SearchTest, KilledItGoesOnWithWhatIsNotFinished) {
  runner_.kill_after = 2;
  EXPECT_THROW(search_in("search", everything()), testing::Killed);
  EXPECT_FALSE(exists("search/decision.json"));
  take_trained();
  runner_.kill_after = size_t(-1);
  search_in("search", everything());
  EXPECT_THAT(take_trained(),
              ElementsAre("normal, seed 0", "seg+depth, seed 0", "seg+normal, seed 0",
                          "depth+normal, seed 0", StartsWith("seg+depth+normal,")));
  // More seeds train these alone; fewer leave some aside, and say so.
  auto more = everything();
  more.seeds = 2;
  search_in("search", more);
  EXPECT_THAT(take_trained(), Each(HasSubstr("seed 1")));
  search_in("search", everything());
  EXPECT_THAT(take_trained(), IsEmpty());
  EXPECT_THAT(said_, HasSubstr("their seeds are not asked for: seed 1 ("));
}

TEST_F(SearchTest, WhatATrialDependsOnCanNotChange) {
  search_in("search", everything());
  const auto says = [&](const SearchOptions& options, const std::vector<std::string>& assignments) {
    return refusal(ErrorKind::kUsage, [&] { search_in("search", options, assignments); });
  };
  auto margin = everything();
  margin.margin = 1;
  EXPECT_THAT(says(margin, {}), HasSubstr("holds another search: its --margin is -1000, now 1"));
  EXPECT_THAT(says(everything(), {"train.epochs=3"}),
              HasSubstr("was \"epochs: 2\" and now is \"epochs: 3\""));
  EXPECT_THAT(says(everything(), {"data.dataset.val_size=4"}), HasSubstr("holds another search"));
  auto base = everything();
  base.base = path("base.pbtxt");
  write("base.pbtxt", "base: \"" + default_study_base().string() +
                          "\"\ntrain { weighting { [tasuki/UW] {} } }\n");
  EXPECT_THAT(says(base, {}), HasSubstr("of the base of the study was \"[tasuki/EW] {\""));
  take_trained();
}

TEST_F(SearchTest, AnotherRuleAndFurtherStrategiesRepeatNothing) {
  search_in("search", everything());
  take_trained();
  auto rule = everything();
  rule.rule.target = "depth";
  rule.rule.least_gain = 1000;
  rule.rule.confidence = 0;
  EXPECT_FALSE(search_in("search", rule).verdict.adopt);
  EXPECT_THAT(said_, HasSubstr("Do not adopt"));
  EXPECT_THAT(take_trained(), IsEmpty());

  search_in("search", with_strategies(everything(), {"enumerate", "tag", "cosine"}));
  EXPECT_THAT(take_trained(), ElementsAre("seg+depth+normal@affinity, seed 0"));
  EXPECT_THAT(said_, HasSubstr("[1/1] seg+depth+normal@affinity"));
  const auto strategies = decision("search").at("strategies");
  ASSERT_EQ(strategies.size(), 3u);
  EXPECT_EQ(strategies[0].at("name"), "enumerate");
  EXPECT_EQ(strategies[0].at("cost").at("trainings"), 6);
  EXPECT_NEAR(strategies[0].at("cost").at("joint_epochs").get<double>(), 6, 1e-9);
  for (const size_t i : {1, 2}) {
    // All affinities are positive, and a margin of -1000 % includes everything: they agree.
    EXPECT_EQ(strategies[i].at("agreement_with_enumerate").at("shared_decisions"), 6);
  }
}

TEST_F(SearchTest, ADamagedTrialIsAnErrorThatSaysWhatToRemove) {
  search_in("search", everything());
  const auto place = path("search/trials/depth/seed_0").string();
  const auto advice = "remove " + place + ", and the same command makes it anew";
  const auto last = read("search/trials/depth/seed_0/last.safetensors");
  write("search/trials/depth/seed_0/last.safetensors", last.substr(0, 10));
  EXPECT_THAT(refusal(ErrorKind::kData, [&] { search_in("search", everything()); }),
              ::testing::AllOf(HasSubstr(place + "/last.safetensors"), HasSubstr("; " + advice)));
  // Unfinished, with a config that can't be read.
  std::filesystem::remove(place + "/last.safetensors");
  write("search/trials/depth/seed_0/config.pbtxt", "model {");
  EXPECT_THAT(refusal(ErrorKind::kRun, [&] { search_in("search", everything()); }),
              HasSubstr("where one of them is damaged, " + advice));
  EXPECT_THAT(runner_.resumed, ElementsAre("depth, seed 0"));
}

// Both candidates over one epoch, the better one over two, each beside its target alone; a seed
// that chose nothing judges.
TEST_F(SearchTest, HalvingTrainsItsRungs) {
  runner_.quality = [](const Config& config, const std::string& task) {
    return config.model().self_auxiliary_size() > 0 && task == "depth" ? 1.1 : 1.0;
  };
  SearchOptions options;
  options.strategies = {"halving"};
  options.verdict_seeds = 1;
  // A data set may have no test split of its own.
  search_in("halved", options, {"data.test_split=val"}, "two.pbtxt");
  EXPECT_THAT(take_trained(),
              ElementsAre("seg@1, seed 0", "depth@1, seed 0", "seg,depth~seg@1, seed 0",
                          "depth,seg~depth@1, seed 0", "depth, seed 0", "depth,seg~depth, seed 0",
                          "seg, seed 1000", "depth, seed 1000", "seg+depth,seg~depth, seed 1000"));
  search_in("halved", options, {"data.test_split=val"}, "two.pbtxt");
  EXPECT_THAT(take_trained(), IsEmpty());
  const auto found = decision("halved");
  EXPECT_EQ(found["strategies"][0]["cost"]["trainings"], 6);
  EXPECT_EQ(found["strategies"][0]["cost"]["epochs"], 8);
  EXPECT_EQ(found["seeds"], json({0}));
  EXPECT_EQ(found["verdict_seeds"], json({1000}));
  EXPECT_EQ(found["verdict"]["exploratory"], false);
  for (const char* side : {"before", "after"}) {
    for (const auto& model : found["inference"][side]["checkpoints"]) {
      EXPECT_THAT(model["checkpoint"].get<std::string>(), HasSubstr("seed_1000"));
    }
  }
  EXPECT_EQ(found["training"]["choosing"]["trainings"], 6);
  EXPECT_EQ(found["training"]["verdict"]["trainings"], 3);
}

// A task without a figure in the protocol has no gain, and the joint model is asked for twice.
TEST_F(SearchTest, ATaskWithoutFiguresHasNoGain) {
  auto options = with_strategies(everything(), {"enumerate", "cosine"});
  options.margin = 0;
  options.joint = true;
  options.jobs = 2;
  search_in("unmeasured", options, {"train.epochs=1", "protocol.metric=\"seg.miou\""}, "two.pbtxt");
  EXPECT_THAT(said_, HasSubstr("adopt"));
  const auto trained = take_trained();
  EXPECT_EQ(std::set<std::string>(trained.begin(), trained.end()).size(), trained.size());
}

TEST_F(SearchTest, TrainingsRunSideBySide) {
  runner_.patience = 1;
  auto options = everything();
  options.jobs = 2;
  search_in("search", options);
  EXPECT_EQ(runner_.most_running, 2u);
  EXPECT_EQ(runner_.running, 0u);
  EXPECT_EQ(runner_.stopped, 0u);
}

TEST_F(SearchTest, TheNextConfigIsTheJudgedModel) {
  runner_.quality = [](const Config& config, const std::string& task) {
    return config.model().task_size() > 1 && task == "depth" ? 1.1
           : config.model().task_size() > 1                  ? 0.9
                                                             : 1.0;
  };
  SearchOptions options;
  options.verdict_seeds = 0;
  search_in("search", options);
  EXPECT_THAT(read("search/next.pbtxt"),
              StartsWith("# Written by tasuki search. Decision: adopt (exploratory).\n"));
  EXPECT_THAT(
      read("search/selection.pbtxt"),
      StartsWith("# Written by tasuki search; [tasuki/FromSearch] { file: ... } reads it.\n"));
  const auto next = load_config(path("search/next.pbtxt"));
  EXPECT_EQ(next.message().name(), "tiny with transfers");
  EXPECT_THAT(task_names(next.message()), ElementsAre("seg", "depth", "normal"));
  EXPECT_THAT(joint_tasks(next.message()), ElementsAre("depth"));
  EXPECT_EQ(next.message().train().weighting().type_url(), "tasuki/EW");
  const StudyBase base(default_study_base());
  ASSERT_EQ(next.message().model().self_auxiliary_size(), 1);
  EXPECT_EQ(base.selection_file(next.message().model().self_auxiliary(0)),
            path("search/selection.pbtxt"));
  // What is judged later as another is no next config any more.
  options.margin = 1e6;
  search_in("none", options);
  EXPECT_THAT(said_, HasSubstr("transfers none"));
}

TEST_F(SearchTest, AFailedTrainingEndsTheSearchAfterTheOthers) {
  runner_.failures["seg, seed 0"] = "was killed by signal 9";
  runner_.patience = 1;
  auto options = everything();
  options.jobs = 2;
  const auto says = refusal(ErrorKind::kRun, [&] { search_in("broken", options); });
  EXPECT_THAT(says, StartsWith("seg, seed 0 was killed by signal 9; its log is " +
                               path("broken/trials/seg/seed_0.log").string() +
                               " and ends:\n    a line\n    the last words\n"));
  EXPECT_THAT(says, HasSubstr("What is finished is kept; the same command goes on."));
  EXPECT_THAT(take_trained(), ElementsAre("seg, seed 0", "depth, seed 0"));
  EXPECT_EQ(runner_.stopped, 0u);
  runner_.failures.clear();
  search_in("broken", options);
  EXPECT_THAT(take_trained(), Not(Contains("depth, seed 0")));
}

TEST_F(SearchTest, ATrainingWithoutItsLastCheckpointIsNoFinishedOne) {
  runner_.without_checkpoint = {"seg, seed 0"};
  EXPECT_THAT(refusal(ErrorKind::kRun, [&] { search_in("broken", everything()); }),
              StartsWith("seg, seed 0 ended without its last checkpoint; "));
}

TEST_F(SearchTest, ASignalStopsTheTrainings) {
  for (const int signal : {SIGTERM, SIGINT}) {
    runner_.patience = 1000;
    runner_.stopped = 0;
    runner_.while_running = [&] { std::raise(signal); };
    EXPECT_EQ(refusal(ErrorKind::kRun, [&] { search_in("stopped", everything()); }),
              "stopped; the same command goes on from here");
    EXPECT_EQ(runner_.stopped, 1u);
    EXPECT_EQ(runner_.running, 0u);
  }
  runner_.patience = 0;
  search_in("stopped", everything());
  EXPECT_TRUE(exists("stopped/decision.json"));
}

// Configs of trials as earlier versions wrote them, joined of strings, and no base kept beside.
TEST_F(SearchTest, AFolderOfAnEarlierVersionGoesOn) {
  search_in("search", everything());
  const auto resolved = load_config(path("search/trials/seg/seed_0.pbtxt")).text();
  write(
      "search/trials/seg/seed_0.pbtxt",
      "base: \"../../config.pbtxt\"\nremove: \"model.task[depth]\"\nremove: "
      "\"model.task[normal]\"\nname: \"seg, seed 0\"\nmodel {\n  task { name: \"seg\" joint: true "
      "}\n}\ntrain {\n  epochs: 2\n  seed: 0\n  threads: " +
          std::to_string(
              load_config(path("search/trials/seg/seed_0.pbtxt")).message().train().threads()) +
          "\n  weighting { [tasuki/EW] {} }\n}\n");
  EXPECT_EQ(load_config(path("search/trials/seg/seed_0.pbtxt")).text(), resolved);
  std::filesystem::remove(path("search/study.pbtxt"));
  take_trained();
  auto options = everything();
  options.seeds = 2;
  search_in("search", options);
  EXPECT_THAT(take_trained(), Each(HasSubstr("seed 1")));
  EXPECT_TRUE(exists("search/study.pbtxt"));
}

// A base of one's own: its plugins and their options are those of the trials.
TEST_F(SearchTest, TheBaseSaysWhatTrialsAreMadeWith) {
  auto options = everything();
  options.base = path("base.pbtxt");
  write("base.pbtxt", "base: \"" + default_study_base().string() + R"("
model {
  self_auxiliary { [tasuki/Transfers] { decoder { [tasuki/FCNHead] { channels: 4 } } } }
  self_auxiliary { [tasuki/FromSearch] {} }
}
train { weighting { [tasuki/UW] {} } }
)");
  search_in("search", options, {}, "two.pbtxt");
  EXPECT_EQ(
      load_config(path("search/trials/seg/seed_0.pbtxt")).message().train().weighting().type_url(),
      "tasuki/UW");
  const auto chosen = read("search/trials/seg+depth,depth~seg,seg~depth/seed_0.pbtxt");
  EXPECT_THAT(chosen, HasSubstr("channels: 4"));
  EXPECT_EQ(load_config(path("search/next.pbtxt")).message().train().weighting().type_url(),
            "tasuki/UW");
}

}  // namespace
}  // namespace tasuki
