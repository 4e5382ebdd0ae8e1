#include "tasuki/predict/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/core/engine/tiny_run.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Corner = std::array<int64_t, 2>;

TEST(SlidingWindow, TheLastWindowsEndWhereTheImageDoes) {
  const SlidingWindow window{{4, 6}, {3, 4}};
  const auto layout = window.layout(9, 10);
  EXPECT_THAT(layout.size, ElementsAre(4, 6));
  EXPECT_THAT(layout.corners, ElementsAre(Corner{0, 0}, Corner{0, 4}, Corner{3, 0}, Corner{3, 4},
                                          Corner{5, 0}, Corner{5, 4}));
}

TEST(SlidingWindow, AnImageThatIsSmallerIsOneWindow) {
  const auto layout = SlidingWindow{{40, 60}}.layout(9, 80);
  EXPECT_THAT(layout.size, ElementsAre(9, 60));
  EXPECT_THAT(layout.corners, ElementsAre(Corner{0, 0}, Corner{0, 20}));
}

// Every pixel is in a window, and no window leaves the image, whatever the sizes.
TEST(SlidingWindow, CoversEveryImage) {
  for (const int64_t size : {1, 2, 5, 8}) {
    for (int64_t stride = 0; stride <= size; ++stride) {
      for (int64_t length = 1; length < 20; ++length) {
        std::set<int64_t> covered;
        const auto layout = SlidingWindow{{size, 1}, {stride, 1}}.layout(length, 1);
        for (const auto& corner : layout.corners) {
          ASSERT_GE(corner[0], 0);
          ASSERT_LE(corner[0] + layout.size[0], length);
          for (int64_t i = 0; i < layout.size[0]; ++i) covered.insert(corner[0] + i);
        }
        ASSERT_EQ(int64_t(covered.size()), length) << size << " " << stride;
      }
    }
  }
}

TEST(Inference, IsTheConfigs) {
  const auto none = inference_of(testing::tiny_config());
  EXPECT_FALSE(none.window);
  EXPECT_EQ(none.views(), 1u);
  const auto all = inference_of(testing::tiny_config(
      {"inference={sliding_window{height:16 width:24 stride_width:8} flip:true scale:[0.5,1,2]}"}));
  ASSERT_TRUE(all.window);
  EXPECT_THAT(all.window->size, ElementsAre(16, 24));
  EXPECT_THAT(all.window->stride, ElementsAre(0, 8));
  EXPECT_THAT(all.scales, ElementsAre(0.5, 1, 2));
  EXPECT_EQ(all.views(), 6u);
}

std::string refusal(const std::string& assignment) {
  try {
    inference_of(testing::tiny_config({assignment}));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "not refused";
}

TEST(Inference, RefusesWhatCantBe) {
  EXPECT_THAT(refusal("inference.sliding_window={height:16}"),
              HasSubstr("inference.sliding_window: a window has a height and a width"));
  EXPECT_THAT(refusal("inference.sliding_window={height:16 width:16 stride_height:17}"),
              HasSubstr("stride_height: 17 leaves gaps between windows of 16 pixels"));
  for (const std::string scale : {"0", "-1", "nan", "17"}) {
    EXPECT_THAT(refusal("inference.scale=[1," + scale + "]"),
                HasSubstr("inference.scale[1]: must be above 0 and at most 16"))
        << scale;
  }
}

}  // namespace
}  // namespace tasuki
