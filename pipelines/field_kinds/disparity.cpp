#include <google/protobuf/empty.pb.h>

#include <limits>

#include "pipelines/field_kinds/range.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

constexpr float kInvalidDisparity = -1;

void scale_valid(cv::Mat& value, double factor) {
  const auto by = static_cast<float>(factor);
  for (int y = 0; y < value.rows; ++y) {
    auto* row = value.ptr<float>(y);
    for (int x = 0; x < value.cols; ++x) row[x] = row[x] < 0 ? row[x] : row[x] * by;
  }
}

// Disparity in pixels of the present image's width, -1 where unknown.
class Disparity final : public FieldKind {
 public:
  Disparity(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_32FC1; }
  double invalid_value() const override { return kInvalidDisparity; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value >= 0; }
  void after_zoom(cv::Mat& value, double zoom) const override { scale_valid(value, zoom); }
  void after_resize(cv::Mat& value, double width_ratio) const override {
    scale_valid(value, width_ratio);
  }
  std::string range_error(const cv::Mat& value) const override {
    return first_out_of_range<float>(
        value, "disparity is pixels >= 0, or -1 where invalid",
        [](float d) {
          return ((d >= 0) & (d <= std::numeric_limits<float>::max())) | (d == kInvalidDisparity);
        },
        [](float d) { return std::to_string(d); });
  }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::Disparity, google::protobuf::Empty,
                "tasuki/disparity");
