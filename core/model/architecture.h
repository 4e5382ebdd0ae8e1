#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/decoder.h"
#include "core/model/encoder.h"
#include "core/model/feature_cut.h"

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
  // The routes whose objectives train the parameter of this name (as named_parameters() has it);
  // empty where the architecture does not say: its route where it is a route's own, else all.
  virtual std::set<std::string> routes_of(const std::string& /*parameter*/) const { return {}; }
  // Whether an objective on one route can train it without any gradient reaching another route's
  // own parameters (false where routes mix features).
  virtual bool one_way_transfer_possible() const = 0;
  // (stage of the encoder, module) for each module made of a stage: what pretrained weights go
  // into.
  virtual std::vector<std::pair<size_t, Stage*>> stage_modules() const = 0;

  // Whether forward() passes all that leaves the part that routes share through cut(), so that no
  // gradient reaches a parameter which more than one route trains but through the cut.
  virtual bool names_cut() const { return false; }
  // Where the next forward passes are cut; nullptr: nowhere. It outlives them.
  void set_cut(FeatureCut* cut) { cut_ = cut; }

 protected:
  // What forward() goes on with behind the shared part, in place of that part's output.
  torch::Tensor cut(const std::string& name, const torch::Tensor& features) const {
    return cut_ == nullptr ? features : (*cut_)(name, features);
  }

 private:
  FeatureCut* cut_ = nullptr;
};

}  // namespace tasuki
