#pragma once

#include <string>
#include <vector>

#include "tasuki/model/coefficient.h"

namespace tasuki {

// One loss of a step. A primary objective trains a task on its own route (source == route); a
// self-auxiliary s->t has s's field, loss and kind, t's route, and a decoder of its own.
struct Objective {
  std::string name;    // "seg", "normal->seg"
  std::string source;  // task whose field, loss and decoder kind it has
  std::string route;   // task through whose part of the encoder it runs
  bool auxiliary = false;
  // 1 for primaries. In an epoch where it is 0 the objective does not run at all.
  CoefficientSchedule coefficient;

  static Objective primary(const std::string& task) { return {task, task, task, false, {}}; }
  static Objective transfer(const std::string& source, const std::string& route,
                            const CoefficientSchedule& coefficient = {}) {
    return {source + "->" + route, source, route, true, coefficient};
  }
};

}  // namespace tasuki
