#pragma once

#include "tasuki/data/field_kind.h"
#include "tasuki/model/target_info.h"
#include "tasuki/model/task.h"
#include "tasuki/registry/registry.h"

namespace tasuki::conformance {

// What the losses and metrics of a task are told of it.
inline TargetInfo target_info(const Task& task) {
  const auto& kind = field_kind(task.field_kind());
  return {"task",
          task.field_kind(),
          task.channels(),
          kind.tensor_type() == FieldKind::TensorType::kIndex,
          kind.invalid_value(),
          {}};
}

}  // namespace tasuki::conformance
