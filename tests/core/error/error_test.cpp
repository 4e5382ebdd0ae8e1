#include "tasuki/error/error.h"

#include <gtest/gtest.h>

namespace tasuki {
namespace {

const std::vector<std::string> kNames = {"train", "model", "data", "protocol"};

TEST(NearestName, FindsTypingMistakes) {
  EXPECT_EQ(nearest_name("modell", kNames), "model");
  EXPECT_EQ(nearest_name("protcol", kNames), "protocol");
  EXPECT_EQ(nearest_name("DATA", kNames), "data");
}

TEST(NearestName, CountsASwapAsOneMistake) {
  EXPECT_EQ(nearest_name("trian", kNames), "train");
  EXPECT_EQ(nearest_name("modle", kNames), "model");
  EXPECT_EQ(nearest_name("FP23", {"FP32", "BF16"}), "FP32");
}

TEST(NearestName, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("optimizer", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name(std::string(1 << 20, 'x'), kNames), "");
  EXPECT_EQ(did_you_mean("optimizer", kNames), "");
}

TEST(Error, KeepsItsKindWithinAContext) {
  const Error error = Error(ErrorKind::kData, "truncated").within("sample 3").within("split val");
  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_STREQ(error.what(), "split val: sample 3: truncated");
}

TEST(Join, PutsSeparatorsBetween) {
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join({"a", "", "b"}, "-"), "a--b");
}

}  // namespace
}  // namespace tasuki
