#include "tasuki/study/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Selection example_selection() {
  Selection selection;
  selection.set_strategy("enumerate");
  selection.set_margin(0.5);
  selection.add_seed(3);
  for (const auto& edge : all_edges({"seg", "a \"quoted\" task"})) {
    auto& transfer = *selection.add_transfer();
    transfer.set_from(edge.from);
    transfer.set_to(edge.to);
    transfer.set_included(edge.to == "seg");
    transfer.set_score(edge.to == "seg" ? 1.25 : -0.1);
  }
  for (const bool joint : {true, false}) {
    auto& task = *selection.add_task();
    task.set_name(joint ? "seg" : "a \"quoted\" task");
    task.set_joint(joint);
  }
  return selection;
}

TEST(Selection, IsReadAsItWasWritten) {
  const testing::TemporaryFolder folder;
  write_selection(folder / "selection.pbtxt", example_selection(), "acme/Reader");
  const auto read = read_selection(folder / "selection.pbtxt");
  EXPECT_EQ(read.SerializeAsString(), example_selection().SerializeAsString());
  EXPECT_THAT(included_edges(read), ElementsAre(Edge{"a \"quoted\" task", "seg"}));
  EXPECT_THAT(joint_tasks(read), ElementsAre("seg"));
  EXPECT_THAT(left_out_tasks(read), ElementsAre("a \"quoted\" task"));
}

TEST(Selection, AllEdgesAreOrderedPairsByTarget) {
  EXPECT_THAT(all_edges({"a", "b", "c"}),
              ElementsAre(Edge{"b", "a"}, Edge{"c", "a"}, Edge{"a", "b"}, Edge{"c", "b"},
                          Edge{"a", "c"}, Edge{"b", "c"}));
  EXPECT_THAT(all_edges({"a"}), IsEmpty());
}

}  // namespace
}  // namespace tasuki
