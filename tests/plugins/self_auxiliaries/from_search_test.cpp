#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/io/files.h"
#include "tasuki/model/self_auxiliary.h"
#include "tasuki/study/selection.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FromSearchTest : public ::testing::Test {
 protected:
  // The policy for tasks seg and depth, and normal as a source alone.
  std::vector<Transfer> transfers(const std::string& selection, const std::string& more = "") {
    write_file_atomically(file_, selection);
    const auto policy = testing::make<SelfAuxiliary>(
        "tasuki/FromSearch", "file: \"" + file_.string() + "\" " + more,
        {{"seg", "depth", "normal"}, {"seg", "depth"}});
    return policy->transfers();
  }

  std::string refusal(const std::string& selection) {
    try {
      transfers(selection);
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "file");
      return error.problem();
    }
    return "not refused";
  }

  testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "selection.pbtxt";
};

TEST_F(FromSearchTest, TakesWhatIsIncluded) {
  const auto found = transfers(
      "transfer { from: \"normal\" to: \"seg\" included: true score: 2 }\n"
      "transfer { from: \"normal\" to: \"depth\" included: false }\n"
      "transfer { from: \"seg\" to: \"depth\" included: true }\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].from + found[0].to, "normalseg");
  EXPECT_EQ(found[1].from + found[1].to, "segdepth");
  EXPECT_EQ(found[0].coefficient.at(0), 1);
  EXPECT_EQ(found[0].field, "file");
}

TEST_F(FromSearchTest, ReadsWhatASearchWrites) {
  Selection selection;
  auto& transfer = *selection.add_transfer();
  transfer.set_from("depth");
  transfer.set_to("seg");
  transfer.set_included(true);
  write_selection(file_, selection, "tasuki/FromSearch");
  EXPECT_EQ(transfers(read_file(file_)).size(), 1u);
}

TEST_F(FromSearchTest, NothingIncludedIsFine) {
  EXPECT_THAT(transfers("transfer { from: \"seg\" to: \"normal\" included: false }"), IsEmpty());
}

TEST_F(FromSearchTest, CoefficientAndDecoderAreOfAll) {
  const auto found = transfers("transfer { from: \"normal\" to: \"seg\" included: true }",
                               "coefficient { value: 0.5 }");
  EXPECT_EQ(found.at(0).coefficient.at(0), 0.5);
}

TEST_F(FromSearchTest, NamesTheTaskThatIsNotThere) {
  EXPECT_EQ(refusal("transfer { from: \"norml\" to: \"seg\" included: true }"),
            file_.string() +
                ": transfer norml->seg: there is no task \"norml\" (did you mean \"normal\"?); the "
                "model has: seg, depth, normal");
  EXPECT_EQ(refusal("transfer { from: \"seg\" to: \"normal\" included: true }"),
            file_.string() +
                ": transfer seg->normal: there is no joint task \"normal\"; the model has: seg, "
                "depth");
}

// A selection of other tasks is a mistake, whether it includes something of them or not.
TEST_F(FromSearchTest, NamesTheTaskThatIsNotThereWhereItIsNotIncluded) {
  EXPECT_EQ(refusal("transfer { from: \"seg\" to: \"dpth\" included: false }"),
            file_.string() +
                ": transfer seg->dpth: there is no task \"dpth\" (did you mean \"depth\"?); the "
                "model has: seg, depth, normal");
  EXPECT_THAT(refusal("transfer { from: \"x\" to: \"seg\" included: false }"),
              HasSubstr("there is no task \"x\""));
}

TEST_F(FromSearchTest, LocatesMistakesOfTheFile) {
  EXPECT_THAT(refusal("transfer {\n  frm: \"seg\" }"), HasSubstr(file_.string() + ":2:3: "));
}

TEST_F(FromSearchTest, NamesAMissingFile) {
  for (const auto* options : {"", "file: \"no/such.pbtxt\""}) {
    EXPECT_THROW(testing::make<SelfAuxiliary>("tasuki/FromSearch", options, {{"seg"}, {"seg"}}),
                 OptionError)
        << options;
  }
}

}  // namespace
}  // namespace tasuki
