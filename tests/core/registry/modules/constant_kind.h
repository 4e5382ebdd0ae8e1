#pragma once

#include <google/protobuf/empty.pb.h>

#include <string>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki::test {

// A field kind that can be told from others by its invalid value.
template <int invalid>
class ConstantKind : public FieldKind {
 public:
  ConstantKind(const google::protobuf::Empty&, const Context&) {}
  int mat_type() const override { return CV_8UC1; }
  double invalid_value() const override { return invalid; }
  cv::Mat valid_mask(const cv::Mat& value) const override { return value != invalid; }
  std::string range_error(const cv::Mat&) const override { return ""; }
};

}  // namespace tasuki::test
