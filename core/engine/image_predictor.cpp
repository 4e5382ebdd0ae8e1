#include "core/engine/image_predictor.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>

namespace tasuki {
namespace {

namespace fs = std::filesystem;

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
                const cv::Mat& image, const std::string& id) {
  Sample sample;
  sample.id = id;
  sample.original_size = image.size();
  sample.fields["image"] = {&kind, image, ""};
  cv::RNG random(0);
  for (const auto& transform : pipeline) transform->apply(sample, random);
  if (sample.content().empty()) {
    throw Error(ErrorKind::kData,
                id + ": the evaluation pipeline leaves nothing but padding of it");
  }
  return sample;
}

// Logits of every task at the image's own size, without the padding. The image is a batch as
// evaluation has it: in another order in memory convolutions would round in another way.
std::map<std::string, torch::Tensor> logits_of(const Experiment& experiment, const Sample& sample) {
  const auto image = collate({sample}, {0}, {"image"}, false, experiment.channels_last())
                         .tensor("image")
                         .to(experiment.device);
  return experiment.logits(image, sample.content(),
                           {sample.original_size.height, sample.original_size.width});
}

constexpr const char* kPictures = "_colour";  // behind a task's name: the folder of its pictures

// Raw files and a picture of every task below `folder`, at the image's own size, which is
// `width_ratio` times what the network saw of it.
void write_all(const Experiment& experiment, const std::map<std::string, torch::Tensor>& logits,
               double width_ratio, const fs::path& folder, const std::string& id) {
  for (const auto* entry : experiment.tasks()) {
    const auto& task = *entry->task;
    const auto& kind = field_kind(task.field_kind());
    auto value = to_mat(task.predict(logits.at(entry->name)).cpu()[0], kind);
    kind.after_resize(value, width_ratio);
    const auto raw = folder / entry->name / id;
    fs::create_directories(raw.parent_path());
    task.write_prediction(value, raw);
    write_image(folder / (entry->name + kPictures) / (id + ".png"),
                task.draw(value, task.value_range(value)));
  }
}

// Before anything is predicted: what is there already under a name of these predictions may be
// replaced. (Files of other endings, which a task of a plugin may write, are checked one by one.)
void check_results(const OutputFolder& outputs, const fs::path& folder,
                   const Experiment& experiment, const std::vector<InputImage>& images) {
  std::map<std::string, std::vector<fs::path>> there;  // by the id that they have
  for (const auto* task : experiment.tasks()) {
    for (const auto& name : {task->name, task->name + kPictures}) {
      std::error_code failed;
      for (fs::recursive_directory_iterator item(folder / name, failed), end;
           !failed && item != end; item.increment(failed)) {
        const auto ending = item->path().extension();
        if (ending != ".png" && ending != ".npy") continue;
        auto id = item->path().lexically_relative(folder / name).replace_extension();
        there[id.generic_string()].push_back(item->path().lexically_relative(folder));
      }
    }
  }
  for (const auto& image : images) {
    for (const auto& file : there[image.id]) outputs.check(file, {image.file});
  }
}

// The error with the file in front where it does not name it by itself.
std::string located(const fs::path& file, const std::string& problem) {
  return problem.find(file.string()) == std::string::npos ? file.string() + ": " + problem
                                                          : problem;
}

}  // namespace

ImagePredictor::ImagePredictor(const Experiment& experiment, const FieldKind& kind,
                               const fs::path& folder, const std::vector<InputImage>& images)
    : experiment_(experiment),
      kind_(kind),
      pipeline_(image_pipeline(experiment.config)),
      reading_(image_reading(experiment.config)),
      outputs_(folder) {
  check_results(outputs_, folder, experiment, images);
  experiment.model->eval();
  for (const auto& companion : experiment.companions) companion->eval();
}

std::string ImagePredictor::predict(const InputImage& image) {
  const torch::NoGradGuard no_grad;
  try {
    const Sample sample =
        prepared(pipeline_, kind_, read_image(image.file, reading_), image.file.string());
    const double ratio = double(sample.original_size.width) / double(sample.content().width);
    write_all(experiment_, logits_of(experiment_, sample), ratio, outputs_.stage(), image.id);
    outputs_.publish({image.file});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) throw;
    return located(image.file, error.what());
  } catch (const cv::Exception& error) {
    return located(image.file, "OpenCV: " + error.err);
  } catch (const c10::Error& error) {
    return located(image.file, error.what_without_backtrace());
  }
  return "";
}

}  // namespace tasuki
