#pragma once

#include <string>
#include <vector>

#include "core/model/objective.h"

namespace tasuki {

// A policy that adds training-only objectives: tasks -> transfers s->t.
class SelfAuxiliary {
 public:
  static constexpr const char* kKind = "SelfAuxiliary";
  struct Context {
    std::vector<std::string> tasks;  // in the config's order
  };

  virtual ~SelfAuxiliary() = default;

  // Transfers between different tasks of the model. An unknown task is an OptionError.
  virtual std::vector<Objective> objectives() const = 0;
};

}  // namespace tasuki
