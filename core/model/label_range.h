#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tasuki {

// How many labels lay outside the range that a task evaluates, as its metrics' details say.
struct LabelRange {
  std::string range;    // in words; "" where the task has none
  int64_t outside = 0;  // pixels
  int64_t labelled = 0;

  // Of more samples.
  void add(const nlohmann::json& details);
  double share() const;
  // There are labels, and none of them counts: a mistake in the data set's options or the task's.
  bool is_empty() const { return outside > 0 && outside == labelled; }
  // "20.00 % of the labelled pixels lie outside 0.001 to 80 m and are not evaluated"; "" where none
  // does.
  std::string text() const;
};

// What to do where most of the labels are out of range.
inline constexpr const char* kRangeAdvice =
    "check the scale of the labels (metres are expected where depth is meant), or give the task "
    "their range";

}  // namespace tasuki
