#include <google/protobuf/empty.pb.h>

#include "pipelines/field_kinds/range.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

constexpr uchar kInvalidMask = 255;

// Yes or no for each pixel: an edge, a salient object. 0, 1, or 255 where unknown.
class Mask final : public FieldKind {
 public:
  Mask(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_8UC1; }
  double invalid_value() const override { return kInvalidMask; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value != kInvalidMask; }
  std::string range_error(const cv::Mat& value) const override {
    return first_out_of_range<uchar>(
        value, "a mask is 0 or 1, or 255 where invalid",
        [](uchar v) { return (v <= 1) | (v == kInvalidMask); },
        [](uchar v) { return std::to_string(v); });
  }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::Mask, google::protobuf::Empty,
                "tasuki/mask");
