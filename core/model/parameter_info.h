#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasuki/config/config.pb.h"

namespace tasuki {

class MultiTaskModel;

// What a parameter is to an optimiser: what weight decay is usual for. See parameter_kind().
using ParameterKind = Train::ParameterKind;

// One parameter of a model, and what is known of it.
struct ParameterInfo {
  torch::Tensor tensor;                  // the model's own
  std::string name;                      // that it was registered under first
  std::vector<std::string> other_names;  // of the same parameter: tied weights, shared modules
  ParameterKind kind = Train::WEIGHT;

  // Of a MultiTaskModel alone.
  std::string stage;         // of the encoder, or "" where it belongs to none
  int64_t stage_index = -1;  // from the image on
  std::string instance;      // of the stage
  // The routes whose objectives train it: that run through it, or whose features a decoder mixes
  // with it; none for a decoder's of one objective.
  std::set<std::string> routes;
  std::string owner;                 // the one route whose own it is, or ""
  std::set<std::string> objectives;  // whose decoder it is part of; more than one where it is tied

  // What the config asks for.
  bool frozen = false;          // nobody changes it
  double lr_multiplier = 1;     // of the optimiser's learning rate
  double decay_multiplier = 1;  // of its weight decay

  // What no route has to itself: of the encoder, or of a decoder of several tasks.
  bool is_shared() const { return owner.empty() && !routes.empty(); }
  // "encoder.layer3.seg", "decoder.seg": see part_of_parameter().
  std::string part() const;
};

// The part of a model that a tensor of this name is in: "encoder.<stage>.<instance>" or
// "decoder.<objective>"; of other modules, the first two names.
std::string part_of_parameter(const std::string& name);

// The kind of a parameter from the module that holds it, by the last part of the module's type
// ("BatchNorm2dImpl"), so that it works for modules of plugins as well, and from the parameter:
//   NORM       of a module whose type says Norm; any other parameter of one dimension that is no
//              bias (the scales of LayerScale): as timm, which decays no vector
//   EMBEDDING  of a module whose type says Embedding; a name with "embed", "token" or "position"
//   BIAS       a name "bias", "bias_..." or "..._bias"
//   WEIGHT     all else
// The first that fits.
ParameterKind parameter_kind(const std::string& module_type, const std::string& name,
                             const torch::Tensor& parameter);

// Every parameter of a model once, in the order of registration. One that does not require a
// gradient is frozen.
std::vector<ParameterInfo> list_parameters(const torch::nn::Module& model);
// The same with stages, routes and objectives. A parameter of several names is a route's own only
// if that route owns it by all of them; what the architecture says of no route belongs to all.
std::vector<ParameterInfo> list_parameters(MultiTaskModel& model);

// The batch-normalisation layers (a type that says BatchNorm) whose parameters are all frozen; for
// one without parameters, those of the module that holds it.
std::vector<std::shared_ptr<torch::nn::Module>> frozen_batch_norms(
    const torch::nn::Module& model, const std::vector<ParameterInfo>& parameters);

}  // namespace tasuki
