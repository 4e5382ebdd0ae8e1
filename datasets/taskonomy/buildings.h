#pragma once

#include <string>
#include <vector>

#include "datasets/taskonomy/taskonomy.pb.h"

namespace tasuki::taskonomy {

struct Building {
  std::string name;   // also that of its folder
  std::string split;  // "train", "val" or "test"
};

// The buildings of the chosen size by buildings.csv, without those that the options exclude. Error
// (kUsage) for an excluded name that is no building.
std::vector<Building> buildings_of(const options::Taskonomy& options);

}  // namespace tasuki::taskonomy
