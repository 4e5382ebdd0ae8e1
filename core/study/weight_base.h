#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tasuki/config/config.h"

namespace tasuki {

// The weighting that a tuning puts into configs, by name and options out of a base config:
// train.weighting takes `weight { objective: value: }`.
class WeightBase {
 public:
  // Error (kUsage), located in the file: where the weighting is missing or has no such option, and
  // where the file sets anything else.
  explicit WeightBase(const std::filesystem::path& file);

  // The base config as it was resolved.
  const ResolvedConfig& config() const { return config_; }
  // The weighting with these weights, by objective.
  google::protobuf::Any weighting(const std::map<std::string, double>& weights) const;

 private:
  ResolvedConfig config_;
};

// The base config that Tasuki comes with: configs/_base_/tune.pbtxt.
std::filesystem::path default_weight_base();

}  // namespace tasuki
