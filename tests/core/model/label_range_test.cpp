#include "tasuki/model/label_range.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tasuki {
namespace {

TEST(LabelRange, SumsWhatDetailsSay) {
  LabelRange range;
  EXPECT_EQ(range.text(), "");
  range.add({{"valid_pixels", 100}});  // of a task without a range
  EXPECT_EQ(range.text(), "");
  range.add({{"range", "0.5 to 80 m"}, {"valid_pixels", 300}, {"out_of_range_pixels", 0}});
  EXPECT_EQ(range.text(), "");
  range.add({{"range", "0.5 to 80 m"}, {"valid_pixels", 60}, {"out_of_range_pixels", 40}});
  EXPECT_EQ(range.share(), 0.1);
  EXPECT_EQ(range.text(),
            "10.00 % of the labelled pixels lie outside 0.5 to 80 m and are not evaluated");
}

}  // namespace
}  // namespace tasuki
