#include "tasuki/model/decoder.h"

#include "tasuki/registry/registry.h"

namespace tasuki {

GridDecoder::GridDecoder(const std::vector<StageInfo>& stages) {
  require_option(!stages.empty() && stages.back().is_one_grid(), "",
                 "needs one grid of features, and the encoder's last stage, " +
                     (stages.empty() ? "" : stages.back().name + ", ") + "gives " +
                     text_of(stages.empty() ? std::vector<MapInfo>() : stages.back().maps));
}

torch::Tensor GridDecoder::forward(const RouteFeatures& features) {
  Features grids;
  for (const auto& maps : features) {
    const bool one_grid = maps.size() == 1 && maps[0].kind == FeatureMap::Kind::kGrid;
    grids.push_back(one_grid ? maps[0].tensor : torch::Tensor());
  }
  return forward(grids);
}

}  // namespace tasuki
