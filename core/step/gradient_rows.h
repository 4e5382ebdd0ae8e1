#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/step/feature_rows.h"
#include "tasuki/step/weighting.h"

namespace tasuki {

// The gradients of a step's objectives as the rows of matrices, and the combined gradients back
// where they belong: what GradientWeighting is made of.
//
// There is one backward pass per objective, of its loss times its factor. Losses stay separate
// scalars, so that a pass walks no other objective's decoder and a part of the encoder only as
// often as objectives run through it. At PARAMETERS that costs memory for n vectors of the size of
// the combined part, at FEATURES for n of the size of the features at the cut. Where no two
// objectives have a parameter in common there, it is one pass through the sum.
class GradientRows {
 public:
  // OptionError for options that are none, or that the architecture or the method does not offer.
  GradientRows(const Weighting::Context& context, const options::GradientOptions& options,
               bool has_weights);

  // rows [n, P] -> out [P], n > 1; returns the weights [n] float64 on the CPU, or undefined.
  using Combine = std::function<torch::Tensor(const torch::Tensor& rows, const RowGroup& group,
                                              torch::Tensor out)>;

  bool at_features() const { return options_.at() == options::GradientOptions::FEATURES; }
  // Whether the step's graph has to be cut at the features where routes part.
  bool needs_cut() const { return at_features() || (options_.every() > 1 && has_cut_); }
  // `linear`: the weights are known, so that gradients on features serve for those on parameters:
  // the combination is the same, and costs one pass through what is shared.
  void backward(StepContext& step, bool linear = false);
  void reduce(StepContext& step);
  // `combine` is called for the shared part first, then for the routes in alphabetical order.
  void combine(StepContext& step, const Combine& combine);

 private:
  // Parameters, and which objectives of a step train them.
  struct Group {
    const ParameterPart* part;
    std::string name;             // of the route; "shared"
    std::vector<size_t> members;  // positions in the step, ascending
    torch::Tensor rows;           // [members, size]
  };

  bool weighs_decoders() const { return options_.decoders() == options::GradientOptions::WEIGHTED; }
  bool combines_routes() const {
    return options_.scope() == options::GradientOptions::SHARED_AND_ROUTES;
  }
  void add(const ParameterPart& part, const std::string& name, std::vector<size_t> members);
  void make_groups(StepContext& step);
  void collect(Group& group, size_t objective) const;
  std::vector<ParameterRange> final_ranges() const;
  void limit_norm() const;
  RowGroup describe(const StepContext& step, const std::string& name,
                    const std::vector<size_t>& members) const;
  // [n] weights of the shared part; undefined where nothing is shared, or the method has none.
  torch::Tensor combine_parameters(StepContext& step, Group& group, const Combine& combine) const;
  torch::Tensor combine_features(StepContext& step, const Combine& combine);
  void weigh_outside(const StepContext& step, const std::vector<double>& weights);
  void weigh_route(const std::string& route, const std::vector<size_t>& members,
                   const std::vector<double>& weights);

  options::GradientOptions options_;
  bool has_cut_;  // of the architecture
  ParameterSpace* parameters_;
  std::vector<Objective> objectives_;  // of the model
  ParameterPart shared_;
  std::map<std::string, ParameterPart> own_;       // by route
  std::map<std::string, ParameterPart> decoders_;  // by objective

  // Of a step, between its phases.
  torch::Tensor factors_;
  std::vector<Group> groups_;            // the shared part first, if any
  std::optional<FeatureRows> features_;  // where rows of the shared part are those of features
};

// Cuts [0, size) into blocks for work on long rows whose temporaries then stay in the cache.
void for_each_block(int64_t size, const std::function<void(int64_t begin, int64_t end)>& work);

// Inner products of the rows, [n, n] float64 on their device. Computed in float64, which costs no
// more than in the rows' own type when done block by block.
torch::Tensor gram_matrix(const torch::Tensor& rows);
// out = sum_i weights[i] rows[i], in the type of `out`, which is at least as wide as the rows'.
void weigh_rows(const torch::Tensor& rows, const torch::Tensor& weights, torch::Tensor out);

}  // namespace tasuki
