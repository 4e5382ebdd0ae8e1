#include <google/protobuf/empty.pb.h>

#include <string>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

// Probability of an edge, 0..1 (labels of several annotators may disagree), -1 where unknown.
// Mirrors and zooms move edges and leave their values alone.
class EdgeMap final : public tasuki::FieldKind {
 public:
  EdgeMap(const google::protobuf::Empty&, const Context&) {}

  int mat_type() const override { return CV_32FC1; }
  double invalid_value() const override { return -1; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value >= 0; }

  std::string range_error(const cv::Mat& value) const override {
    for (int y = 0; y < value.rows; ++y) {
      for (int x = 0; x < value.cols; ++x) {
        const float edge = value.at<float>(y, x);
        if ((edge >= 0 && edge <= 1) || edge == -1) continue;
        return "value " + std::to_string(edge) + " at (x " + std::to_string(x) + ", y " +
               std::to_string(y) + "): an edge map is 0..1, or -1 where invalid";
      }
    }
    return "";
  }
};

}  // namespace

TASUKI_REGISTER(tasuki::FieldKind, EdgeMap, google::protobuf::Empty, "acme/edge_map");

}  // namespace acme
