#include "tasuki/study/left_aside.h"

#include <gtest/gtest.h>

#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

constexpr const char* kFinished = R"({"epochs_done": 2, "finished": true})";

TEST(LeftAside, NamesFinishedTrainingsOfOtherSeeds) {
  const testing::TemporaryFolder folder;
  for (const auto* name : {"seg/seed_0", "seg/seed_1", "depth/seed_1", "seg/seed_12"}) {
    write_file_atomically(folder / name / "metrics.json", kFinished);
  }
  EXPECT_EQ(left_aside(folder.path(), {0}), "seed 1 (depth, seg), seed 12 (seg)");
  EXPECT_EQ(left_aside(folder.path(), {0, 1}), "seed 12 (seg)");
  EXPECT_EQ(left_aside(folder.path(), {0, 1, 12}), "");
}

TEST(LeftAside, NamesNothingElse) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(left_aside(folder / "nowhere", {0}), "");
  write_file_atomically(folder / "seg/seed_1/metrics.json",
                        R"({"epochs_done": 1, "finished": false})");
  write_file_atomically(folder / "seg/seed_2/metrics.json", "{\"epochs_do");
  for (const auto* name : {"seed_", "seed_x", "seed_1x", "seed_-1", "seed", "report"}) {
    write_file_atomically(folder / "depth" / name / "metrics.json", kFinished);
  }
  write_file_atomically(folder / "depth/seed_3", "a file");
  EXPECT_EQ(left_aside(folder.path(), {0}), "");
}

}  // namespace
}  // namespace tasuki
