#include "tasuki/model/feature_map.h"

#include "tasuki/error/error.h"

namespace tasuki {

FeatureMap FeatureMap::tokens(torch::Tensor tensor, int64_t height, int64_t width, int64_t prefix,
                              int64_t stride) {
  return {std::move(tensor), stride, Kind::kTokens, height, width, prefix};
}

FeatureMap FeatureMap::with(torch::Tensor other) const {
  FeatureMap map = *this;
  map.tensor = std::move(other);
  return map;
}

torch::Tensor FeatureMap::as_grid() const {
  if (kind == Kind::kGrid) return tensor;
  const auto grid = tensor.narrow(1, prefix, height * width).transpose(1, 2);
  return grid.reshape({tensor.size(0), tensor.size(2), height, width});
}

std::string text_of(const MapInfo& map) {
  const std::string kind = map.kind == FeatureMap::Kind::kGrid ? "a grid" : "tokens";
  return kind + " of " + std::to_string(map.channels) + " channels";
}

std::string text_of(const std::vector<MapInfo>& maps) {
  std::vector<std::string> texts;
  for (const auto& map : maps) texts.push_back(text_of(map));
  return texts.empty() ? "nothing" : join(texts, " and ");
}

}  // namespace tasuki
