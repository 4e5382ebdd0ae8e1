#include <iostream>

#include "tasuki/config/plugin_builder.h"
#include "tasuki/engine/derived_normals.h"
#include "tools/data.h"
#include "tools/progress.h"

namespace tasuki::tools {
namespace {

constexpr const char* kTransform = "tasuki/NormalsFromDepth";
constexpr const char* kNormals = "normal";

struct NormalsOptions {
  ConfigOptions config;
  std::string depth = "depth";
  uint32_t window = 13, scales = 4;
  double gate = 0.1;
  double depth_step = 0, noise = 0;
  std::string output;
  int threads = 0;
};

// The config with this transform alone as its training pipeline.
ResolvedConfig with_transform(const NormalsOptions& options) {
  const auto config = options.config.load();  // which announces the plugins
  Config change;
  *change.mutable_data()->add_train_pipeline() = PluginBuilder(kTransform)
                                                     .set("depth", options.depth)
                                                     .set("normals", std::string(kNormals))
                                                     .set("window", options.window)
                                                     .set("gate", options.gate)
                                                     .set("depth_step", options.depth_step)
                                                     .set("scales", options.scales)
                                                     .set("noise", options.noise)
                                                     .any();
  return laid_over(config, change);
}

// Without a slash at its end.
std::filesystem::path folder_of(const NormalsOptions& options) {
  const auto folder = std::filesystem::path(options.output).lexically_normal();
  if (folder.has_filename() && folder != ".") return folder;
  if (folder.has_parent_path() && folder.parent_path() != folder) return folder.parent_path();
  throw Error(ErrorKind::kUsage,
              "--output \"" + options.output + "\": name a folder of its own for the pictures");
}

void write_normals(const NormalsOptions& options) {
  const auto folder = folder_of(options);
  DerivedNormals normals(folder, kNormals, with_transform(options), options.config.root());
  size_t kept = 0;
  {
    Progress progress("normals", normals.samples());
    kept = normals.write(data_threads(options.threads), [&] { progress.add(); });
  }
  std::cout << normals.samples() << " files in " << folder.string() << ", " << kept
            << " of them were there already\n";
  if (kept > 0) {
    std::cout << "Where depths have changed since, remove the folder and make them again.\n";
  }
  std::cout << "As a field of tasuki/Folder:\n"
               "  field {\n"
               "    name: \"normal\" folder: \"" +
                   folder.filename().string() +
                   "\" kind: \"tasuki/normals\"\n"
                   "    scale: 3.05185095e-05 offset: -1 unit_length: true above_splits: true  # 2 "
                   "/ 65534\n"
                   "  }\n";
}

}  // namespace

void add_data_normals(CLI::App& data) {
  auto options = std::make_shared<NormalsOptions>();
  auto* command = data.add_subcommand(
      "normals",
      "Derive surface normals from depth for all samples of a data set that knows its camera, and "
      "write them as 16-bit pictures; a second call goes on");
  options->config.add_to(*command);
  command->add_option("--depth", options->depth, "Field with the depth")->capture_default_str();
  command->add_option("--window", options->window, "Side of the smallest window in pixels, odd")
      ->capture_default_str();
  command
      ->add_option("--scales", options->scales,
                   "How many windows, each twice as wide as the one before")
      ->capture_default_str();
  command
      ->add_option("--gate", options->gate,
                   "Neighbours whose depth differs by more than this part are on another surface")
      ->capture_default_str();
  command
      ->add_option("--depth-step", options->depth_step,
                   "Metres from one stored depth to the next, where it was quantised coarsely")
      ->capture_default_str();
  command
      ->add_option("--noise", options->noise,
                   "Standard deviation in metres of depth 1 m away, growing with its square")
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "Folder to write ID.png to")->required();
  command->add_option("--threads", options->threads, "Samples at once (default: processors)")
      ->check(kAboveZero);
  command->footer(
      "Example: tasuki data normals configs/nyuv2/quick.pbtxt --depth-step 0.0392 "
      "--noise 0.0014 -o data/nyuv2/normal");
  command->callback([options] { write_normals(*options); });
}

}  // namespace tasuki::tools
