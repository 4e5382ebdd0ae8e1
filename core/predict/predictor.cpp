#include "tasuki/predict/predictor.h"

#include <torch/torch.h>

#include <algorithm>

#include "tasuki/engine/precision.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/predict/views.h"
#include "tasuki/registry/plugin_folders.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

const FieldKind& image_kind(const ResolvedConfig& config) {
  const auto& image = config.message().data().image();
  return field_kind(image.kind());
}

// The part of the evaluation pipeline that an image without labels can go through.
std::vector<std::unique_ptr<Transform>> image_pipeline(const ResolvedConfig& config) {
  auto pipeline = build_pipeline(config, Experiment::Pipeline::kEvaluate);
  for (size_t i = 0; i < pipeline.size(); ++i) {
    if (!pipeline[i]->random()) continue;
    throw config.error("data.eval_pipeline[" + std::to_string(i) + "]",
                       "is random, and what it makes of an image does not lie where the image "
                       "does: predict with a pipeline without it");
  }
  std::erase_if(pipeline, [](const auto& transform) {
    const auto inputs = transform->inputs();
    return std::any_of(inputs.begin(), inputs.end(),
                       [](const std::string& field) { return field != "image"; });
  });
  return pipeline;
}

// The image as the network sees it.
Sample prepared(const std::vector<std::unique_ptr<Transform>>& pipeline, const FieldKind& kind,
                const cv::Mat& image, const std::string& name) {
  if (image.type() != CV_8UC3 || image.empty()) {
    throw Error(ErrorKind::kData, name + (image.empty() ? ": has no pixel"
                                                        : ": is not of 8 bits and three channels "
                                                          "(CV_8UC3, BGR)"));
  }
  Sample sample;
  sample.id = name;
  sample.original_size = image.size();
  sample.fields["image"] = {&kind, image, ""};
  cv::RNG random(0);
  for (const auto& transform : pipeline) transform->apply(sample, random);
  if (sample.content().empty()) {
    throw Error(ErrorKind::kData,
                name + ": the evaluation pipeline leaves nothing but padding of it");
  }
  return sample;
}

// The config of a checkpoint for whatever device is here.
ResolvedConfig config_of(const fs::path& checkpoint) {
  announce_plugins();
  const auto metadata = read_safetensors_metadata(checkpoint);
  const auto text = metadata.find("config");
  if (text == metadata.end()) {
    throw Error(ErrorKind::kData, checkpoint.string() +
                                      ": there is no config in its metadata; predict with a file "
                                      "of `tasuki train` or `tasuki export`");
  }
  const auto name = checkpoint.string() + " (its config)";
  const auto config = parse_config(text->second, name, {"train.device=DEVICE_AUTO"});
  if (config.message().train().precision() != BF16 || bf16_is_native(choose_device(DEVICE_AUTO))) {
    return config;
  }
  return parse_config(text->second, name, {"train.device=DEVICE_AUTO", "train.precision=FP32"});
}

}  // namespace

cv::Mat TaskPrediction::picture() const {
  return task_->draw(values_, task_->value_range(values_));
}

std::vector<fs::path> TaskPrediction::write(const fs::path& stem) const {
  return task_->write_prediction(values_, stem);
}

void Prediction::add(const std::string& task, TaskPrediction prediction) {
  predictions_.emplace_back(task, std::move(prediction));
}

const TaskPrediction& Prediction::operator[](const std::string& task) const {
  for (const auto& [name, prediction] : predictions_) {
    if (name == task) return prediction;
  }
  const auto known = tasks();
  throw Error(ErrorKind::kUsage, "no task \"" + task + "\" was predicted" +
                                     did_you_mean(task, known) + "; there are: " + join(known));
}

std::vector<std::string> Prediction::tasks() const {
  std::vector<std::string> names;
  names.reserve(predictions_.size());
  for (const auto& item : predictions_) names.push_back(item.first);
  return names;
}

Predictor::Predictor(const fs::path& checkpoint, Inference inference)
    : Predictor(build_inference(config_of(checkpoint), {checkpoint}), std::move(inference)) {}

Predictor::Predictor(Experiment experiment, Inference inference)
    : experiment_(std::move(experiment)),
      inference_(std::move(inference)),
      pipeline_(image_pipeline(experiment_.config)) {}

Prediction Predictor::operator()(const cv::Mat& image, const std::string& name) const {
  const torch::NoGradGuard no_grad;
  const EvaluationMode mode(experiment_);
  const Sample sample = prepared(pipeline_, image_kind(experiment_.config), image, name);
  // A batch as evaluation has it: in another order in memory convolutions would round otherwise.
  const auto images = collate({sample}, {0}, {"image"}, false, experiment_.channels_last())
                          .tensor("image")
                          .to(experiment_.device);
  const auto content = sample.content();
  const auto predictions =
      predict_views(experiment_, inference_, images, content, {image.rows, image.cols});
  const double ratio = double(image.cols) / double(content.width);
  Prediction prediction;
  for (const auto* entry : experiment_.tasks()) {
    const auto& kind = field_kind(entry->task->field_kind());
    auto values = to_mat(predictions.at(entry->name)[0], kind);
    kind.after_resize(values, ratio);
    prediction.add(entry->name, {entry->task, values});
  }
  return prediction;
}

}  // namespace tasuki
