#include <torch/torch.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "core/data/image_io.h"
#include "core/engine/experiment.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

namespace fs = std::filesystem;

struct PredictOptions {
  ConfigOptions config;
  std::vector<std::string> files;  // checkpoints, then an image or a folder
  std::string output;
};

bool is_picture(const fs::path& file) {
  static const std::vector<std::string> known = {".png", ".jpg",  ".jpeg", ".bmp",
                                                 ".tif", ".tiff", ".webp", ".ppm"};
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), ::tolower);
  return std::find(known.begin(), known.end(), extension) != known.end();
}

std::vector<fs::path> pictures(const fs::path& input) {
  if (input.extension() == ".safetensors") {
    throw Error(ErrorKind::kUsage, input.string() +
                                       " is a checkpoint: the last argument before -o is the image "
                                       "or the folder of images");
  }
  if (!fs::exists(input)) {
    throw Error(ErrorKind::kUsage, input.string() + ": there is no such image or folder");
  }
  if (!fs::is_directory(input)) return {input};
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(input)) {
    if (item.is_regular_file() && is_picture(item.path())) files.push_back(item.path());
  }
  if (files.empty()) throw Error(ErrorKind::kUsage, input.string() + ": no images in this folder");
  std::sort(files.begin(), files.end());
  std::set<std::string> names;
  for (const auto& file : files) {
    if (names.insert(file.stem().string()).second) continue;
    throw Error(ErrorKind::kUsage, file.string() +
                                       ": another image of this folder has the same name but for "
                                       "its ending, and their predictions would be the same files");
  }
  return files;
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
Sample prepared(const std::vector<std::unique_ptr<Transform>>& pipeline, const cv::Mat& image,
                const std::string& id) {
  Sample sample;
  sample.id = id;
  sample.original_size = image.size();
  sample.fields["image"] = {&field_kind("tasuki/image"), image, ""};
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
  const auto image = collate({sample}, {0}, {"image"}).tensor("image").to(experiment.device);
  return experiment.logits(image, sample.content(),
                           {sample.original_size.height, sample.original_size.width});
}

// Raw files and a picture of every task, at the image's own size, which is `width_ratio` times what
// the network saw of it.
void write_all(const Experiment& experiment, const std::map<std::string, torch::Tensor>& logits,
               double width_ratio, const fs::path& output, const std::string& id) {
  for (const auto* entry : experiment.tasks()) {
    const auto& task = *entry->task;
    const auto& kind = field_kind(task.field_kind());
    auto value = to_mat(task.predict(logits.at(entry->name)).cpu()[0], kind);
    kind.after_resize(value, width_ratio);
    fs::create_directories(output / entry->name);
    task.write_prediction(value, output / entry->name / id);
    const auto colours = output / (entry->name + "_colour");
    fs::create_directories(colours);
    write_image(colours / (id + ".png"), task.draw(value, task.value_range(value)));
  }
}

void predict(const PredictOptions& options) {
  const auto files = pictures(options.files.back());
  for (auto file = options.files.begin(); file + 1 != options.files.end(); ++file) {
    if (!is_picture(*file)) continue;
    throw Error(ErrorKind::kUsage, *file +
                                       " is an image where a checkpoint belongs: for many "
                                       "images give their folder, as the last argument");
  }
  if (fs::exists(options.output) && !fs::is_directory(options.output)) {
    throw Error(ErrorKind::kUsage, "-o " + options.output + ": is a file, not a folder");
  }
  const auto experiment = build_inference(options.config.load_for_machine(),
                                          {options.files.begin(), options.files.end() - 1});
  experiment.model->eval();
  for (const auto& companion : experiment.companions) companion->eval();
  const auto pipeline = image_pipeline(experiment.config);
  const torch::NoGradGuard no_grad;
  for (const auto& file : files) {
    const Sample sample = prepared(pipeline, read_image(file), file.string());
    const double width_ratio = double(sample.original_size.width) / double(sample.content().width);
    write_all(experiment, logits_of(experiment, sample), width_ratio, options.output,
              file.stem().string());
    std::cout << file.string() << "\n";
  }
  std::cout << files.size() << " images, predictions in " << options.output << "\n";
}

}  // namespace

void add_predict(CLI::App& app) {
  auto options = std::make_shared<PredictOptions>();
  auto* command = app.add_subcommand("predict", "Predict every task for images of any size");
  options->config.add_to(*command);
  // One list, because a list of checkpoints would take the input as well.
  command
      ->add_option("FILES", options->files,
                   "Checkpoints of `tasuki train` or `tasuki export`, several (a joint model and "
                   "single-task ones) predicting as one, each network built from the config in its "
                   "file; and last an image or a folder of images")
      ->required()
      ->expected(2, -1)
      ->type_name("CHECKPOINT... IMAGE_OR_FOLDER");
  command->add_option("-o,--output", options->output, "Folder to write to")
      ->required()
      ->type_name("DIR");
  command->footer(
      "Writes DIR/TASK/NAME.* (raw: label PNG, 16-bit depth in mm, .npy) and\n"
      "DIR/TASK_colour/NAME.png (docs/predictions.md).\n"
      "Example: tasuki predict configs/rooms/quickstart.pbtxt "
      "work_dirs/quickstart/best.safetensors photo.jpg -o predictions");
  command->callback([options] { predict(*options); });
}

}  // namespace tasuki::tools
