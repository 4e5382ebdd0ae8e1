#pragma once

#include <string>

namespace tasuki {

struct MetricInfo {
  std::string name;  // "miou"
  std::string unit;  // "", "m", "deg", "px", "%"
  bool higher_is_better = true;
  bool in_protocol = true;  // part of the task's default protocol list
};

struct MetricValue {
  MetricInfo info;
  double value = 0;  // NaN when nothing was measured
};

}  // namespace tasuki
