#include "tasuki/study/compare.h"

#include <csignal>

#include "tasuki/config/config_query.h"
#include "tasuki/io/files.h"
#include "tests/core/study/study_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CompareTest : public testing::StudyFolder {
 protected:
  CompareTest() {
    write("wide.pbtxt",
          "base: \"two.pbtxt\"\nname: \"wide\"\nmodel { task { name: \"seg\" decoder { "
          "[tasuki/FCNHead] { channels: 12 } } } }\n");
  }

  std::string usage_error(const std::vector<std::string>& configs, const CompareOptions& options,
                          const std::vector<std::string>& assignments = {},
                          const std::string& folder = "table") {
    return refusal(ErrorKind::kUsage, [&] { compare_in(folder, configs, options, assignments); });
  }
  // The single-task trainings of `table`, as baselines of another comparison.
  CompareOptions given() const {
    CompareOptions options;
    options.baselines = {path("table/single_task/seg/seed_0"),
                         path("table/single_task/depth/seed_0")};
    return options;
  }
  std::vector<std::string> threads_in(const std::string& name) const {
    return {std::to_string(load_config(path(name)).message().train().threads())};
  }
};

CompareOptions seeds(size_t count) {
  CompareOptions options;
  options.seeds = count;
  return options;
}

TEST_F(CompareTest, WhatCanNotGoWellIsRefusedBeforeAnythingIsWritten) {
  for (const char* own : {"lock", "single_task", "compare.json", "study.pbtxt"}) {
    const auto file = std::string(own) + ".pbtxt";
    write(file, "base: \"two.pbtxt\"\n");
    EXPECT_THAT(
        usage_error({file}, {}),
        HasSubstr(std::string("a comparison has something of its own that is called ") + own));
  }
  write("other/two.pbtxt", "base: \"../two.pbtxt\"\n");
  EXPECT_THAT(usage_error({"two.pbtxt", "other/two.pbtxt"}, {}),
              HasSubstr("two configs of a comparison are called two; rename"));
  EXPECT_THAT(usage_error({}, {}), HasSubstr("needs a config"));
  EXPECT_THAT(usage_error({"two.pbtxt"}, seeds(0)), HasSubstr("one seed"));
  CompareOptions split;
  split.split = "tset";
  EXPECT_THAT(usage_error({"two.pbtxt"}, split),
              HasSubstr("--split: the data set has no split \"tset\" (did you mean \"test\"?)"));
  CompareOptions baseline;
  baseline.baselines = {"nowhere"};
  EXPECT_THAT(usage_error({"two.pbtxt"}, baseline),
              HasSubstr("--baseline nowhere: this is no work dir of a finished training"));
  EXPECT_THAT(usage_error({"two.pbtxt"}, {}, {"data.loader.batch_size=7"}),
              HasSubstr("data.loader.batch_size: split train has 6 samples, less than one batch"));
  // What is wrong with the last config is said before the first one is trained.
  write("nowhere.pbtxt",
        "base: \"two.pbtxt\"\nmodel { self_auxiliary { [tasuki/FromSearch] {} } }\n");
  EXPECT_THAT(
      usage_error({"two.pbtxt", "nowhere.pbtxt"}, {}),
      AllOf(HasSubstr("nowhere.pbtxt:2:"), HasSubstr("self_auxiliary[0].file: is required")));
  EXPECT_FALSE(exists("table"));
  EXPECT_THAT(runner_.trained, IsEmpty());
}

TEST_F(CompareTest, TrainsAllAndEachTaskAlone) {
  runner_.quality = [](const Config& config, const std::string&) {
    return config.model().task_size() > 1 ? 1.1 : 1.0;
  };
  auto options = seeds(2);
  options.split = "test";
  const auto comparison = compare_in("table", {"two.pbtxt", "wide.pbtxt"}, options);
  EXPECT_THAT(take_trained(),
              ElementsAre("two, seed 0", "two, seed 1", "wide, seed 0", "wide, seed 1",
                          "depth alone, seed 0", "depth alone, seed 1", "seg alone, seed 0",
                          "seg alone, seed 1"));
  EXPECT_EQ(runner_.evaluated.size(), 8u);
  EXPECT_THAT(said_, AllOf(HasSubstr("single-task"), HasSubstr("delta_m, percent"),
                           HasSubstr("Protocol unnamed, split test, 2 seeds\n"),
                           EndsWith("Report: " + path("table/compare.html").string() + "\n")));
  for (const char* file : {"compare.json", "compare.html", "conditions.json",
                           "wide/seed_1/eval_test.json", "single_task/seg/seed_0/eval_test.json"}) {
    EXPECT_TRUE(exists(std::string("table/") + file)) << file;
  }
  const auto rows = rows_of(comparison);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NEAR(rows[1].delta_m->mean, 100 * (0.1 + (1 - 1 / 1.1)) / 2, 1.0);
  // A finished comparison trains and evaluates nothing.
  runner_.evaluated.clear();
  compare_in("table", {"two.pbtxt", "wide.pbtxt"}, options);
  EXPECT_THAT(take_trained(), IsEmpty());
  EXPECT_THAT(runner_.evaluated, IsEmpty());
}

TEST_F(CompareTest, OneConfigIsComparedWithSeveralWeightings) {
  const auto configs = with_weightings(
      load_config(path("two.pbtxt")),
      {"[tasuki/EW]{}", "[tasuki/AutoLambda]{every: 4 lagged: true}", "[tasuki/UW]{}"});
  CompareOptions options;
  options.work_dir = path("weightings");
  options.data_root = path(".");
  std::ostringstream out;
  const auto rows = rows_of(compare(configs, options, runner_, out));
  EXPECT_THAT(take_trained(),
              ElementsAre("EW, seed 0", "AutoLambda_every_4_lagged_true, seed 0", "UW, seed 0",
                          "depth alone, seed 0", "seg alone, seed 0"));
  ASSERT_EQ(rows.size(), 4u);
  const auto trained = load_config(path("weightings/UW/seed_0.pbtxt"));
  EXPECT_THAT(trained.text(), HasSubstr("[tasuki/UW]"));
}

TEST_F(CompareTest, OneMethodIsComparedWithSeveralOptionsButNotWithItself) {
  const auto config = load_config(path("two.pbtxt"));
  const std::vector<std::string> two = {"[tasuki/CAGrad]{c: 0.2}", "[tasuki/CAGrad]{c: 0.8}"};
  EXPECT_EQ(with_weightings(config, two).size(), 2u);
  try {
    with_weightings(config, {two[0], two[0]});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--weighting [tasuki/CAGrad]{c: 0.2} is there twice");
  }
}

TEST_F(CompareTest, ATextThatIsNoWeightingIsShownHowToWriteOne) {
  const auto config = load_config(path("two.pbtxt"));
  for (const std::string text :
       {"PCGrad", "PCGrad{}", "[PCGrad]{}", "[tasuki/PCGrad]", "tasuki/PCGrad"}) {
    try {
      with_weightings(config, {text});
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("in braces: '[tasuki/PCGrad]{}'"));
    }
  }
  for (const std::string text : {"", "nonsense", "{}", "[]"}) {
    try {
      with_weightings(config, {text});
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("tasuki plugins Weighting"));
    }
  }
}

TEST_F(CompareTest, KilledItGoesOnWithWhatIsNotFinished) {
  runner_.kill_after = 2;
  EXPECT_THROW(compare_in("table", {"two.pbtxt"}), testing::Killed);
  take_trained();
  runner_.kill_after = size_t(-1);
  compare_in("table", {"two.pbtxt"});
  EXPECT_THAT(take_trained(), ElementsAre("seg alone, seed 0"));
}

TEST_F(CompareTest, WhatATrainingDependsOnCanNotChange) {
  compare_in("table", {"two.pbtxt", "wide.pbtxt"}, seeds(2));
  EXPECT_THAT(usage_error({"two.pbtxt"}, seeds(2), {"train.epochs=3"}),
              HasSubstr("was \"epochs: 2\" and now is \"epochs: 3\""));
  EXPECT_THAT(usage_error({"wide.pbtxt"}, seeds(2)), HasSubstr("alone by another config"));
  EXPECT_THAT(
      usage_error({"two.pbtxt"}, seeds(2),
                  {"data.dataset=[tasuki/Rooms]{height:32 width:40 train_size:6 val_size:3 "
                   "test_size:3 seed:9}"}),
      HasSubstr("the data have changed: split train: the same ids, but other images or labels"));
  auto base = seeds(2);
  base.base = path("base.pbtxt");
  write("base.pbtxt", "base: \"" + default_study_base().string() +
                          "\"\ntrain { weighting { [tasuki/UW] {} } }\n");
  EXPECT_THAT(usage_error({"two.pbtxt"}, base), HasSubstr("of the base of the study was "));
}

TEST_F(CompareTest, SeedsMayGrowAndShrink) {
  compare_in("table", {"two.pbtxt", "wide.pbtxt"}, seeds(2));
  take_trained();
  compare_in("table", {"two.pbtxt"}, seeds(1));
  const auto table = path("table").string();
  EXPECT_THAT(
      said_,
      StartsWith("Left aside in " + table +
                 ", their seeds are not asked for: seed 1 (two, wide)\nLeft aside in " + table +
                 "/single_task, their seeds are not asked for: seed 1 (depth, "
                 "seg)\n"));
  // A later call has its own number of jobs, but trains with the threads of the first one.
  auto more = seeds(3);
  more.jobs = 2;
  compare_in("table", {"two.pbtxt", "wide.pbtxt"}, more);
  EXPECT_THAT(take_trained(), Each(HasSubstr("seed 2")));
  EXPECT_EQ(threads_in("table/two/seed_0.pbtxt"), threads_in("table/two/seed_2.pbtxt"));
}

// A config's own number of threads is its own: not that of the configs after it.
TEST_F(CompareTest, AConfigKeepsItsThreads) {
  write("own.pbtxt", "base: \"two.pbtxt\"\ntrain { threads: 61 }\n");
  compare_in("threads", {"own.pbtxt", "wide.pbtxt"});
  EXPECT_THAT(threads_in("threads/own/seed_0.pbtxt"), ElementsAre("61"));
  EXPECT_THAT(read("threads/wide/seed_0.pbtxt"), ::testing::Not(HasSubstr("threads: 61\n")));
}

TEST_F(CompareTest, GivenBaselinesTakeThePlaceOfOwnOnes) {
  compare_in("table", {"two.pbtxt"});
  take_trained();
  auto some = given();
  some.baselines.pop_back();
  EXPECT_THAT(usage_error({"two.pbtxt"}, some, {}, "given"),
              HasSubstr("task \"depth\" of two has no single-task run"));
  auto joint = given();
  joint.baselines = {path("table/two/seed_0")};
  EXPECT_THAT(usage_error({"two.pbtxt"}, joint, {}, "given"),
              HasSubstr("it predicts seg, depth, not one task alone"));
  EXPECT_THAT(usage_error({"two.pbtxt"}, given(), {"protocol.name=other"}, "given"),
              HasSubstr("its protocol is \"\", and that of two is \"other\""));
  EXPECT_THAT(usage_error({"two.pbtxt"}, given(), {"data.validation_split=test"}, "given"),
              HasSubstr("its data are not those of two: line "));
  auto split = given();
  split.split = "test";
  EXPECT_THAT(usage_error({"two.pbtxt"}, split, {}, "given"),
              HasSubstr("eval_test.json is not there; make it with tasuki eval "));
  EXPECT_FALSE(exists("given"));

  compare_in("given", {"wide.pbtxt"}, given());
  EXPECT_THAT(take_trained(), ElementsAre("wide, seed 0"));
  EXPECT_TRUE(exists("given/compare.json"));
  EXPECT_FALSE(exists("given/single_task"));
}

TEST_F(CompareTest, FiguresOfTwoProtocolsDoNotMix) {
  write("other.pbtxt", "base: \"two.pbtxt\"\nprotocol { name: \"P\" }\n");
  EXPECT_THAT(usage_error({"two.pbtxt", "other.pbtxt"}, {}),
              StartsWith("other: its protocol is \"P\", and that of two is \"\""));
}

// A selection that changes makes another config of the same text.
TEST_F(CompareTest, AChangedSelectionIsAnotherConfig) {
  write("by.pbtxt", "transfer { from: \"seg\" to: \"depth\" included: true }\n");
  write("by_file.pbtxt",
        "base: \"two.pbtxt\"\nmodel { self_auxiliary { [tasuki/FromSearch] { file: \"" +
            path("by.pbtxt").string() + "\" } } }\n");
  compare_in("by", {"by_file.pbtxt"});
  write("by.pbtxt", "transfer { from: \"depth\" to: \"seg\" included: true }\n");
  EXPECT_THAT(usage_error({"by_file.pbtxt"}, {}, {}, "by"),
              HasSubstr("line 1 of the self-auxiliaries was \"seg->depth\" and now is "
                        "\"depth->seg\""));
}

// A task that a config leaves out is served by the single-task model.
TEST_F(CompareTest, ATaskThatIsLeftOutHasItsSingleTaskModel) {
  write("left_out.pbtxt", "base: \"two.pbtxt\"\nmodel { task { name: \"depth\" joint: false } }\n");
  const auto comparison = compare_in("table", {"two.pbtxt", "left_out.pbtxt"});
  EXPECT_THAT(comparison.models.at(1).alone, ElementsAre("depth"));
  EXPECT_THAT(comparison.models.at(0).alone, IsEmpty());
  // Two encoders in all, whose first stages the joint model shares.
  EXPECT_GT(comparison.models.at(1).parameters, comparison.models.at(0).parameters);
}

TEST_F(CompareTest, AFailedEvaluationShowsTheEndOfItsLog) {
  CompareOptions options;
  options.split = "test";
  compare_in("table", {"two.pbtxt"});
  runner_.failures["two, seed 0"] = "failed with exit code 1";
  EXPECT_THAT(refusal(ErrorKind::kRun, [&] { compare_in("table", {"two.pbtxt"}, options); }),
              AllOf(StartsWith("two, seed 0: no figures on split test; the log is "),
                    HasSubstr("    the last words\n"),
                    EndsWith("remove " + path("table/two/seed_0").string() +
                             ", and the same command makes it anew")));
  // Damaged figures are made again once they are removed.
  runner_.failures.clear();
  compare_in("table", {"two.pbtxt"}, options);
  write("table/two/seed_0/eval_test.json", "{");
  EXPECT_THAT(refusal(ErrorKind::kData, [&] { compare_in("table", {"two.pbtxt"}, options); }),
              EndsWith("; remove " + path("table/two/seed_0/eval_test.json").string() +
                       ", and the same command makes it anew"));
}

TEST_F(CompareTest, ASignalStopsAnEvaluation) {
  compare_in("table", {"two.pbtxt"});
  CompareOptions options;
  options.split = "test";
  runner_.patience = 1000;
  runner_.while_running = [] { std::raise(SIGTERM); };
  EXPECT_EQ(refusal(ErrorKind::kRun, [&] { compare_in("table", {"two.pbtxt"}, options); }),
            "stopped; the same command goes on from here");
  EXPECT_EQ(runner_.stopped, 1u);
}

// The config file of a single-task training as earlier versions wrote it.
TEST_F(CompareTest, AFolderOfAnEarlierVersionGoesOn) {
  compare_in("table", {"two.pbtxt"});
  take_trained();
  for (const char* task : {"seg", "depth"}) {
    const auto file = std::string("table/single_task/") + task + "/seed_0.pbtxt";
    const auto kept = read(file);
    write(file, "base: \"../../two/config.pbtxt\"\n" + kept.substr(kept.find('\n') + 1));
  }
  std::filesystem::remove(path("table/study.pbtxt"));
  compare_in("table", {"two.pbtxt"});
  EXPECT_THAT(take_trained(), IsEmpty());
}

}  // namespace
}  // namespace tasuki
