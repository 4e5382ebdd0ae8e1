#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/model/architecture.h"
#include "tasuki/model/decoder.h"
#include "tasuki/model/encoder.h"
#include "tasuki/model/model_decoders.h"
#include "tasuki/model/model_output.h"
#include "tasuki/model/model_task.h"
#include "tasuki/model/objective.h"
#include "tasuki/model/self_auxiliary.h"

namespace tasuki {

// What of a config's model is built: self-auxiliaries are there in training only.
enum class Network { kTraining, kInference };

// Encoder stages along routes; a decoder for each objective, or one for several primaries. Tensor
// names: "encoder.<stage>.<instance>.<published name>" and "decoder.<objective>.<name>", where a
// decoder of several tasks has a name of its own. A forward pass marks its parts by scopes of these
// names (RECORD_USER_SCOPE) for profilers and FlopCounter.
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
  const Encoder& encoder() const { return *encoder_; }
  Network network() const { return network_; }

  const std::vector<ModelDecoder>& decoders() const { return decoders_; }
  // The tasks whose objectives train what this route has of its own: its own, and those whose
  // decoder mixes its features with theirs.
  std::set<std::string> mixed_with(const std::string& route) const;
  // Whether no gradient reaches what several routes train but through the architecture's cut: not
  // where a decoder behind it is theirs.
  bool names_cut() const;

  // Image [N,3,H,W] -> what decoders make of it, at their resolutions and in their types, with all
  // that a training step minimises. Only what `objectives` need runs.
  ModelOutput outputs(const torch::Tensor& image, const std::vector<Objective>& objectives);
  // Image [N,3,H,W] -> float32 logits [N, channels, h, w] by objective, at `size` (h, w), by
  // default the image's.
  std::map<std::string, torch::Tensor> forward(const torch::Tensor& image,
                                               const std::vector<Objective>& objectives,
                                               std::vector<int64_t> size = {});

  // What the next forward passes keep besides; nullptr: nothing. It outlives them.
  void set_trace(ForwardTrace* trace) { trace_ = trace; }

  // The loss of an objective from all that was decoded for it: that of its logits and, each times
  // its weight, those of what supervises it besides. Outputs that want it are enlarged to the
  // labels' size as forward() does it. loss_scale is not in it.
  torch::Tensor loss(const Objective& objective, const std::vector<DecoderOutput>& decoded,
                     const Batch& batch) const;

  // Logits at another size (h, w), interpolated as forward() does it; the same where it is theirs.
  torch::Tensor at_size(const torch::Tensor& logits, const std::vector<int64_t>& size) const;

  // Modules of it that stay in evaluation mode while the model trains: the batch normalisation of
  // what is frozen.
  void keep_in_evaluation_mode(std::vector<std::shared_ptr<torch::nn::Module>> modules);
  void train(bool on = true) override;

  // What is there at inference: the primary objectives.
  std::vector<Objective> primaries() const;

 private:
  std::map<std::string, RouteFeatures> encode(const torch::Tensor& image,
                                              const std::vector<std::string>& routes);
  void add_decoders(const ResolvedConfig& config, const ServedTasks& served);
  void add_cross_task_decoder(const ResolvedConfig& config, const ServedTasks::Served& served);
  void add_transfers(const ResolvedConfig& config, const ServedTasks& served);
  void add_transfer(const ResolvedConfig& config, const ServedTasks& served,
                    const std::string& place, const Transfer& transfer);
  void check_one_way(const ResolvedConfig& config, const std::string& place,
                     const Objective& objective) const;
  void add_decoder(const ResolvedConfig& config, const Objective& objective,
                   const std::string& path, const google::protobuf::Any& decoder);
  const ModelDecoder& decoder_of(const std::string& objective) const;

  std::vector<ModelTask> tasks_;    // joint
  std::vector<ModelTask> sources_;  // of self-auxiliaries only
  std::vector<Objective> objectives_;
  std::shared_ptr<const Norm> norm_;
  std::unique_ptr<Encoder> encoder_;
  std::shared_ptr<Architecture> architecture_;
  std::shared_ptr<torch::nn::Module> decoder_modules_;
  std::vector<ModelDecoder> decoders_;
  std::vector<std::shared_ptr<torch::nn::Module>> always_evaluating_;
  Network network_;
  bool align_corners_ = true;
  ForwardTrace* trace_ = nullptr;
};

// Whether a tensor of a model's checkpoint belongs to the decoder of a self-auxiliary.
bool is_auxiliary_tensor(const std::string& name);
// Whether it is one that a model for inference does not have: of a self-auxiliary, or of what a
// decoder has for deep supervision alone.
bool is_training_only_tensor(const std::string& name);

// Parameters and buffers by name, in registration order: what a checkpoint of the weights holds.
std::vector<std::pair<std::string, torch::Tensor>> named_tensors(const torch::nn::Module& model);
// Elements of all parameters; buffers are none.
int64_t parameter_count(const torch::nn::Module& model);

}  // namespace tasuki
