#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tasuki/model/decoder.h"
#include "tasuki/model/encoder.h"
#include "tasuki/model/feature_cut.h"

namespace tasuki {

// Where a training is.
struct TrainProgress {
  int64_t epoch = 0;   // from 0
  int64_t step = 0;    // of the run, from 0
  int64_t epochs = 0;  // of the whole run
  int64_t steps_per_epoch = 0;
};

// What a model minimises besides its objectives' losses, whatever the weighting makes of those: the
// entropy of a gate. It does not depend on anything behind the cut.
struct ExtraLoss {
  std::string name;    // in the logs: "gate_entropy"; unique, and no objective's
  torch::Tensor loss;  // a scalar of the forward pass's graph
  double coefficient = 1;
};

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

  // Image [N,3,H,W] -> features of each asked-for route: of every stage the maps that it declares.
  // What routes share runs once; what no asked-for route needs does not run.
  virtual std::map<std::string, RouteFeatures> forward(const torch::Tensor& image,
                                                       const std::vector<std::string>& routes) = 0;
  // Parameters that train from objectives on this route only.
  virtual NamedParameters own_parameters(const std::string& route) const = 0;
  // The routes whose objectives train the parameter of this name (as named_parameters() has it);
  // empty where the architecture does not say: its route where it is a route's own, else all.
  virtual std::set<std::string> routes_of(const std::string& /*parameter*/) const { return {}; }
  // Whether an objective on this route can train it without any gradient reaching another route's
  // own parameters (false where the route mixes its features with others').
  virtual bool one_way_transfer_possible(const std::string& route) const = 0;
  // (stage of the encoder, module) for each module made of a stage: what pretrained weights go
  // into.
  virtual std::vector<std::pair<size_t, Stage*>> stage_modules() const = 0;

  // Whether forward() passes all that leaves the part that routes share through cut(), so that no
  // gradient reaches a parameter which more than one route trains but through the cut.
  virtual bool names_cut() const { return false; }
  // Where the next forward passes are cut; nullptr: nowhere. It outlives them.
  void set_cut(FeatureCut* cut) { cut_ = cut; }

  // Where the training is, set before each of its steps; evaluation sees what was set last. What a
  // checkpoint's figures depend on belongs into a buffer as well.
  void set_progress(const TrainProgress& progress) { progress_ = progress; }

  // What forward() gave add_loss() since the last call.
  std::vector<ExtraLoss> take_extra_losses() { return std::exchange(extra_losses_, {}); }

 protected:
  // What forward() goes on with behind the shared part, in place of that part's output.
  torch::Tensor cut(const std::string& name, const torch::Tensor& features) const {
    return cut_ == nullptr ? features : (*cut_)(name, features);
  }
  // The same for every map of a stage; several of them are "name.0", "name.1", ...
  FeatureMaps cut(const std::string& name, FeatureMaps maps) const;

  const TrainProgress& progress() const { return progress_; }
  // A further loss of this forward pass. Only what training steps make is used.
  void add_loss(ExtraLoss loss) { extra_losses_.push_back(std::move(loss)); }

 private:
  FeatureCut* cut_ = nullptr;
  TrainProgress progress_;
  std::vector<ExtraLoss> extra_losses_;
};

}  // namespace tasuki
