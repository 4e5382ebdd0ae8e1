#include "tasuki/study/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/config/config.h"
#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;

Trial transfer_trial() {
  Trial trial;
  trial.tasks = {"depth"};
  trial.transfers = {{"seg", "depth"}};
  trial.epochs = 2;
  return trial;
}

TEST(Trial, NameSaysWhatItIs) {
  Trial joint;
  joint.tasks = {"seg", "depth"};
  EXPECT_EQ(trial_name(joint), "seg+depth");
  EXPECT_EQ(trial_name(transfer_trial()), "depth,seg~depth@2");
  joint.measures_affinity = true;
  EXPECT_EQ(trial_name(joint), "seg+depth@affinity");
}

TEST(Trial, NamesOfDifferentTrialsDiffer) {
  const auto name = [](std::vector<std::string> tasks) {
    Trial trial;
    trial.tasks = std::move(tasks);
    return trial_name(trial);
  };
  EXPECT_NE(name({"a+b", "c"}), name({"a", "b+c"}));
  EXPECT_NE(name({"a@2"}), name({"a"}));
  EXPECT_EQ(name({"a b"}), "a%20b");
  // Long ones stay file names.
  const std::vector<std::string> many(40, "segmentation");
  auto other = many;
  other.back() = "depth";
  EXPECT_LT(name(many).size(), 130u);
  EXPECT_NE(name(many), name(other));
}

TEST(Trial, CountsObjectivesAndSources) {
  EXPECT_EQ(transfer_trial().objectives(), 2u);
  EXPECT_THAT(transfer_trial().sources(), ElementsAre("seg"));
  Trial joint = transfer_trial();
  joint.tasks = {"seg", "depth"};
  EXPECT_THAT(joint.sources(), ElementsAre());
}

class TrialConfig : public ::testing::Test {
 protected:
  // The trial's config laid over one with three tasks and a policy.
  ResolvedConfig resolved(const Trial& trial, const TrialSetting& setting = {7, 1}) {
    const auto base = parse_config(R"(
      name: "base"
      model {
        task { name: "seg" kind { [tasuki/Segmentation] { classes: 13 } } }
        task { name: "depth" kind { [tasuki/Depth] {} } }
        task { name: "normal" joint: false kind { [tasuki/Normals] {} } }
        self_auxiliary { [tasuki/AllPairs] {} }
      }
      train {
        epochs: 8 warmup_steps: 20 seed: 5
        weighting { [tasuki/DWA] {} }
        hook { name: "mine" hook { [tasuki/Affinity] { every: 5 } } }
      })",
                                   "text");
    auto layer = trial_config(trial, base.message(), StudyBase(default_study_base()), setting);
    const auto laid = laid_over(base, layer);
    // The same as a file.
    write_file_atomically(folder_ / "base.pbtxt", base.text());
    layer.add_base("base.pbtxt");
    write_file_atomically(folder_ / "trial.pbtxt", write_text(layer));
    EXPECT_EQ(laid.text(), load_config(folder_ / "trial.pbtxt").text());
    return laid;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(TrialConfig, OfATaskAloneHasThatTaskAndNoPolicy) {
  Trial trial;
  trial.tasks = {"normal"};
  const auto config = resolved(trial).message();
  EXPECT_THAT(task_names(config), ElementsAre("normal"));
  EXPECT_TRUE(config.model().task(0).joint());
  EXPECT_EQ(config.model().self_auxiliary_size(), 0);
  EXPECT_EQ(config.train().weighting().type_url(), "tasuki/EW");
  EXPECT_EQ(config.train().seed(), 7u);
  EXPECT_EQ(config.train().threads(), 1u);
  EXPECT_EQ(config.train().epochs(), 8u);
  EXPECT_EQ(config.train().warmup_steps(), 20u);
}

TEST_F(TrialConfig, OfATransferKeepsItsSourceWithoutARoute) {
  const auto text = resolved(transfer_trial()).text();
  const auto config = resolved(transfer_trial()).message();
  EXPECT_THAT(task_names(config), ElementsAre("seg", "depth"));
  EXPECT_FALSE(config.model().task(0).joint());
  ASSERT_EQ(config.model().self_auxiliary_size(), 1);
  EXPECT_EQ(config.model().self_auxiliary(0).type_url(), "tasuki/Transfers");
  EXPECT_THAT(text, ::testing::HasSubstr("from: \"seg\""));
  // A quarter of the epochs has a quarter of the warm-up.
  EXPECT_EQ(config.train().epochs(), 2u);
  EXPECT_EQ(config.train().warmup_steps(), 5u);
}

TEST_F(TrialConfig, OfAMeasuredRunHasTheHook) {
  Trial trial;
  trial.tasks = {"seg", "depth"};
  trial.measures_affinity = true;
  const auto config = resolved(trial, {7, 0, 3});
  ASSERT_EQ(config.message().train().hook_size(), 1);
  EXPECT_EQ(config.message().train().hook(0).hook().type_url(), "tasuki/Affinity");
  EXPECT_EQ(config.message().train().hook(0).name(), "affinity");
  EXPECT_THAT(config.text(), ::testing::HasSubstr("every: 3"));
  EXPECT_FALSE(config.given().train().has_threads());
}

TEST(WarmUp, LeavesEveryRungAStep) {
  for (uint32_t epochs = 1; epochs <= 9; ++epochs) {
    for (uint32_t per_epoch = 1; per_epoch <= 4; ++per_epoch) {
      for (uint32_t warmup = 0; warmup < epochs * per_epoch; ++warmup) {
        Config config;
        config.mutable_train()->set_epochs(epochs);
        config.mutable_train()->set_warmup_steps(warmup);
        EXPECT_EQ(warmup_steps(config, epochs), warmup);
        for (uint32_t rung = 1; rung <= epochs; ++rung) {
          EXPECT_LT(warmup_steps(config, rung), rung * per_epoch) << warmup << " of " << epochs;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tasuki
