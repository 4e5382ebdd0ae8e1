#include "tasuki/model/architecture.h"

namespace tasuki {

FeatureMaps Architecture::cut(const std::string& name, FeatureMaps maps) const {
  if (cut_ == nullptr) return maps;
  for (size_t i = 0; i < maps.size(); ++i) {
    const auto own = maps.size() == 1 ? name : name + "." + std::to_string(i);
    maps[i].tensor = cut(own, maps[i].tensor);
  }
  return maps;
}

}  // namespace tasuki
