#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tasuki {

// What a loss or a metric knows of its task when it is made.
struct TargetInfo {
  std::string task;        // its name in the model
  std::string field_kind;  // of its labels: "tasuki/depth"
  int64_t channels = 0;    // of the prediction
  bool is_index = false;   // labels are class indices, int64 [N,H,W]; else floating [N,C,H,W]
  double invalid = 0;      // what marks a pixel without a label, in all its channels
  std::vector<std::string> class_names;  // if the data set names them
};

}  // namespace tasuki
