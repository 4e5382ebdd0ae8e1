#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tasuki/model/objective.h"
#include "tasuki/model/parameter_space.h"
#include "tasuki/registry/registry.h"
#include "tasuki/step/gradient_options.pb.h"
#include "tasuki/step/kept_weights.h"
#include "tasuki/step/own_parameters.h"
#include "tasuki/step/parameter_part.h"
#include "tasuki/step/step_context.h"

// How the losses of a step become one gradient. A method derives from the smallest of these that
// serves it, and is registered as a Weighting:
//
//   LossWeighting      the losses' values -> a weight for each
//   GramianWeighting   inner products of the objectives' gradients -> a weight for each
//   RowWeighting       the objectives' gradients -> a direction
//   StepWeighting      the whole step
//
// Example:
//   class MinNorm : public tasuki::GramianWeighting {
//    public:
//     explicit MinNorm(const options::MinNorm&) {}
//     torch::Tensor weigh(const torch::Tensor& gramian, tasuki::Draws&) override {
//       return min_norm_point(gramian);
//     }
//   };
//   TASUKI_REGISTER(tasuki::Weighting, MinNorm, options::MinNorm, "acme/MinNorm");
//
// weigh() and combine() of the first three need no model: a test calls them with numbers. Their
// class is made from its options alone, or from them and a Weighting::Context.
namespace tasuki {

// What a weighting may ask of a step beyond its losses, look-aheads on its batch and parameters.
struct WeightingNeeds {
  bool validation_batch = false;  // validation losses of look_ahead and further_batches
  bool training_batches = false;  // training losses of further_batches
  bool features = false;          // StepContext::trace->cut
  bool last_features = false;     // StepContext::trace->last_features
};

// A registered method. The loop calls backward, reduce, combine and after_update in each step, and
// asks for no method by name.
class Weighting {
 public:
  static constexpr const char* kKind = "Weighting";

  struct Context {
    using Spans = std::vector<ParameterSpace::Segment>;

    std::vector<Objective> objectives;     // all of the model, in its order, primaries first
    ParameterSpace* parameters = nullptr;  // of the model; outlive the weighting
    // Parts of the flat vectors, ascending: what more than one route trains, and what is a route's
    // own. Decoders are in neither.
    Spans shared;
    std::map<std::string, Spans> own;
    // The same by the set of routes that trains it, and decoders by their objective.
    std::map<std::set<std::string>, Spans> by_routes;
    std::map<std::string, Spans> decoders;
    std::map<std::string, torch::Tensor> leaves;  // parameters in the graph, by their span's name
    bool has_cut = false;  // whether the architecture names features at which routes part
    Train::RouteNormalization route_normalization = Train::NONE;  // of StepContext::normalize
    MakeOptimizer make_optimizer;

    // Parts with their leaves: for methods that take gradients themselves.
    ParameterPart part(const Spans& spans) const;
    // What exactly these routes train, empty where there is nothing; {route}: what is its own.
    ParameterPart shared_by(const std::set<std::string>& routes) const;
    ParameterPart decoder(const std::string& objective) const;
  };

  virtual ~Weighting() = default;

  virtual WeightingNeeds needs() const { return {}; }
  // Walks the losses' graph: leaves the gradients of this step's batch in the flat gradient, or
  // keeps them.
  virtual void backward(StepContext& step) = 0;
  // Sums over the processes what backward() left.
  virtual void reduce(StepContext& step) { step.collective->mean(step.parameters->gradient()); }
  // Leaves the step's gradient in the flat gradient, and sets StepContext::applied.
  virtual void combine(StepContext& /*step*/) {}
  // The parameters have moved; the graph of the losses is gone.
  virtual void after_update(StepContext& /*step*/) {}

  // State for checkpoints, by name.
  virtual std::map<std::string, torch::Tensor> state() const { return {}; }
  virtual void load_state(const std::map<std::string, torch::Tensor>& /*state*/) {}
};

// Sees the whole step: implements Weighting itself, made with its Context.
using StepWeighting = Weighting;

// What a LossWeighting gets, of the n objectives that run in the step. All [n] float64 on the
// losses' device, unless said otherwise.
struct LossStep {
  torch::Tensor losses;        // their values, without a graph
  torch::Tensor coefficients;  // what the policies ask for; the weights are multiplied with them
  torch::Tensor parameters;    // of the weighting's own, differentiable; undefined without any
  torch::Tensor index;         // int64: of each among the model's objectives
  int64_t epoch = 0;
  int64_t step = 0;
  Draws* draws = nullptr;

  // The same values as a leaf that requires grad, for an extra term that the model is to minimise
  // as well.
  const torch::Tensor& differentiable_losses() const;
  mutable torch::Tensor leaf;  // undefined until somebody asked for it
};

// What a LossWeighting answers: the step minimises, over the model and its own parameters,
//   sum_i factor_i L_i + extra
// with factor_i = the policies' coefficient times weight_i, normalised by route; for the model the
// factors are constants.
struct LossWeights {
  torch::Tensor weights;  // [n]
  torch::Tensor extra;  // a scalar, or undefined; differentiable in the step's parameters or losses
};

// A method that needs no more than the losses' values, and one backward pass.
class LossWeighting : public Weighting {
 public:
  virtual LossWeights weigh(const LossStep& step) = 0;

  // A parameter of its own for every objective of the model, trained by an optimiser of the run's
  // kind and options with the run's learning rate. Its gradient is not clipped.
  struct OwnParameter {
    std::string name;  // of it in checkpoints
    double init;
    bool decays = true;  // whether the run's weight decay is its too
  };
  virtual std::optional<OwnParameter> own_parameter() const { return {}; }

  void set_up(const google::protobuf::Message& options, const Context& context);
  void backward(StepContext& step) final;
  void combine(StepContext& step) final;
  std::map<std::string, torch::Tensor> state() const override;
  void load_state(const std::map<std::string, torch::Tensor>& state) override;

 private:
  std::string name_;                    // of its options
  std::unique_ptr<OwnParameters> own_;  // nullptr without any
  torch::Tensor own_loss_;              // of this step: what its parameters train on
};

// Whose gradients the rows of a matrix are.
struct RowGroup {
  std::string part;                // "shared", or the route whose own parameters they are of
  std::vector<size_t> objectives;  // of each row, among the model's objectives
  torch::Tensor losses;            // of each row, [n] float64 on their device
  int64_t epoch = 0;
  int64_t step = 0;
};

class GradientRows;

// What the two that combine gradients have in common: where the rows come from, by GradientOptions,
// and where the combined gradient goes (core/step/gradient_rows.h). Rows are gradients of the
// losses times the policies' coefficients, normalised by route. A group of one row is not asked
// about: a single objective has nothing to trade, and its gradient goes on as it is.
class GradientWeighting : public Weighting {
 public:
  GradientWeighting();
  ~GradientWeighting() override;

  // Reads the field `gradients` of the options (GradientOptions), where there is one, and the
  // `scope` beside it, where methods had it before.
  template <class Options>
  void set_up(const Options& options, const Context& context) {
    options::GradientOptions common;
    if constexpr (requires { options.gradients(); }) common = options.gradients();
    if constexpr (requires { options.has_scope(); }) {
      if (options.has_scope()) set_scope(common, options.scope());
    }
    set_up(common, context);
  }
  void set_up(const options::GradientOptions& common, const Context& context);

  WeightingNeeds needs() const override;
  void backward(StepContext& step) final;
  void reduce(StepContext& step) final;
  void combine(StepContext& step) final;
  std::map<std::string, torch::Tensor> state() const final;
  void load_state(const std::map<std::string, torch::Tensor>& state) final;

  // Whether the rule's answer is of the size of the rows' mean (weights that sum to 1) or of their
  // sum; `gradients.scale` converts it by the number of rows.
  virtual options::GradientOptions::Scale rule_scale() const {
    return options::GradientOptions::SUM;
  }
  // What the method itself keeps from step to step, for checkpoints, by name; keep it by the
  // objectives' names, as objectives come and go.
  virtual std::map<std::string, torch::Tensor> method_state() const { return {}; }
  virtual void load_method_state(const std::map<std::string, torch::Tensor>& /*state*/) {}

 protected:
  // What decoders get where the config says nothing.
  virtual options::GradientOptions::Decoders default_decoders() const {
    return options::GradientOptions::PLAIN;
  }
  // Whether the method has weights, which `decoders: WEIGHTED`, `every` and `smoothing` need.
  virtual bool has_weights() const = 0;
  // Whether it takes rows that were kept in bf16.
  virtual bool takes_rounded_rows() const = 0;
  // rows [n, P] -> out [P], n > 1. Returns the weights [n] float64 on the CPU, or undefined.
  virtual torch::Tensor combine_rows(const torch::Tensor& rows, const RowGroup& group,
                                     StepContext& step, torch::Tensor out) = 0;
  // What `gradients.scale` multiplies the rule's answer for this many rows with.
  double length(int64_t rows) const;
  // Whether the rows are gradients on features; of the process's own images then.
  bool has_feature_rows() const;
  // The method's weights as the options `every` and `smoothing` say: kept ones, or `compute`'s.
  torch::Tensor kept_or(const RowGroup& group, const std::function<torch::Tensor()>& compute);

 private:
  static void set_scope(options::GradientOptions& common, options::GradientOptions::Scope scope);

  options::GradientOptions::Scale scale_ = options::GradientOptions::SUM;
  KeptWeights kept_;
  bool takes_kept_ = false;  // in this step
  std::unique_ptr<GradientRows> rows_;
};

// A method that needs the inner products of the gradients alone: a pure function of a small matrix.
class GramianWeighting : public GradientWeighting {
 public:
  // gramian: [n, n] float64 on the CPU, g_i . g_j. Returns w, [n] float64: the combined gradient is
  // sum_i w_i g_i.
  virtual torch::Tensor weigh(const torch::Tensor& gramian, Draws& draws) = 0;
  // The same for methods that keep something by objective, or treat primaries and auxiliaries
  // differently.
  virtual torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& /*group*/,
                                    Draws& draws) {
    return weigh(gramian, draws);
  }

 protected:
  bool has_weights() const final { return true; }
  bool takes_rounded_rows() const final { return true; }
  torch::Tensor combine_rows(const torch::Tensor& rows, const RowGroup& group, StepContext& step,
                             torch::Tensor out) final;
};

// A method that needs the gradients themselves.
class RowWeighting : public GradientWeighting {
 public:
  // rows: [n, P], in the parameters' type and on their device. Returns the direction to go on with,
  // [P].
  virtual torch::Tensor combine(const torch::Tensor& rows, Draws& draws) = 0;
  // The same for methods that keep something by objective.
  virtual torch::Tensor combine_group(const torch::Tensor& rows, const RowGroup& /*group*/,
                                      Draws& draws) {
    return combine(rows, draws);
  }
  // Whether an element of the direction depends on its own column of the rows alone: combine() is
  // then called for blocks of columns, so that what it allocates stays small.
  virtual bool by_column() const { return false; }
  using GradientWeighting::combine;

 protected:
  bool has_weights() const final { return false; }
  bool takes_rounded_rows() const final { return by_column(); }
  torch::Tensor combine_rows(const torch::Tensor& rows, const RowGroup& group, StepContext& step,
                             torch::Tensor out) final;
};

}  // namespace tasuki
