#include <google/protobuf/empty.pb.h>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

// Colour picture, 8-bit BGR. Every pixel is valid, every value in range.
class Image final : public FieldKind {
 public:
  Image(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_8UC3; }
  Interpolation interpolation() const override { return Interpolation::kBilinear; }
  bool pads_by_reflection() const override { return true; }
  double invalid_value() const override { return 0; }
  cv::Mat valid_mask(const cv::Mat& value) const override {
    return cv::Mat(value.size(), CV_8UC1, cv::Scalar(255));
  }
  std::string range_error(const cv::Mat&) const override { return ""; }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::Image, google::protobuf::Empty,
                "tasuki/image");
