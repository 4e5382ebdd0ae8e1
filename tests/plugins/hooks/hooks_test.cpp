#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/report_builder.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using testing::TinyRun;

std::vector<std::string> hooks_alone(const std::vector<std::string>& hooks) {
  std::vector<std::string> assignments = {"train.hook=[]"};
  for (const auto& hook : hooks) {
    assignments.push_back("train.hook[" + hook + "].hook=[tasuki/" + hook + "]{}");
  }
  return assignments;
}

class HooksTest : public ::testing::Test {
 protected:
  // The names of the files that a run with these hooks leaves.
  std::vector<std::string> files_after(std::vector<std::string> assignments) {
    TinyRun(folder_.path(), assignments).train();
    std::vector<std::string> names;
    for (const auto& item : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(item.path().filename().string());
    }
    return names;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(HooksTest, HistoryHasALineAnEpochAndTheBestFigures) {
  EXPECT_THAT(files_after(hooks_alone({"History"})),
              ::testing::UnorderedElementsAre(kHistoryFile, kMetricsFile));
  const auto lines = testing::history_of(folder_.path());
  ASSERT_EQ(lines.size(), 2u);
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["epoch"], i + 1);
    EXPECT_EQ(lines[i]["step"], 3 * (i + 1));
    EXPECT_EQ(lines[i]["loss"].size(), 3u);
    EXPECT_EQ(lines[i]["coefficient"]["seg"], 1.0);
    EXPECT_TRUE(lines[i]["val"]["seg.miou"].is_number());
  }
  const auto metrics = nlohmann::json::parse(read_file(folder_ / kMetricsFile));
  EXPECT_EQ(metrics["config"], "tiny");
  EXPECT_EQ(metrics["split"], "val");
  EXPECT_EQ(metrics["epochs_done"], 2);
  EXPECT_EQ(metrics["finished"], true);
  const size_t best = metrics["epoch"].get<size_t>();
  EXPECT_EQ(metrics["score"], lines[best - 1]["score"]);
  EXPECT_EQ(lines[best - 1]["best"], true);
  EXPECT_EQ(metrics["tasks"]["depth"]["metrics"]["abs_rel"],
            lines[best - 1]["val"]["depth.abs_rel"]);

  // The report reads it back as curves of two points.
  const auto curves = read_history(folder_ / kHistoryFile);
  const auto found = std::find_if(curves.begin(), curves.end(),
                                  [](const auto& curve) { return curve.name == "loss/depth"; });
  ASSERT_NE(found, curves.end());
  EXPECT_THAT(found->x, ::testing::ElementsAre(1, 2));
  EXPECT_EQ(found->y[1], lines[1]["loss"]["depth"].get<double>());
}

TEST_F(HooksTest, ABrokenHistoryNamesItsLine) {
  const auto file = folder_ / kHistoryFile;
  for (const std::string line : {"{", "[]", "{\"loss\":{}}", "{\"epoch\":\"1\"}"}) {
    write_file_atomically(file, "{\"epoch\":1,\"loss\":{\"seg\":1}}\n" + line + "\n");
    try {
      read_history(file);
      FAIL() << line;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(file.string() + ":2:")) << line;
    }
  }
}

TEST_F(HooksTest, CheckpointWritesAsOftenAsAskedForAndAtTheEnd) {
  auto assignments = hooks_alone({"Checkpoint"});
  assignments.insert(assignments.end(), {"train.epochs=3", "train.hook[Checkpoint].hook.every=2"});
  std::vector<bool> written;
  TinyRun tiny(folder_.path(), assignments);
  auto probe = std::make_unique<testing::FakeHook>();
  probe->at_after_epoch = [&](tasuki::Run&) {
    written.push_back(std::filesystem::remove(folder_ / kLastFile));
  };
  tiny.hooks.push_back({"probe", 90, std::move(probe)});
  tiny.train();
  EXPECT_THAT(written, ::testing::ElementsAre(false, true, true));
  EXPECT_TRUE(std::filesystem::exists(folder_ / kBestFile));
  EXPECT_THROW(testing::make<Hook>("tasuki/Checkpoint", "every: 0", {"c"}), OptionError);
}

// Once, and of the weightings that do so alone.
TEST_F(HooksTest, LogSaysThatAWeightingLearnsOnTheValidationSplit) {
  for (const std::string weighting : {"AutoLambda", "EW"}) {
    auto assignments = hooks_alone({"Log"});
    assignments.push_back("train.weighting=[tasuki/" + weighting + "]{}");
    TinyRun(folder_.path(), assignments).train();
    const auto text = read_file(folder_ / kLogFile);
    const auto first = text.find("the weighting learns on split val, which also chooses");
    EXPECT_EQ(first != std::string::npos, weighting == "AutoLambda") << text;
    EXPECT_EQ(text.find("learns on split", first == std::string::npos ? 0 : first + 20),
              std::string::npos);
  }
}

TEST_F(HooksTest, LogSaysWhatHappened) {
  auto assignments = hooks_alone({"Log"});
  assignments.push_back("train.hook[Log].hook.every=2");
  files_after(assignments);
  const auto text = read_file(folder_ / kLogFile);
  EXPECT_THAT(text, HasSubstr("2 epochs of 3 steps"));
  EXPECT_THAT(text, HasSubstr("epoch 1/2  step 2/3"));
  EXPECT_THAT(text, HasSubstr("seg.miou"));
  EXPECT_THAT(text, HasSubstr("best epoch"));
}

TEST_F(HooksTest, ReportIsOneFileWithPictures) {
  auto assignments = hooks_alone({"History", "Checkpoint", "Report"});
  assignments.insert(assignments.end(),
                     {"train.hook[Report].priority=90", "train.hook[Report].hook.samples=2"});
  files_after(assignments);
  const auto text = read_file(folder_ / kReportFile);
  EXPECT_THAT(text, HasSubstr("tiny"));
  EXPECT_THAT(text, HasSubstr("data:image/"));
  EXPECT_THAT(text, HasSubstr("val-0000"));
  EXPECT_EQ(text.find("src=\"http"), std::string::npos);
}

// Its pictures are of the best weights, and then the model is again what was trained.
TEST_F(HooksTest, ReportLeavesTheModelAsItWas) {
  auto assignments = hooks_alone({"History", "Checkpoint", "Report"});
  assignments.insert(assignments.end(), {"train.hook[Report].priority=90", "train.epochs=1",
                                         "train.hook[Report].hook.samples=1"});
  TinyRun tiny(folder_.path(), assignments);
  std::vector<std::pair<std::string, torch::Tensor>> trained;
  auto before = std::make_unique<testing::FakeHook>(),
       after = std::make_unique<testing::FakeHook>();
  before->at_after_run = [&](tasuki::Run& run, bool) {
    trained = testing::weights_of(run);
    auto best = read_safetensors(folder_ / kBestFile);
    for (auto& item : best.tensors) item.second = torch::zeros_like(item.second);
    write_safetensors(folder_ / kBestFile, best);
  };
  bool looked = false;
  after->at_after_run = [&](tasuki::Run& run, bool) {
    looked = true;
    EXPECT_EQ(testing::first_difference(trained, testing::weights_of(run)), "");
  };
  tiny.hooks.insert(tiny.hooks.end() - 1, {"before", 85, std::move(before)});
  tiny.hooks.push_back({"after", 95, std::move(after)});
  tiny.train();
  EXPECT_TRUE(looked);
  EXPECT_TRUE(std::filesystem::exists(folder_ / kReportFile));
}

}  // namespace
}  // namespace tasuki
