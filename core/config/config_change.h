#pragma once

#include <string>

namespace tasuki {

// The first line that differs between two texts of configs, "" when they are the same: "line 3 of
// WHAT was ... and now is ...".
std::string config_change(const std::string& kept, const std::string& asked,
                          const std::string& what = "the resolved config");

}  // namespace tasuki
