#include "tasuki/config/path.h"

#include <gtest/gtest.h>

#include "tasuki/registry/registry.h"

namespace tasuki::test {
namespace {

TEST(Path, HasFieldsAndKeys) {
  const auto steps = parse_path("model.task[a.b=c].decoder.width[2]");
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[1].field, "task");
  EXPECT_EQ(steps[1].key, "a.b=c");
  EXPECT_EQ(steps[2].key, std::nullopt);
  EXPECT_EQ(steps[3].key, "2");
}

TEST(Path, ParentsGoUpOneElementOrFieldAtATime) {
  std::string path = "model.task[a.b].decoder";
  for (const char* parent : {"model.task[a.b]", "model.task", "model", ""}) {
    path = parent_path(path);
    EXPECT_EQ(path, parent);
  }
}

TEST(Path, RefusesWhatIsNoPath) {
  for (const char* path : {"", ".", "a.", ".a", "a..b", "a[", "a[b", "a[]", "a[b]c", "a[b][c]"}) {
    EXPECT_THROW(parse_path(path), OptionError) << path;
  }
}

TEST(Path, RefusesMoreStepsThanMessagesCanNest) {
  std::string path = "a";
  for (int i = 1; i < 64; ++i) path += ".a";
  EXPECT_EQ(parse_path(path).size(), 64u);
  EXPECT_THROW(parse_path(path + ".a"), OptionError);
}

}  // namespace
}  // namespace tasuki::test
