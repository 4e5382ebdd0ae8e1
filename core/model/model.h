#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/model/architecture.h"
#include "core/model/decoder.h"
#include "core/model/encoder.h"
#include "core/model/objective.h"
#include "core/model/task.h"

namespace tasuki {

// A task of the model with what the config says of it.
struct ModelTask {
  std::string name;
  std::string field;  // of the sample, with its labels
  std::unique_ptr<Task> task;
  double loss_scale = 1;
};

// Class names of a label field, from the data set; may answer with none.
using ClassNames = std::function<std::vector<std::string>(const std::string& field)>;

// Encoder stages along routes, one decoder per objective. Tensor names:
// "encoder.<stage>.<instance>.<published name>" and "decoder.<objective>.<name>".
class MultiTaskModel : public torch::nn::Module {
 public:
  // Weights are drawn from LibTorch's default generator (or read from the encoder's pretrained
  // file). Errors are located in the config.
  MultiTaskModel(const ResolvedConfig& config, const ClassNames& class_names);

  const std::vector<ModelTask>& tasks() const { return tasks_; }
  const ModelTask& task(const std::string& name) const;
  // Primaries in the config's order, then the self-auxiliaries.
  const std::vector<Objective>& objectives() const { return objectives_; }
  Architecture& architecture() { return *architecture_; }

  // Image [N,3,H,W] -> float32 logits [N, channels, h, w] by objective, at `size` (h, w), by
  // default the image's. Only the routes and decoders of `objectives` run.
  std::map<std::string, torch::Tensor> forward(const torch::Tensor& image,
                                               const std::vector<Objective>& objectives,
                                               std::vector<int64_t> size = {});

  // What is there at inference: the primary objectives.
  std::vector<Objective> primaries() const;

 private:
  void add_tasks(const ResolvedConfig& config, const ClassNames& class_names);
  void add_objectives(const ResolvedConfig& config);
  void add_decoders(const ResolvedConfig& config);

  std::vector<ModelTask> tasks_;
  std::vector<Objective> objectives_;
  std::unique_ptr<Encoder> encoder_;
  std::shared_ptr<Architecture> architecture_;
  std::map<std::string, std::shared_ptr<Decoder>> decoders_;  // by objective
  bool align_corners_ = true;
};

// Parameters and buffers by name, in registration order: what a checkpoint of the weights holds.
std::vector<std::pair<std::string, torch::Tensor>> named_tensors(const torch::nn::Module& model);

}  // namespace tasuki
