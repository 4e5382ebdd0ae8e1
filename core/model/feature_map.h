#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tasuki {

// What a stage of an encoder gives: the pixels of a map, or the tokens of a transformer.
struct FeatureMap {
  enum class Kind { kGrid, kTokens };

  // kGrid: [N, C, h, w]. kTokens: [N, prefix + height * width, C], the prefix (class and register
  // tokens) first, then the grid's rows from the top.
  torch::Tensor tensor;
  int64_t stride = 1;  // image pixels per pixel, or patch
  Kind kind = Kind::kGrid;
  // Of tokens alone.
  int64_t height = 0, width = 0;
  int64_t prefix = 0;

  static FeatureMap tokens(torch::Tensor tensor, int64_t height, int64_t width, int64_t prefix = 0,
                           int64_t stride = 1);

  // The same kind of map with another tensor.
  FeatureMap with(torch::Tensor other) const;
  int64_t channels() const { return tensor.size(kind == Kind::kGrid ? 1 : 2); }
  // [N, C, h, w]: the map itself, or a view of its tokens without the prefix.
  torch::Tensor as_grid() const;
};

// What a stage gets and gives: one map, or the branches of several resolutions.
using FeatureMaps = std::vector<FeatureMap>;
// What the stages along one route gave, from the first to the last.
using RouteFeatures = std::vector<FeatureMaps>;

// What a stage declares of one of its maps.
struct MapInfo {
  int64_t channels = 0;
  int64_t stride = 1;
  FeatureMap::Kind kind = FeatureMap::Kind::kGrid;
};
// "a grid of 64 channels", "tokens of 384 channels"
std::string text_of(const MapInfo& map);
// "a grid of 64 channels and tokens of 384 channels", "nothing"
std::string text_of(const std::vector<MapInfo>& maps);

}  // namespace tasuki
