#include <iostream>

#include "tasuki/predict/image_predictor.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

namespace fs = std::filesystem;

struct PredictOptions {
  ConfigOptions config;
  std::vector<std::string> files;  // checkpoints, then an image or a folder
  std::string output;
};

void check_arguments(const PredictOptions& options) {
  const fs::path input = options.files.back();
  if (input.extension() == ".safetensors") {
    throw Error(ErrorKind::kUsage, input.string() +
                                       " is a checkpoint: the last argument before -o is the image "
                                       "or the folder of images");
  }
  for (auto file = options.files.begin(); file + 1 != options.files.end(); ++file) {
    if (!is_picture(*file)) continue;
    throw Error(ErrorKind::kUsage, *file +
                                       " is an image where a checkpoint belongs: for many "
                                       "images give their folder, as the last argument");
  }
  if (fs::exists(options.output) && !fs::is_directory(options.output)) {
    throw Error(ErrorKind::kUsage, "-o " + options.output + ": is a file, not a folder");
  }
}

void predict(const PredictOptions& options) {
  check_arguments(options);
  const auto input = find_images(options.files.back());
  auto experiment = build_inference(options.config.load_for_machine(),
                                    {options.files.begin(), options.files.end() - 1});
  const auto inference = inference_of(experiment.config);
  const Predictor networks(std::move(experiment), inference);
  ImagePredictor predictor(networks, options.output, input.images);
  std::vector<std::string> failures;
  for (const auto& image : input.images) {
    auto failure = predictor.predict(image);
    if (failure.empty()) {
      std::cout << image.file.string() << std::endl;
    } else {
      failures.push_back(std::move(failure));
    }
  }
  std::cout << input.images.size() - failures.size() << " images, predictions in " << options.output
            << "\n"
            << skipped_text(input) << std::flush;
  if (failures.empty()) return;
  throw Error(ErrorKind::kData, std::to_string(failures.size()) + " of " +
                                    std::to_string(input.images.size()) +
                                    " images can't be predicted:\n" + join(failures, "\n"));
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
      "DIR/TASK_colour/NAME.png (docs/predictions.md), folders inside a folder of images alike.\n"
      "Images that can't be read are listed at the end, exit code 1. Of the files in DIR only\n"
      "earlier predictions of the same image are replaced.\n"
      "Example: tasuki predict configs/rooms/quickstart.pbtxt "
      "work_dirs/quickstart/best.safetensors photo.jpg -o predictions");
  command->callback([options] { predict(*options); });
}

}  // namespace tasuki::tools
