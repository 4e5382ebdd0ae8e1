#include "core/model/task.h"

#include "core/data/field_kind.h"
#include "core/registry/registry.h"

namespace tasuki {

std::string Task::label_error(const cv::Mat& label) const {
  return tasuki::field_kind(field_kind()).range_error(label);
}

}  // namespace tasuki
