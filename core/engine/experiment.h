#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/data/dataset.h"
#include "tasuki/loader/loader.h"
#include "tasuki/model/model.h"

namespace tasuki {

// What training, evaluation and prediction have in common: a resolved config made into a data set,
// a model on its device, and ways to read splits.
struct Experiment {
  ResolvedConfig config;
  torch::Device device = torch::kCPU;
  Precision precision = FP32;
  std::shared_ptr<const Dataset> dataset;  // as build_dataset makes it
  std::shared_ptr<MultiTaskModel> model;
  // Further networks that predict beside it: single-task models of tasks that it leaves out.
  std::vector<std::shared_ptr<MultiTaskModel>> companions;
  // What all sources together may keep in memory: data.loader.cache_mib.
  std::shared_ptr<CacheBudget> cache;
  // How batches for training are made, where the config says so; made by build_experiment.
  std::shared_ptr<const Sampler> sampler;
  std::shared_ptr<const Collate> collate;
  std::vector<std::shared_ptr<const BatchTransform>> batch_transforms;
  // Which of how many processes of a training this is: what part of each training batch it gets.
  size_t process = 0, processes = 1;

  enum class Pipeline { kTrain, kEvaluate };

  // The tasks that the model and its companions predict, network by network.
  std::vector<const ModelTask*> tasks() const;
  // Their logits as MultiTaskModel::forward() gives them, by task, under the run's precision.
  std::map<std::string, torch::Tensor> logits(const torch::Tensor& image,
                                              const std::vector<int64_t>& size = {}) const;
  // The same for the part `content` of a padded image, enlarged to `size` (h, w): the padding is
  // cut away at the image's size, so that what is left is what evaluation sees of it. Without
  // padding, and where `content` has that size, these are the logits of above.
  std::map<std::string, torch::Tensor> logits(const torch::Tensor& image, const cv::Rect& content,
                                              const std::vector<int64_t>& size) const;
  // Such logits of whole images, made into those of the part `content` at `size`.
  std::map<std::string, torch::Tensor> resized(const std::map<std::string, torch::Tensor>& logits,
                                               const cv::Rect& content,
                                               const std::vector<int64_t>& size) const;

  // Fields that are needed behind a pipeline, each once: "image" and the labels of the tasks that
  // the model predicts; for training also of those that are sources of its self-auxiliaries only.
  std::vector<std::string> fields(Pipeline pipeline) const;
  // A split behind the config's pipeline. Its labels are ones that the tasks take: others are an
  // Error (kData) of get(). Error (kUsage) for an unknown split.
  std::unique_ptr<SampleSource> source(const std::string& split, Pipeline pipeline) const;
  Loader::Options loader_options(Pipeline pipeline) const;
  // Whether batches and weights are stored as NHWC, and so what the network makes of them.
  bool channels_last() const;

  std::string train_split() const;
  std::string validation_split() const;
  std::string test_split() const;
};

// What a config leaves to the machine: threads, device, precision. The answers are part of
// the resolved config that is kept with a run, because results depend on them.
std::vector<std::string> machine_assignments(const ResolvedConfig& config);

// Builds all of it for training: draws the model's weights by train.seed (LibTorch's generators are
// as they were afterwards), and reads the first sample of the training and the
// validation split to see that every task's field is there and of its kind. Errors are located in
// the config.
Experiment build_experiment(const ResolvedConfig& config, const std::filesystem::path& data_root);

// Files of weights that are used as one. A single file's network is the config's model; each of
// several has its own config in its metadata, and the networks together predict the union of their
// tasks: a joint model, say, and the single-task models of what it leaves out.
using Checkpoints = std::vector<std::filesystem::path>;

// The same for figures on one split, "" for data.test_split: no other has to be there, and the
// model has no self-auxiliaries. Its weights are the checkpoints', drawn where there are none.
// Error (kUsage) for a split that the data set does not have, for a task that two checkpoints
// predict or that the config does not have; for weights see load_weights.
Experiment build_evaluation(const ResolvedConfig& config, const std::filesystem::path& data_root,
                            const std::string& split = "", const Checkpoints& checkpoints = {});

// The same without a data set: networks on their device and without self-auxiliaries, for images
// that have no labels.
Experiment build_inference(const ResolvedConfig& config, const Checkpoints& checkpoints = {});

// Transforms of a pipeline of the config, in order.
std::vector<std::unique_ptr<Transform>> build_pipeline(const ResolvedConfig& config,
                                                       Experiment::Pipeline which);
// The data set alone. With data.pack it is the pack's, whose samples are behind the deterministic
// prefix of a pipeline already; otherwise that of build_raw_dataset.
std::shared_ptr<const Dataset> build_dataset(const ResolvedConfig& config,
                                             const std::filesystem::path& data_root);
// The sampler of data.sampler on the training split of `dataset`, one of the above; nullptr where
// the config has none.
std::unique_ptr<Sampler> build_sampler(const ResolvedConfig& config,
                                       const std::shared_ptr<const Dataset>& dataset);
// How the config's images are read, by its data set and by who reads others.
ImageReading image_reading(const ResolvedConfig& config);
// The settings of images that are not at their defaults: whether a default is written out, as in a
// config that a run has kept, makes no other pack, nor other derived files.
ImageConfig changed_image_settings(const ResolvedConfig& config);
// The one of the data set's own files, whatever data.pack says.
std::shared_ptr<const Dataset> build_raw_dataset(const ResolvedConfig& config,
                                                 const std::filesystem::path& data_root);

// What a SampleSource of a pipeline is made of: samples, and the transforms that they still need.
struct PipelineInput {
  std::shared_ptr<const Dataset> dataset;
  std::vector<std::unique_ptr<Transform>> transforms;
};
// `dataset` is one of the two above. The input's samples are the same bit by bit, whichever of them
// it is; only a pack has no more splits than its config uses behind this pipeline.
PipelineInput pipeline_input(const ResolvedConfig& config,
                             const std::shared_ptr<const Dataset>& dataset,
                             Experiment::Pipeline which);
// The split that the config names at `path` ("data.train_split") is one of the data set's: the
// error is located there.
void check_split(const ResolvedConfig& config, const Dataset& dataset, const std::string& path,
                 const std::string& split);

}  // namespace tasuki
