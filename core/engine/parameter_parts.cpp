#include "tasuki/engine/parameter_parts.h"

namespace tasuki {

ParameterParts parameter_parts(const MultiTaskModel& model, const ParameterSpace& parameters) {
  ParameterParts parts;
  for (const auto& task : model.tasks()) parts.own[task.name] = {};
  for (const auto& segment : parameters.segments()) {
    if (segment.is_shared()) parts.shared.push_back(segment);
    if (!segment.owner.empty()) parts.own.at(segment.owner).push_back(segment);
  }
  return parts;
}

}  // namespace tasuki
