#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "tasuki/model/feature_map.h"
#include "tasuki/model/norm.h"

namespace tasuki {

// One part of an encoder, a module of its own so that routes can have copies of it. The first one
// gets the image [N, 3, H, W] as a grid of stride 1.
class Stage : public torch::nn::Module {
 public:
  // The maps of the stage before -> the maps that StageInfo declares. Strides need not be set: they
  // are taken from there.
  virtual FeatureMaps forward(FeatureMaps in) = 0;
};

// A stage that makes one grid of one.
class GridStage : public Stage {
 public:
  // [N, C_in, H, W] -> [N, channels, H / s, W / s], s the ratio of this stage's stride to the last.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  // Error (kPlugin) for anything else than one grid.
  FeatureMaps forward(FeatureMaps in) final;
};

struct StageInfo {
  // Of one grid.
  StageInfo(std::string stage_name, std::string tensor_prefix, int64_t channels, int64_t stride)
      : StageInfo(std::move(stage_name), std::move(tensor_prefix), {{channels, stride}}) {}
  // Of any maps: {"stage2", "stage2.", {{18, 4}, {36, 8}}}.
  StageInfo(std::string stage_name, std::string tensor_prefix, std::vector<MapInfo> stage_maps)
      : name(std::move(stage_name)),
        prefix(std::move(tensor_prefix)),
        maps(std::move(stage_maps)) {}

  std::string name;           // "stem", "layer1", ...: unique
  std::string prefix;         // of its tensors in the published layout: "" for the stem, "layer1."
  std::vector<MapInfo> maps;  // of its output, in order; at least one

  // Of the one map of a stage that has one; Error (kPlugin) where it has several.
  int64_t channels() const { return only_map().channels; }
  int64_t stride() const { return only_map().stride; }
  bool is_one_grid() const { return maps.size() == 1 && maps[0].kind == FeatureMap::Kind::kGrid; }

 private:
  const MapInfo& only_map() const;
};

// What the stage makes of the maps, with the strides that it declares. Error (kPlugin) where it
// makes something else than it declares.
FeatureMaps run_stage(const StageInfo& info, Stage& stage, const FeatureMaps& in);

// A recipe for the shared trunk of all routes: how an architecture makes the stages, as often as it
// needs them.
class Encoder {
 public:
  static constexpr const char* kKind = "Encoder";
  struct Context {
    std::shared_ptr<const Norm> norm = default_norm();  // makes its normalisation layers
  };

  virtual ~Encoder() = default;

  // From the image on.
  virtual const std::vector<StageInfo>& stages() const = 0;
  // A fresh stage with weights drawn from LibTorch's default generator.
  virtual std::shared_ptr<Stage> make_stage(size_t index) const = 0;
  // A .safetensors file with published weights, or "".
  virtual std::string pretrained() const { return ""; }
  // Whether a tensor of that file belongs to what this encoder has no place for: the classifier,
  // or stages that it ends before.
  virtual bool leaves_out(const std::string& /*tensor*/) const { return false; }
};

}  // namespace tasuki
