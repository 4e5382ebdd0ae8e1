#include <google/protobuf/empty.pb.h>

#include "pipelines/field_kinds/range.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

constexpr float kShortest = (1 - 1e-3f) * (1 - 1e-3f);  // squared length of a unit vector
constexpr float kLongest = (1 + 1e-3f) * (1 + 1e-3f);

float squared_length(const cv::Vec3f& n) {
  return n[0] * n[0] + n[1] * n[1] + n[2] * n[2];
}

// Unit vectors in camera axes (x right, y down, z forward) that face the camera; (0,0,0) where
// unknown, and nothing else is invalid: (0.7, -0.7, 0) is a normal.
class Normals final : public FieldKind {
 public:
  Normals(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_32FC3; }
  double invalid_value() const override { return 0; }
  cv::Mat valid_mask(const cv::Mat& value) const override {
    cv::Mat mask(value.size(), CV_8UC1);
    for (int y = 0; y < value.rows; ++y) {
      const auto* row = value.ptr<cv::Vec3f>(y);
      auto* out = mask.ptr<uchar>(y);
      for (int x = 0; x < value.cols; ++x) {
        out[x] = (row[x][0] != 0) | (row[x][1] != 0) | (row[x][2] != 0) ? 255 : 0;
      }
    }
    return mask;
  }
  void after_flip(cv::Mat& value) const override {
    for (int y = 0; y < value.rows; ++y) {
      auto* row = value.ptr<float>(y);
      // 0 - x rather than -x: an invalid pixel stays +0.
      for (int x = 0; x < 3 * value.cols; x += 3) row[x] = 0.0f - row[x];
    }
  }
  std::string range_error(const cv::Mat& value) const override {
    return first_out_of_range<cv::Vec3f>(
        value, "a normal has length 1, or is (0, 0, 0) where invalid",
        [](const cv::Vec3f& n) {
          const float square = squared_length(n);
          return ((square >= kShortest) & (square <= kLongest)) | (square == 0);
        },
        [](const cv::Vec3f& n) {
          return "(" + std::to_string(n[0]) + ", " + std::to_string(n[1]) + ", " +
                 std::to_string(n[2]) + ")";
        });
  }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::Normals, google::protobuf::Empty,
                "tasuki/normals");
