#include "tasuki/model/encoder.h"

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

std::vector<MapInfo> infos_of(const FeatureMaps& maps) {
  std::vector<MapInfo> infos;
  for (const auto& map : maps) infos.push_back({map.channels(), map.stride, map.kind});
  return infos;
}

bool is_as_declared(const std::vector<MapInfo>& declared, const std::vector<MapInfo>& made) {
  if (declared.size() != made.size()) return false;
  for (size_t i = 0; i < made.size(); ++i) {
    if (declared[i].channels != made[i].channels || declared[i].kind != made[i].kind) return false;
  }
  return true;
}

}  // namespace

FeatureMaps GridStage::forward(FeatureMaps in) {
  if (in.size() != 1 || in[0].kind != FeatureMap::Kind::kGrid) {
    throw Error(ErrorKind::kPlugin,
                "a stage that takes one grid is given " + text_of(infos_of(in)));
  }
  return {in[0].with(forward(in[0].tensor))};
}

const MapInfo& StageInfo::only_map() const {
  if (maps.size() != 1) {
    throw Error(ErrorKind::kPlugin, "stage " + name + " has no one map: it gives " + text_of(maps));
  }
  return maps[0];
}

FeatureMaps run_stage(const StageInfo& info, Stage& stage, const FeatureMaps& in) {
  auto out = stage.forward(in);
  const auto made = infos_of(out);
  if (!is_as_declared(info.maps, made)) {
    throw Error(ErrorKind::kPlugin, "stage " + info.name + " of the encoder declares " +
                                        text_of(info.maps) + ", and gives " + text_of(made));
  }
  for (size_t i = 0; i < out.size(); ++i) out[i].stride = info.maps[i].stride;
  return out;
}

}  // namespace tasuki
