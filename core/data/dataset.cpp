#include "tasuki/data/dataset.h"

#include <algorithm>

namespace tasuki {

bool has_split(const Dataset& dataset, const std::string& split) {
  const auto known = dataset.splits();
  return std::find(known.begin(), known.end(), split) != known.end();
}

Error unknown_split(const std::string& split, const std::vector<std::string>& known) {
  return Error(ErrorKind::kUsage, "the data set has no split \"" + split + "\"" +
                                      did_you_mean(split, known) + "; it has: " + join(known));
}

}  // namespace tasuki
