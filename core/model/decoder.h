#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasuki/model/encoder.h"

namespace tasuki {

// What a decoder makes of features: logits of an objective, at a resolution of its choice.
struct DecoderOutput {
  // Where the logits meet the labels.
  enum class At {
    kLabels,  // enlarged to the labels' size
    kLogits   // labels are taken at the logits' size: of each logit, the one under its middle
  };

  std::string objective;  // whose labels and losses it is trained by
  torch::Tensor logits;   // [N, channels of the objective, h, w]
  // Deep supervision: of the loss in the objective's, which is the sum over its outputs. Such an
  // output is there while the model trains, and is none of its predictions.
  bool training_only = false;
  double weight = 1;
  At at = At::kLabels;
  // Those of the task's losses to take, by registered name; empty: all.
  std::vector<std::string> losses = {};
};

// What decoders of one task and of several have in common.
class DecoderModule : public torch::nn::Module {
 protected:
  // A module that only outputs for training need: "training_only.NAME" in the names of its tensors,
  // which a model for inference leaves out of a checkpoint. Make it where Context::training says
  // so, and call it while is_training().
  template <class Module>
  Module register_training_only(const std::string& name, Module module) {
    if (!training_only_) {
      training_only_ = register_module(kTrainingOnly, std::make_shared<torch::nn::Module>());
    }
    return training_only_->register_module(name, std::move(module));
  }

 public:
  static constexpr const char* kTrainingOnly = "training_only";

 private:
  std::shared_ptr<torch::nn::Module> training_only_;
};

// The features of one route -> logits of one objective.
class Decoder : public DecoderModule {
 public:
  static constexpr const char* kKind = "Decoder";
  struct Context {
    std::vector<StageInfo> stages;  // what the features will be
    int64_t out_channels = 1;
    std::shared_ptr<const Norm> norm = default_norm();  // makes its normalisation layers
    bool training = true;  // whether the model is for training; else nothing training_only is made
  };

  // [N, out_channels, h, w] at a resolution of the decoder's choice; the model enlarges it to the
  // labels', or to what a prediction asks for.
  virtual torch::Tensor forward(const RouteFeatures& features) = 0;

  // Where the next forward passes leave the input of their last layer; nullptr: nowhere.
  void keep_last_features(torch::Tensor* last) { last_ = last; }
  // The same for what supervise() was given.
  void keep_supervised(std::vector<DecoderOutput>* outputs) { supervised_ = outputs; }

 protected:
  // What forward() gives its last layer: it passes it through this, for weightings that look at it.
  torch::Tensor last_features(torch::Tensor features) const {
    if (last_ != nullptr) *last_ = features;
    return features;
  }
  // Deep supervision: forward() calls this with further logits while is_training(). The objective
  // is the decoder's.
  void supervise(DecoderOutput output) const {
    if (supervised_ != nullptr) supervised_->push_back(std::move(output));
  }

 private:
  torch::Tensor* last_ = nullptr;
  std::vector<DecoderOutput>* supervised_ = nullptr;
};

// The grids that the stages along one route gave: [N, C_i, H_i, W_i]. Undefined where a stage gave
// something else than one grid.
using Features = std::vector<torch::Tensor>;

// A head on the grids of the stages.
class GridDecoder : public Decoder {
 public:
  // OptionError unless the last stage gives one grid.
  explicit GridDecoder(const Context& context) : GridDecoder(context.stages) {}
  explicit GridDecoder(const std::vector<StageInfo>& stages);

  virtual torch::Tensor forward(const Features& features) = 0;
  torch::Tensor forward(const RouteFeatures& features) final;
};

// The features of the routes of several tasks, by task.
using TaskFeatures = std::map<std::string, RouteFeatures>;

// The features of several tasks -> logits of all of them: what tasks tell each other is here. Its
// parameters are trained by all of these objectives, and so is what any of the routes has of its
// own: to weightings it is shared.
//
//   model { decoder { name: "distill" serves: ["seg", "depth"] kind { [acme/Distill] {} } } }
class CrossTaskDecoder : public DecoderModule {
 public:
  static constexpr const char* kKind = "CrossTaskDecoder";
  struct ServedTask {
    std::string name;  // of its features, and of the objective of its outputs
    int64_t channels;  // of its logits
  };
  struct Context {
    std::vector<StageInfo> stages;  // what the features of each route will be
    std::vector<ServedTask> tasks;  // that it serves, at least one, in the config's order
    std::shared_ptr<const Norm> norm = default_norm();
    bool training = true;  // as for Decoder
  };

  // One output that is not training_only for every task; any number of further ones.
  virtual std::vector<DecoderOutput> forward(const TaskFeatures& features) = 0;
  // The tasks whose outputs train the parameter of this name (as named_parameters() has it): the
  // head of one task, say. Empty: all that it serves.
  virtual std::set<std::string> tasks_of(const std::string& /*parameter*/) const { return {}; }

  // Where the next forward passes leave the input of their last layers, by objective; nullptr:
  // nowhere.
  void keep_last_features(std::map<std::string, torch::Tensor>* last) { last_ = last; }

 protected:
  torch::Tensor last_features(const std::string& objective, torch::Tensor features) const {
    if (last_ != nullptr) (*last_)[objective] = features;
    return features;
  }

 private:
  std::map<std::string, torch::Tensor>* last_ = nullptr;
};

}  // namespace tasuki
