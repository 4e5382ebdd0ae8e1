#include "tasuki/engine/experiment.h"

#include <cmath>

#include <torch/torch.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/look_ahead.h"
#include "tasuki/engine/packed_data.h"
#include "tasuki/engine/precision.h"
#include "tasuki/engine/process_settings.h"
#include "tasuki/model/safetensors.h"

namespace tasuki {
namespace {

constexpr size_t kMib = size_t{1} << 20;

// The tasks whose labels somebody looks at behind a pipeline.
std::vector<const ModelTask*> labelled_tasks(const Experiment& experiment,
                                             Experiment::Pipeline pipeline) {
  auto tasks = experiment.tasks();
  if (pipeline == Experiment::Pipeline::kEvaluate) return tasks;
  for (const auto& objective : experiment.model->objectives()) {
    const auto* source = &experiment.model->task(objective.source);
    if (std::find(tasks.begin(), tasks.end(), source) == tasks.end()) tasks.push_back(source);
  }
  return tasks;
}

SampleSource::Options source_options(const Experiment& experiment, Experiment::Pipeline pipeline) {
  SampleSource::Options options;
  options.seed = experiment.config.message().train().seed();
  options.cache = experiment.cache;
  options.fields = experiment.fields(pipeline);
  for (const auto* task : labelled_tasks(experiment, pipeline)) {
    options.label_checks.push_back(
        {task->field, &field_kind(task->task->field_kind()), "task " + task->name,
         [kind = task->task](const cv::Mat& label) { return kind->label_error(label); }});
  }
  return options;
}

// With all fields that the data set and the pipeline make, to name them where one is missing.
Sample first_sample(const Experiment& experiment, const std::string& split,
                    Experiment::Pipeline pipeline) {
  auto options = source_options(experiment, pipeline);
  options.all_fields = true;
  options.label_checks.clear();  // its fields' kinds come first
  options.cache = nullptr;
  auto input = pipeline_input(experiment.config, experiment.dataset, pipeline);
  return SampleSource(input.dataset, split, std::move(input.transforms), options).get(0, 0);
}

// The labels that are needed are in the first sample of a split behind its pipeline, and of the
// kind that their task asks for.
void check_fields(const Experiment& experiment, const std::string& split,
                  Experiment::Pipeline pipeline) {
  const Sample sample = first_sample(experiment, split, pipeline);
  std::vector<std::string> known;
  for (const auto& item : sample.fields) known.push_back(item.first);
  for (const auto* task : labelled_tasks(experiment, pipeline)) {
    const std::string path = "model.task[" + task->name + "].field";
    const auto field = sample.fields.find(task->field);
    if (field == sample.fields.end()) {
      throw experiment.config.error(
          path, "samples of split " + split + " have no field \"" + task->field + "\"" +
                    did_you_mean(task->field, known) + "; they have: " + join(known));
    }
    if (field->second.kind != &field_kind(task->task->field_kind())) {
      throw experiment.config.error(path, "field \"" + task->field + "\" is not of kind " +
                                              task->task->field_kind() + ", which the task needs");
    }
  }
}

// What the config says of how training batches are made.
void add_batching(Experiment& experiment) {
  const auto& config = experiment.config;
  const auto& data = config.message().data();
  experiment.sampler = build_sampler(config, experiment.dataset);
  if (data.has_collate())
    experiment.collate = config.create<Collate>("data.collate", data.collate());
  for (int i = 0; i < data.batch_transform_size(); ++i) {
    experiment.batch_transforms.push_back(config.create<BatchTransform>(
        "data.batch_transform[" + std::to_string(i) + "]", data.batch_transform(i)));
  }
}

// Every metric that the protocol lists for a task of the model is one of that task's.
void check_protocol(const Experiment& experiment) {
  const auto& listed = experiment.config.message().protocol().metric();
  for (int i = 0; i < listed.size(); ++i) {
    const auto path = "protocol.metric[" + std::to_string(i) + "]";
    const auto dot = listed[i].find('.');
    if (dot == std::string::npos) {
      throw experiment.config.error(path, "\"" + listed[i] + "\" is not of the form task.metric");
    }
    for (const auto* task : experiment.tasks()) {
      if (task->name != listed[i].substr(0, dot)) continue;
      std::vector<std::string> known;
      for (const auto& value : task->make_metrics().values()) {
        known.push_back(value.info.name);
      }
      const auto metric = listed[i].substr(dot + 1);
      if (std::find(known.begin(), known.end(), metric) == known.end()) {
        throw experiment.config.error(path, "task " + task->name + " has no metric \"" + metric +
                                                "\"" + did_you_mean(metric, known) +
                                                "; it has: " + join(known));
      }
    }
  }
}

std::pair<torch::Device, Precision> device_and_precision(const ResolvedConfig& config) {
  const auto& train = config.message().train();
  try {
    const auto device = choose_device(train.device());
    return {device, choose_precision(train.precision(), device)};
  } catch (const OptionError& wrong) {
    throw config.error(wrong.field(), wrong.problem());
  }
}

// Device and precision; no data set and no model yet.
Experiment on_this_machine(const ResolvedConfig& config) {
  Experiment experiment;
  experiment.config = config;
  std::tie(experiment.device, experiment.precision) = device_and_precision(config);
  experiment.cache = CacheBudget::of(kMib * config.message().data().loader().cache_mib());
  return experiment;
}

Experiment with_data(const ResolvedConfig& config, const std::filesystem::path& data_root) {
  Experiment experiment = on_this_machine(config);
  experiment.dataset = build_dataset(config, data_root);
  return experiment;
}

ClassNames class_names(const Experiment& experiment) {
  const auto dataset = experiment.dataset;
  return [dataset](const std::string& field) {
    return dataset ? dataset->class_names(field) : std::vector<std::string>();
  };
}

std::shared_ptr<MultiTaskModel> model_of(const Experiment& experiment, const ResolvedConfig& config,
                                         Network network) {
  const KeptRandomState kept(torch::kCPU);  // weights are drawn there
  torch::manual_seed(experiment.config.message().train().seed());
  auto model = std::make_shared<MultiTaskModel>(config, class_names(experiment), network);
  model->to(experiment.device);
  return model;
}

// No task is predicted twice, and none that the experiment's config does not know.
void check_tasks(const Experiment& experiment, const MultiTaskModel& model,
                 const std::filesystem::path& file, std::map<std::string, std::string>& owners) {
  std::vector<std::string> known;
  for (const auto& task : experiment.config.message().model().task()) known.push_back(task.name());
  for (const auto& task : model.tasks()) {
    if (std::find(known.begin(), known.end(), task.name) == known.end()) {
      throw Error(ErrorKind::kUsage, file.string() + " predicts task \"" + task.name +
                                         "\", which " + experiment.config.file() +
                                         " does not have; it has: " + join(known));
    }
    const auto [owner, first] = owners.emplace(task.name, file.string());
    if (first) continue;
    throw Error(ErrorKind::kUsage, "task \"" + task.name + "\" is predicted by " + owner->second +
                                       " and by " + file.string() + "; leave one of them out");
  }
}

// One network a file, each of the config that the file carries.
void add_networks(Experiment& experiment, const Checkpoints& checkpoints) {
  std::map<std::string, std::string> owners;
  for (const auto& file : checkpoints) {
    const auto metadata = read_safetensors_metadata(file);
    const auto config = metadata.find("config");
    if (config == metadata.end()) {
      throw Error(ErrorKind::kData,
                  file.string() +
                      ": there is no config in its metadata, which says what network its weights "
                      "are for when several files are used as one");
    }
    const auto model =
        model_of(experiment, parse_config(config->second, file.string() + " (its config)"),
                 Network::kInference);
    check_tasks(experiment, *model, file, owners);
    load_weights(*model, file);
    if (experiment.model) {
      experiment.companions.push_back(model);
    } else {
      experiment.model = model;
    }
  }
}

// The networks that predict, for the classes of the experiment's data set if it has one.
void add_inference(Experiment& experiment, const Checkpoints& checkpoints) {
  if (checkpoints.size() > 1) {
    add_networks(experiment, checkpoints);
  } else {
    experiment.model = model_of(experiment, experiment.config, Network::kInference);
    for (const auto& file : checkpoints) load_weights(*experiment.model, file);
  }
  check_protocol(experiment);
}

}  // namespace

std::vector<const ModelTask*> Experiment::tasks() const {
  std::vector<const ModelTask*> all;
  for (const auto& task : model->tasks()) all.push_back(&task);
  for (const auto& companion : companions) {
    for (const auto& task : companion->tasks()) all.push_back(&task);
  }
  return all;
}

std::map<std::string, torch::Tensor> Experiment::logits(const torch::Tensor& image,
                                                        const std::vector<int64_t>& size) const {
  const Autocast autocast(precision, device);
  auto all = model->forward(image, model->primaries(), size);
  for (const auto& companion : companions) {
    all.merge(companion->forward(image, companion->primaries(), size));
  }
  return all;
}

std::map<std::string, torch::Tensor> Experiment::logits(const torch::Tensor& image,
                                                        const cv::Rect& content,
                                                        const std::vector<int64_t>& size) const {
  if (content == cv::Rect(0, 0, int(image.size(3)), int(image.size(2)))) return logits(image, size);
  return resized(logits(image), content, size);
}

std::map<std::string, torch::Tensor> Experiment::resized(
    const std::map<std::string, torch::Tensor>& logits, const cv::Rect& content,
    const std::vector<int64_t>& size) const {
  std::map<std::string, torch::Tensor> all;
  const auto add = [&](const MultiTaskModel& network) {
    for (const auto& task : network.tasks()) {
      const auto inside = logits.at(task.name)
                              .narrow(2, content.y, content.height)
                              .narrow(3, content.x, content.width);
      all[task.name] = network.at_size(inside, size);  // each as it interpolates by itself
    }
  };
  add(*model);
  for (const auto& companion : companions) add(*companion);
  return all;
}

std::vector<std::string> Experiment::fields(Pipeline pipeline) const {
  std::vector<std::string> names = {"image"};
  for (const auto* task : labelled_tasks(*this, pipeline)) {
    if (std::find(names.begin(), names.end(), task->field) == names.end()) {
      names.push_back(task->field);
    }
  }
  return names;
}

std::unique_ptr<SampleSource> Experiment::source(const std::string& split,
                                                 Pipeline pipeline) const {
  auto input = pipeline_input(config, dataset, pipeline);
  return std::make_unique<SampleSource>(input.dataset, split, std::move(input.transforms),
                                        source_options(*this, pipeline));
}

Loader::Options Experiment::loader_options(Pipeline pipeline) const {
  const auto& message = config.message().data().loader();
  const bool training = pipeline == Pipeline::kTrain;
  Loader::Options options;
  options.batch_size = message.batch_size();
  if (!training && message.has_eval_batch_size()) options.batch_size = message.eval_batch_size();
  options.workers = message.workers();
  options.prefetch = message.prefetch();
  options.drop_last = training && message.drop_last();
  options.shuffle = training && (!message.has_shuffle() || message.shuffle());
  options.seed = config.message().train().seed();
  if (training) {
    options.sampler = sampler;
    options.collate = collate;
    options.transforms = batch_transforms;
    options.process = process;
    options.processes = processes;
  }
  options.pinned = device.is_cuda();
  options.channels_last = channels_last();
  return options;
}

bool Experiment::channels_last() const {
  return config.message().train().channels_last();
}

std::string Experiment::train_split() const {
  return config.message().data().train_split();
}

std::string Experiment::validation_split() const {
  return config.message().data().validation_split();
}

std::string Experiment::test_split() const {
  const auto& data = config.message().data();
  return data.has_test_split() ? data.test_split() : "test";
}

std::vector<std::string> machine_assignments(const ResolvedConfig& config) {
  const auto& train = config.message().train();
  const auto [device, precision] = device_and_precision(config);
  return {"train.threads=" + std::to_string(threads_for(train.threads())),
          std::string("train.device=") + (device.is_cuda() ? "CUDA" : "CPU"),
          "train.precision=" + Precision_Name(precision)};
}

std::shared_ptr<const Dataset> build_dataset(const ResolvedConfig& config,
                                             const std::filesystem::path& data_root) {
  if (!config.message().data().pack().empty()) return open_pack(config);
  return build_raw_dataset(config, data_root);
}

ImageReading image_reading(const ResolvedConfig& config) {
  const auto& image = config.message().data().image();
  return {image.ignore_orientation(), image.white_level()};
}

ImageConfig changed_image_settings(const ResolvedConfig& config) {
  auto image = config.message().data().image();
  const ImageConfig defaults;
  if (image.ignore_orientation() == defaults.ignore_orientation()) image.clear_ignore_orientation();
  if (image.kind() == defaults.kind()) image.clear_kind();
  return image;
}

std::shared_ptr<const Dataset> build_raw_dataset(const ResolvedConfig& config,
                                                 const std::filesystem::path& data_root) {
  return config.create<Dataset>("data.dataset", config.message().data().dataset(),
                                {data_root, image_reading(config)});
}

void check_split(const ResolvedConfig& config, const Dataset& dataset, const std::string& path,
                 const std::string& split) {
  if (has_split(dataset, split)) return;
  throw config.error(path, unknown_split(split, dataset.splits()).what());
}

std::vector<std::unique_ptr<Transform>> build_pipeline(const ResolvedConfig& config,
                                                       Experiment::Pipeline which) {
  const bool training = which == Experiment::Pipeline::kTrain;
  const auto& data = config.message().data();
  const auto& described = training ? data.train_pipeline() : data.eval_pipeline();
  const std::string path = training ? "data.train_pipeline[" : "data.eval_pipeline[";
  std::vector<std::unique_ptr<Transform>> pipeline;
  for (int i = 0; i < described.size(); ++i) {
    pipeline.push_back(config.create<Transform>(path + std::to_string(i) + "]", described[i]));
  }
  return pipeline;
}

PipelineInput pipeline_input(const ResolvedConfig& config,
                             const std::shared_ptr<const Dataset>& dataset,
                             Experiment::Pipeline which) {
  PipelineInput input{dataset, build_pipeline(config, which)};
  if (const auto packed = std::dynamic_pointer_cast<const PackedDataset>(dataset)) {
    const auto done = deterministic_prefix(input.transforms);
    input.dataset = packed->behind(which == Experiment::Pipeline::kTrain);
    input.transforms.erase(input.transforms.begin(),
                           input.transforms.begin() + std::ptrdiff_t(done));
  }
  return input;
}

std::unique_ptr<Sampler> build_sampler(const ResolvedConfig& config,
                                       const std::shared_ptr<const Dataset>& dataset) {
  const auto& data = config.message().data();
  if (!data.has_sampler()) return nullptr;
  if (data.loader().has_shuffle()) {
    throw config.error("data.sampler",
                       "the sampler decides the order; take data.loader.shuffle out");
  }
  auto input = pipeline_input(config, dataset, Experiment::Pipeline::kTrain);
  const auto& split = data.train_split();
  SampleSource::Options options;
  options.seed = config.message().train().seed();
  options.all_fields = true;
  const auto source =
      std::make_shared<SampleSource>(input.dataset, split, std::move(input.transforms), options);
  const Sampler::Context context{
      input.dataset->parts(split), [samples = input.dataset, split] { return samples->ids(split); },
      [source](size_t index) { return source->prepared(index); }, input.dataset->shards(split)};
  return config.create<Sampler>("data.sampler", data.sampler(), context);
}

Experiment build_inference(const ResolvedConfig& config, const Checkpoints& checkpoints) {
  Experiment experiment = on_this_machine(config);
  add_inference(experiment, checkpoints);
  return experiment;
}

Experiment build_evaluation(const ResolvedConfig& config, const std::filesystem::path& data_root,
                            const std::string& split, const Checkpoints& checkpoints) {
  Experiment experiment = with_data(config, data_root);
  const auto chosen = split.empty() ? experiment.test_split() : split;
  if (split.empty()) check_split(config, *experiment.dataset, "data.test_split", chosen);
  if (!has_split(*experiment.dataset, chosen)) {
    throw unknown_split(chosen, experiment.dataset->splits());
  }
  add_inference(experiment, checkpoints);
  check_fields(experiment, chosen, Experiment::Pipeline::kEvaluate);
  return experiment;
}

Experiment build_experiment(const ResolvedConfig& config, const std::filesystem::path& data_root) {
  Experiment experiment = with_data(config, data_root);
  check_split(config, *experiment.dataset, "data.train_split", experiment.train_split());
  check_split(config, *experiment.dataset, "data.validation_split", experiment.validation_split());
  if (experiment.validation_split() == "test") {
    throw config.error("data.validation_split",
                       "the best checkpoint is never chosen on a split called test");
  }
  experiment.model = model_of(experiment, config, Network::kTraining);
  check_protocol(experiment);
  check_fields(experiment, experiment.train_split(), Experiment::Pipeline::kTrain);
  check_fields(experiment, experiment.validation_split(), Experiment::Pipeline::kEvaluate);
  add_batching(experiment);
  return experiment;
}

}  // namespace tasuki
