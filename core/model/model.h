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
#include "core/model/self_auxiliary.h"
#include "core/model/task.h"

namespace tasuki {

// A task of the model with what the config says of it.
struct ModelTask {
  std::string name;
  std::string field;  // of the sample, with its labels
  std::unique_ptr<Task> task;
  double loss_scale = 1;
  bool joint = true;  // the model predicts it; otherwise it is a source of self-auxiliaries only
};

// Field of the sample that has a task's labels: the one that its config names, or else its name.
std::string label_field(const TaskConfig& task);

// What of a config's model is built: self-auxiliaries are there in training only.
enum class Network { kTraining, kInference };

// Class names of a label field, from the data set; may answer with none.
using ClassNames = std::function<std::vector<std::string>(const std::string& field)>;

// The tasks of a config alone, without a network: for what looks at labels only. Errors are
// located.
std::vector<ModelTask> build_tasks(const ResolvedConfig& config, const ClassNames& class_names);

// Encoder stages along routes, one decoder per objective. Tensor names:
// "encoder.<stage>.<instance>.<published name>" and "decoder.<objective>.<name>". A forward pass
// marks its parts by scopes of these names (RECORD_USER_SCOPE) for profilers and FlopCounter.
class MultiTaskModel : public torch::nn::Module {
 public:
  // Weights are drawn from LibTorch's default generator. Errors are located in the config.
  MultiTaskModel(const ResolvedConfig& config, const ClassNames& class_names,
                 Network network = Network::kTraining);

  // The encoder's weights out of its pretrained file, where the config names one: for a fresh run
  // alone, because a checkpoint has them all. Returns what had to be done to the file, "" for
  // nothing. Error at model.encoder.pretrained.
  std::string load_pretrained(const ResolvedConfig& config);

  // The tasks that the model predicts, in the config's order.
  const std::vector<ModelTask>& tasks() const { return tasks_; }
  // The task of this name, also one that is only a source of self-auxiliaries.
  const ModelTask& task(const std::string& name) const;
  // Primaries in the order of tasks(), then the self-auxiliaries.
  const std::vector<Objective>& objectives() const { return objectives_; }
  Architecture& architecture() { return *architecture_; }
  Network network() const { return network_; }

  // Image [N,3,H,W] -> float32 logits [N, channels, h, w] by objective, at `size` (h, w), by
  // default the image's. Only the routes and decoders of `objectives` run.
  std::map<std::string, torch::Tensor> forward(const torch::Tensor& image,
                                               const std::vector<Objective>& objectives,
                                               std::vector<int64_t> size = {});

  // What the next forward passes keep besides; nullptr: nothing. It outlives them.
  void set_trace(ForwardTrace* trace) { trace_ = trace; }

  // Logits at another size (h, w), interpolated as forward() does it; the same where it is theirs.
  torch::Tensor at_size(const torch::Tensor& logits, const std::vector<int64_t>& size) const;

  // What is there at inference: the primary objectives.
  std::vector<Objective> primaries() const;

 private:
  std::map<std::string, Features> encode(const torch::Tensor& image,
                                         const std::vector<std::string>& routes);
  void add_transfers(const ResolvedConfig& config);
  void add_transfer(const ResolvedConfig& config, const std::string& policy,
                    const Transfer& transfer);
  void add_decoder(const ResolvedConfig& config, const Objective& objective,
                   const std::string& path, const google::protobuf::Any& decoder);

  std::vector<ModelTask> tasks_;    // joint
  std::vector<ModelTask> sources_;  // of self-auxiliaries only
  std::vector<Objective> objectives_;
  std::unique_ptr<Encoder> encoder_;
  std::shared_ptr<Architecture> architecture_;
  std::shared_ptr<torch::nn::Module> decoder_modules_;
  std::map<std::string, std::shared_ptr<Decoder>> decoders_;  // by objective
  Network network_;
  bool align_corners_ = true;
  ForwardTrace* trace_ = nullptr;
};

// Whether a tensor of a model's checkpoint belongs to the decoder of a self-auxiliary.
bool is_auxiliary_tensor(const std::string& name);

// Parameters and buffers by name, in registration order: what a checkpoint of the weights holds.
std::vector<std::pair<std::string, torch::Tensor>> named_tensors(const torch::nn::Module& model);
// Elements of all parameters; buffers are none.
int64_t parameter_count(const torch::nn::Module& model);

}  // namespace tasuki
