#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/tasks/tasks.h"

namespace tasuki::tests {
namespace {

using ::testing::HasSubstr;

TEST(TaskOptions, SayWhatIsWrong) {
  const auto refusal = [](const std::string& name, const std::string& options) {
    return error_of([&] { make_task(name, options); });
  };
  EXPECT_THAT(refusal("tasuki/Segmentation", ""), HasSubstr("classes: is required"));
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 1"),
              HasSubstr("classes: must be 2 to 1024, not 1"));
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 4000000000"), HasSubstr("not 4000000000"));
  EXPECT_THAT(refusal("tasuki/Depth", "min_depth: 0"), HasSubstr("min_depth: must be"));
  EXPECT_THAT(refusal("tasuki/Depth", "max_depth: 0.0001"), HasSubstr("max_depth: must be"));
  EXPECT_THAT(refusal("tasuki/Depth", "max_depth: nan"), HasSubstr("max_depth: must be"));
  EXPECT_THAT(refusal("tasuki/Depth", "silog_lambda: 1.5"), HasSubstr("silog_lambda: must be"));
  EXPECT_THAT(refusal("tasuki/Depth", "silog_floor: -1"), HasSubstr("silog_floor: must be"));
  for (const char* name : {"tasuki/Disparity", "tasuki/InverseDepth"}) {
    EXPECT_THAT(refusal(name, "picture_error: 0"), HasSubstr("picture_error: must"));
  }
}

TEST(TaskOptions, ClassesMustMatchTheDataSetsNames) {
  const Task::Context context{"seg", {"bed", "chair", "wall"}, false};
  EXPECT_EQ(make_task("tasuki/Segmentation", "classes: 3", context)->channels(), 3);
  EXPECT_THAT(error_of([&] { make_task("tasuki/Segmentation", "classes: 4", context); }),
              HasSubstr("classes: is 4, but the data set names 3 classes"));
}

TEST(TaskOptions, ProtocolMetricsAndDirections) {
  const auto listed = [](const std::string& name, const std::string& options) {
    std::string text;
    for (const auto& value : make_model_task(name, options).make_metrics().values()) {
      if (!value.info.in_protocol) continue;
      text += value.info.name + (value.info.higher_is_better ? "+ " : "- ");
    }
    return text;
  };
  EXPECT_EQ(listed("tasuki/Segmentation", "classes: 2"), "miou+ pixel_acc+ ");
  EXPECT_EQ(listed("tasuki/Depth", ""), "abs_err- abs_rel- ");
  EXPECT_EQ(listed("tasuki/Normals", ""), "mean- median- within_11_25+ within_22_5+ within_30+ ");
  EXPECT_EQ(listed("tasuki/Disparity", ""), "abs_err- ");
  EXPECT_EQ(listed("tasuki/InverseDepth", ""), "abs_err- abs_rel- ");
}

}  // namespace
}  // namespace tasuki::tests
