#pragma once

#include <cstdint>

#include "tasuki/registry/registry.h"

namespace tasuki::test {

// Stand-ins for three kinds of plugin, under the kinds' real names.
class Encoder {
 public:
  static constexpr const char* kKind = "Encoder";
  struct Context {};
  virtual ~Encoder() = default;
  virtual uint32_t depth() const = 0;
};

class Transform {
 public:
  static constexpr const char* kKind = "Transform";
  struct Context {};
  virtual ~Transform() = default;
};

class Task {
 public:
  static constexpr const char* kKind = "Task";
  struct Context {};
  virtual ~Task() = default;
};

}  // namespace tasuki::test
