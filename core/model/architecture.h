#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/model/decoder.h"
#include "core/model/encoder.h"

namespace tasuki {

// How the stages of an encoder are shared between the routes of the tasks. A route is the path of
// one task through the encoder; its owner is the task, and it carries the owner's name.
class Architecture : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "Architecture";
  struct Context {
    const Encoder* encoder = nullptr;  // outlives the architecture
    std::vector<std::string> routes;   // one per task, in the config's order
  };
  using NamedParameters = std::vector<std::pair<std::string, torch::Tensor>>;

  // Image [N,3,H,W] -> features of each asked-for route. What routes share runs once; what no
  // asked-for route needs does not run.
  virtual std::map<std::string, Features> forward(const torch::Tensor& image,
                                                  const std::vector<std::string>& routes) = 0;
  // Parameters that train from objectives on this route only.
  virtual NamedParameters own_parameters(const std::string& route) const = 0;
  // Parameters that the route's features depend on. By default all: a parameter that is no route's
  // own then counts as shared by every route.
  virtual NamedParameters route_parameters(const std::string& /*route*/) const {
    NamedParameters all;
    for (const auto& item : named_parameters()) all.emplace_back(item.key(), item.value());
    return all;
  }
  // Whether an objective on one route can train it without any gradient reaching another route's
  // own parameters (false where routes mix features).
  virtual bool one_way_transfer_possible() const = 0;
  // (stage of the encoder, module) for each module made of a stage: what pretrained weights go
  // into.
  virtual std::vector<std::pair<size_t, Stage*>> stage_modules() const = 0;
};

}  // namespace tasuki
