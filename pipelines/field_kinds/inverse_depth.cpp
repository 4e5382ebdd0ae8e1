#include <google/protobuf/empty.pb.h>

#include <limits>

#include "pipelines/field_kinds/range.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

// 1 / depth in any unit that does not depend on the picture's size, such as disparity in parts of
// the width; 0 where unknown. An enlargement by s brings the scene s times nearer; a plain resize
// leaves it alone.
class InverseDepth final : public FieldKind {
 public:
  InverseDepth(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_32FC1; }
  double invalid_value() const override { return 0; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value > 0; }
  // The invalid value, 0, stays 0.
  void after_zoom(cv::Mat& value, double zoom) const override { value *= zoom; }
  std::string range_error(const cv::Mat& value) const override {
    return first_out_of_range<float>(
        value, "inverse depth is > 0, or 0 where invalid",
        [](float v) { return (v >= 0) & (v <= std::numeric_limits<float>::max()); },
        [](float v) { return std::to_string(v); });
  }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::InverseDepth, google::protobuf::Empty,
                "tasuki/inverse_depth");
