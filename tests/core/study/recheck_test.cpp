#include "tasuki/study/recheck.h"

#include "tasuki/io/files.h"
#include "tests/core/study/study_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A search that included seg->depth alone, and a run of its next config that measures.
class RecheckTest : public testing::StudyFolder {
 protected:
  RecheckTest() {
    runner_.quality = [](const Config& config, const std::string& task) {
      return config.model().task_size() > 1 ? (task == "depth" ? 1.1 : 0.99) : 1.0;
    };
    SearchOptions options;
    options.verdict_seeds = 0;
    options.strategies = {"enumerate", "tag"};
    options.affinity_every = 1;
    search_in("search", options, {}, "two.pbtxt");
    train({{"seg", 0.5}, {"depth", -0.5}});
  }

  // The run measures these affinities, by source.
  void train(const std::map<std::string, double>& affinities) {
    write(
        "measuring.pbtxt",
        "base: \"search/next.pbtxt\"\nmodel { task { name: \"seg\" joint: true } }\ntrain { hook { "
        "name: \"affinity\" hook { [tasuki/Affinity] { every: 1 } } } }\n");
    runner_.affinity = [=](const std::string& from, const std::string&) {
      return affinities.at(from);
    };
    const auto end = runner_.train({"next", path("measuring.pbtxt"), path("next"), 2, 1}, false);
    ASSERT_EQ(end->ended(), "");
  }

  bool recheck_it(const std::string& run = "next") {
    std::ostringstream out;
    const bool holds = recheck(path(run), {}, out);
    said_ = out.str();
    return holds;
  }
};

TEST_F(RecheckTest, HoldsWhatIsStillMeasuredSo) {
  EXPECT_TRUE(recheck_it());
  EXPECT_EQ(said_,
            "depth->seg (not included): affinity now -0.5, then +0.5; holds\n"
            "seg->depth (included): affinity now +0.5, then +0.5; holds\n"
            "Nothing speaks against the decisions.\n");
}

TEST_F(RecheckTest, SaysWhatNoLongerHolds) {
  train({{"seg", -0.25}, {"depth", -0.5}});
  EXPECT_FALSE(recheck_it());
  EXPECT_THAT(said_,
              HasSubstr("seg->depth (included): affinity now -0.25, then +0.5; no longer "
                        "holds\nSome decisions no longer hold, or the data are others now.\n"));
}

TEST_F(RecheckTest, WithoutAMeasurementNothingIsSaidAgainst) {
  std::filesystem::remove(path("next/affinity.jsonl"));
  EXPECT_TRUE(recheck_it());
  EXPECT_THAT(said_, AllOf(HasSubstr("affinity.jsonl is not there: give the run the hook "
                                     "[tasuki/Affinity] to measure.\n"),
                           HasSubstr("seg->depth (included): not measured\n")));
}

// Other data: every decision is in doubt.
TEST_F(RecheckTest, OtherDataAreSaid) {
  auto config = read("next/config.pbtxt");
  config.replace(config.find("train_size: 6"), 13, "train_size: 8");
  write("next/config.pbtxt", config);
  EXPECT_FALSE(recheck_it());
  EXPECT_THAT(said_, StartsWith("Data changed: split train: 6 samples, now 8"));
}

// Another selection than the run was trained by says nothing about the run.
TEST_F(RecheckTest, ASelectionThatChangedSinceIsRefused) {
  auto selection = read_selection(path("search/selection.pbtxt"));
  for (auto& transfer : *selection.mutable_transfer()) {
    transfer.set_included(!transfer.included());
  }
  write_selection(path("search/selection.pbtxt"), selection, "tasuki/FromSearch");
  EXPECT_THAT(refusal(ErrorKind::kUsage, [&] { recheck_it(); }),
              HasSubstr("selection.pbtxt has changed since " + path("next").string() +
                        " was trained: it includes depth->seg, and the run has seg->depth"));
}

TEST_F(RecheckTest, ARunWithoutASearchIsRefused) {
  EXPECT_THAT(refusal(ErrorKind::kUsage, [&] { recheck_it("search/trials/seg/seed_0"); }),
              HasSubstr("not based on a search: it has no model.self_auxiliary "
                        "[tasuki/FromSearch]"));
}

}  // namespace
}  // namespace tasuki
