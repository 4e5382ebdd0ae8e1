#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/step/mtl_backward.h"
#include "tasuki/step/weighting.h"

namespace tasuki {

// What mtl_backward() can't do with what it was given (kUsage).
Error mtl_error(const std::string& what);

// A method bound to the parameters of a strange model: vectors of their size stand in for those of
// a model of ours, and lend the parameters their gradients while backward passes run. What
// mtl_backward() is made of.
class MtlBinding {
 public:
  using Parameters = std::vector<torch::Tensor>;

  // Error (kUsage) for parameters that can't be trained so, and for methods that need more than
  // there is.
  MtlBinding(const google::protobuf::Any& weighting, const MtlWeighting::Options& options,
             size_t tasks, bool has_features, const Parameters& shared,
             const std::vector<Parameters>& own);

  Weighting& weighting() { return *weighting_; }
  bool is_of(size_t tasks, const Parameters& shared, const std::vector<Parameters>& own) const;
  // A step of all tasks, whose losses' gradients are added to the parameters'.
  torch::Tensor take_step(const std::vector<torch::Tensor>& losses, const Parameters& features,
                          const Draws& draws, int64_t epoch, int64_t step);
  void after_update(const std::function<std::vector<torch::Tensor>()>& losses);

 private:
  // Losses at other parameters, so far as somebody gives them.
  class GivenLosses : public LookAhead {
   public:
    std::vector<torch::Tensor> training_losses(bool update_statistics) override;
    std::vector<torch::Tensor> validation_losses(bool update_statistics) override;
    std::function<std::vector<torch::Tensor>()> losses;
  };

  void list(const Parameters& shared, const std::vector<Parameters>& own);
  void make_space();
  Weighting::Context context(const MtlWeighting::Options& options, bool has_features);
  void check_needs(const std::string& name, bool has_features) const;
  void walk_to_features(const torch::Tensor& loss, bool keep_graph, const Parameters& features);

  std::vector<Objective> objectives_;
  Parameters parameters_;        // shared ones first
  std::vector<int64_t> owners_;  // the task whose own each one is; -1: shared
  std::unique_ptr<ParameterSpace> space_;
  Parameters views_;  // of the flat gradient, one a parameter
  std::unique_ptr<Weighting> weighting_;
  double learning_rate_ = 0;  // of the method's own parameters
  GivenLosses look_ahead_;
  ForwardTrace trace_;  // of a step on features
  StepContext step_;    // the last one, without its graph
};

}  // namespace tasuki
