#pragma once

#include <string>
#include <vector>

#include "tasuki/io/value_table.h"

namespace tasuki::nyuv2 {

// The classes of classes894.csv and classes40.csv, grouped into 894, 40 or 13.
struct Classes {
  std::vector<std::string> names;  // by index
  ValueMeaning meaning;            // of the labels 0 (unlabelled) to 894
};

// `count`: 13, 40 or 894. `otherprop_is_void`: class 40 of 40 has no index.
Classes classes_of(size_t count, bool otherprop_is_void);

}  // namespace tasuki::nyuv2
