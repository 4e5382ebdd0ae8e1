#pragma once

#include <string>
#include <vector>

namespace tasuki {

// One loss of a step. A primary objective trains a task on its own route (source == route); a
// self-auxiliary s->t has s's field, loss and kind, t's route, and a decoder of its own.
struct Objective {
  std::string name;    // "seg", "normal->seg"
  std::string source;  // task whose field, loss and decoder kind it has
  std::string route;   // task through whose part of the encoder it runs
  bool auxiliary = false;

  static Objective primary(const std::string& task) { return {task, task, task, false}; }
  static Objective transfer(const std::string& source, const std::string& route) {
    return {source + "->" + route, source, route, true};
  }
};

}  // namespace tasuki
