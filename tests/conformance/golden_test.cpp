#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tasuki/data/dataset.h"
#include "tasuki/io/image_io.h"
#include "tasuki/model/task.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

constexpr int kLargestSide = 64;

// The registered task whose labels are of this kind, for its way to draw them.
std::unique_ptr<Task> task_of(const FieldKind& kind) {
  for (const auto& name : Registry::instance().names(Task::kKind)) {
    auto task = make_minimal<Task>(name);
    if (&field_kind(task->field_kind()) == &kind) return task;
  }
  return nullptr;
}

cv::Mat drawn(const Field& field) {
  cv::Mat picture;
  if (field.value.type() == CV_8UC3) return field.value;
  if (const auto task = task_of(*field.kind)) {
    picture = task->draw(field.value, task->value_range(field.value));
  } else {
    cv::cvtColor(field.value * 100, picture, cv::COLOR_GRAY2BGR);  // a mask: 0, 1 or 255
  }
  return picture;
}

// All fields of a sample beside one another, in the order of their names.
cv::Mat drawn(const Sample& sample) {
  std::vector<cv::Mat> pictures;
  for (const auto& [name, field] : sample.fields) pictures.push_back(drawn(field));
  cv::Mat strip;
  cv::hconcat(pictures, strip);
  const double factor = std::min(1.0, double(kLargestSide) / strip.rows);
  cv::resize(strip, strip, {}, factor, factor, cv::INTER_NEAREST_EXACT);
  return strip;
}

class DatasetGolden : public ::testing::TestWithParam<std::string> {};

// The first sample of every data set looks as it did when somebody looked at it. Where a change is
// meant: TASUKI_WRITE_GOLDEN=1 draws anew; look at the pictures before they are kept.
TEST_P(DatasetGolden, FirstSampleLooksAsItDid) {
  const auto dataset = make_minimal<Dataset>(GetParam(), {folder_root()});
  const cv::Mat picture = drawn(dataset->load(dataset->splits().at(0), 0));
  const auto name = GetParam().substr(GetParam().find('/') + 1);
  const auto file = std::filesystem::path(TASUKI_TEST_DATA) / "golden" / (name + ".png");
  if (std::getenv("TASUKI_WRITE_GOLDEN") != nullptr) write_image(file, picture);
  ASSERT_TRUE(std::filesystem::exists(file)) << file << "; TASUKI_WRITE_GOLDEN=1 draws it";
  const cv::Mat golden = read_image(file);
  ASSERT_EQ(picture.size(), golden.size());
  cv::Mat difference;
  cv::absdiff(picture, golden, difference);
  // Libraries of pictures and of mathematics round a little differently from release to release.
  EXPECT_LT(cv::mean(difference.reshape(1))[0], 0.5);
}

TASUKI_CONFORMANCE(DatasetGolden, Dataset::kKind);

}  // namespace
}  // namespace tasuki::conformance
