#pragma once

#include "core/data/field_kind.h"
#include "core/model/target_info.h"
#include "core/model/task.h"
#include "core/registry/registry.h"

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
