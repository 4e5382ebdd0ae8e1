#include <google/protobuf/empty.pb.h>

#include <limits>

#include "pipelines/field_kinds/range.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

// Depth along the optical axis in metres, 0 where unknown. An enlargement by s brings the scene s
// times nearer; a plain resize leaves metres alone.
class Depth final : public FieldKind {
 public:
  Depth(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_32FC1; }
  double invalid_value() const override { return 0; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value > 0; }
  // The invalid value, 0, stays 0.
  void after_zoom(cv::Mat& value, double zoom) const override { value *= 1 / zoom; }
  std::string range_error(const cv::Mat& value) const override {
    return first_out_of_range<float>(
        value, "depth is metres > 0, or 0 where invalid",
        [](float z) { return (z >= 0) & (z <= std::numeric_limits<float>::max()); },
        [](float z) { return std::to_string(z); });
  }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::Depth, google::protobuf::Empty,
                "tasuki/depth");
