#include <fmt/format.h>

#include <atomic>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include "core/config/plugin_builder.h"
#include "core/config/writer.h"
#include "core/data/files.h"
#include "core/data/image_io.h"
#include "tools/data.h"
#include "tools/progress.h"

namespace tasuki::tools {
namespace {

constexpr const char* kTransform = "tasuki/NormalsFromDepth";
constexpr const char* kNormals = "normal";
// In the folder: what its files were made with.
constexpr const char* kSettings = "settings.pbtxt";

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
  return laid_over(options.config.load(), change);
}

// Components -1..1 as 16 bits, (0, 0, 0) as the middle of the range, in OpenCV's order B, G, R.
cv::Mat stored_normals(const cv::Mat& normals) {
  cv::Mat scaled, swapped(normals.size(), CV_16UC3);
  normals.convertTo(scaled, CV_16U, 65534.0 / 2, 65534.0 / 2);
  const int order[] = {0, 2, 1, 1, 2, 0};
  cv::mixChannels(&scaled, 1, &swapped, 1, order, 3);
  return swapped;
}

// Without a slash at its end.
std::filesystem::path folder_of(const NormalsOptions& options) {
  const auto folder = std::filesystem::path(options.output).lexically_normal();
  if (folder.has_filename() && folder != ".") return folder;
  if (folder.has_parent_path() && folder.parent_path() != folder) return folder.parent_path();
  throw Error(ErrorKind::kUsage,
              "--output \"" + options.output + "\": name a folder of its own for the pictures");
}

class Writer {
 public:
  explicit Writer(const NormalsOptions& options)
      : folder_(folder_of(options)),
        config_(with_transform(options)),
        dataset_(build_raw_dataset(config_, options.config.root())),
        transform_(build_pipeline(config_, Experiment::Pipeline::kTrain)) {
    std::set<std::string> known;
    for (const auto& split : dataset_->splits()) {
      const auto ids = dataset_->ids(split);
      for (size_t i = 0; i < ids.size(); ++i) {
        if (known.insert(ids[i]).second)
          samples_.push_back({split, i, folder_ / (ids[i] + ".png")});
      }
    }
  }

  void run(int threads) {
    check_settings();
    Progress progress("normals", samples_.size());
    {
      std::vector<std::jthread> workers;
      for (int i = 0; i < threads; ++i) workers.emplace_back([&] { work(progress); });
    }
    if (failure_) throw Error(*failure_);
    std::cout << fmt::format("{} files in {}, {} of them were there already\n", samples_.size(),
                             folder_.string(), kept_.load());
    if (kept_ > 0) {
      std::cout << "Where depths have changed since, remove the folder and make them again.\n";
    }
  }

 private:
  struct Item {
    std::string split;
    size_t index = 0;
    std::filesystem::path file;
  };

  std::string settings() const {
    Config settings;
    *settings.mutable_data()->mutable_dataset() = config_.message().data().dataset();
    if (config_.message().data().has_image()) {
      *settings.mutable_data()->mutable_image() = config_.message().data().image();
    }
    *settings.mutable_data()->add_train_pipeline() = config_.message().data().train_pipeline(0);
    return "# What tasuki data normals made the pictures beside it with.\n" + write_text(settings);
  }

  // Another data set or another window would leave a folder of both.
  // So would pictures of somebody else.
  void check_settings() const {
    const auto file = folder_ / kSettings;
    if (!std::filesystem::exists(file)) return check_is_new();
    if (read_file(file) == settings()) return;
    throw Error(ErrorKind::kUsage, folder_.string() +
                                       " holds normals of another data set or other settings (" +
                                       file.string() + "); give another --output");
  }

  void check_is_new() const {
    for (const auto& sample : samples_) {
      if (!std::filesystem::exists(sample.file)) continue;
      throw Error(ErrorKind::kUsage,
                  sample.file.string() +
                      " is there already, and not from tasuki data normals (no " + kSettings +
                      " beside it); give another --output");
    }
  }

  // Files appear whole or not at all: what is there is done.
  void work(Progress& progress) {
    for (size_t i = next_++; i < samples_.size() && !failed_; i = next_++) {
      const auto& item = samples_[i];
      try {
        if (std::filesystem::exists(item.file)) {
          ++kept_;
        } else {
          write(item);
        }
        progress.add();
      } catch (const Error& error) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error;
        failed_ = true;
      }
    }
  }

  void write(const Item& item) {
    Sample sample = dataset_->load(item.split, item.index);
    cv::RNG random(0);
    for (const auto& step : transform_) step->apply(sample, random);
    std::call_once(first_, [&] { write_file_atomically(folder_ / kSettings, settings()); });
    write_image(item.file, stored_normals(sample.field(kNormals).value));
  }

  std::filesystem::path folder_;
  ResolvedConfig config_;
  std::shared_ptr<const Dataset> dataset_;
  std::vector<std::unique_ptr<Transform>> transform_;
  std::vector<Item> samples_;
  std::atomic<size_t> next_ = 0, kept_ = 0;
  std::atomic<bool> failed_ = false;
  std::once_flag first_;  // picture: nothing is left behind where none can be made
  std::mutex mutex_;
  std::optional<Error> failure_;
};

void write_normals(const NormalsOptions& options) {
  cv::setNumThreads(0);
  Writer(options).run(data_threads(options.threads));
  std::cout << "As a field of tasuki/Folder:\n"
               "  field {\n"
               "    name: \"normal\" folder: \"" +
                   folder_of(options).filename().string() +
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
