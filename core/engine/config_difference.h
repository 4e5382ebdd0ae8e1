#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasuki/config/config.h"

namespace tasuki {

// "train.threads was 2 and now is 1".
struct ChangedSetting {
  std::string path, was, is;

  std::string text() const { return path + " was " + was + " and now is " + is; }
};

// In what a run that goes on has another config than it was begun with.
struct ConfigDifference {
  // "line 3 of the resolved config was ... and now is ...", "" where nothing differs that changes
  // results. Fields that don't by their .proto file (changes_no_results: name, data.pack, the
  // loader's workers, ...) are never part of it, nor are hooks that only observe. Defaults count as
  // what they are, whether or not the config of before has them written out.
  std::string results;
  // What the machine decides where a config leaves it open.
  std::vector<ChangedSetting> machine;
  int64_t epochs_before = 0, epochs_now = 0;
};

ConfigDifference config_difference(const ResolvedConfig& before, const ResolvedConfig& now);

}  // namespace tasuki
