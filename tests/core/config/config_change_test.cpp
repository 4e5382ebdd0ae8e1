#include "tasuki/config/config_change.h"

#include <gtest/gtest.h>

namespace tasuki {
namespace {

TEST(ConfigChange, ShowsTheFirstLineThatDiffers) {
  EXPECT_EQ(config_change("a: 1\n", "a: 1\n"), "");
  EXPECT_EQ(config_change("a: 1\n  b: 2\n", "a: 1\n  b: 3\n"),
            "line 2 of the resolved config was \"b: 2\" and now is \"b: 3\"");
  EXPECT_EQ(config_change("a: 1\n", "a: 1\nc: 2\n"),
            "line 2 of the resolved config was nothing and now is \"c: 2\"");
  EXPECT_EQ(config_change("a: 1\n", "", "data.dataset"),
            "line 1 of data.dataset was \"a: 1\" and now is nothing");
}

}  // namespace
}  // namespace tasuki
