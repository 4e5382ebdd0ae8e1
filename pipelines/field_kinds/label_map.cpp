#include <google/protobuf/empty.pb.h>

#include "pipelines/field_kinds/range.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::field_kinds {
namespace {

// Class index of each pixel from 0, -1 where it has none. How many classes there are is known to
// the task, which checks the upper bound.
class LabelMap final : public FieldKind {
 public:
  LabelMap(const google::protobuf::Empty&, const FieldKind::Context&) {}

  int mat_type() const override { return CV_32SC1; }
  double invalid_value() const override { return -1; }
  TensorType tensor_type() const override { return TensorType::kIndex; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value >= 0; }
  std::string range_error(const cv::Mat& value) const override {
    return first_out_of_range<int>(
        value, "a class index is 0 or more, or -1 where there is no label",
        [](int label) { return label >= -1; }, [](int label) { return std::to_string(label); });
  }
};

}  // namespace
}  // namespace tasuki::field_kinds

TASUKI_REGISTER(tasuki::FieldKind, tasuki::field_kinds::LabelMap, google::protobuf::Empty,
                "tasuki/label_map");
