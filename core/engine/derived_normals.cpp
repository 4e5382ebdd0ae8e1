#include "tasuki/engine/derived_normals.h"

#include <set>
#include <thread>

#include "tasuki/config/completed_text.h"
#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"

namespace tasuki {
namespace {

constexpr const char* kSettings = "settings.pbtxt";

// Components -1..1 as 16 bits, (0, 0, 0) as the middle of the range, in OpenCV's order B, G, R.
cv::Mat stored_normals(const cv::Mat& normals) {
  cv::Mat scaled, swapped(normals.size(), CV_16UC3);
  normals.convertTo(scaled, CV_16U, 65534.0 / 2, 65534.0 / 2);
  const int order[] = {0, 2, 1, 1, 2, 0};
  cv::mixChannels(&scaled, 1, &swapped, 1, order, 3);
  return swapped;
}

}  // namespace

DerivedNormals::DerivedNormals(const std::filesystem::path& folder, const std::string& normals,
                               const ResolvedConfig& config, const std::filesystem::path& data_root)
    : folder_(folder),
      normals_(normals),
      config_(config),
      dataset_(build_raw_dataset(config_, data_root)),
      pipeline_(build_pipeline(config_, Experiment::Pipeline::kTrain)) {
  std::set<std::string> known;
  for (const auto& split : dataset_->splits()) {
    const auto ids = dataset_->ids(split);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (known.insert(ids[i]).second) items_.push_back({split, i, folder_ / (ids[i] + ".png")});
    }
  }
  check_settings();
}

size_t DerivedNormals::write(int threads, const std::function<void()>& at_sample) {
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back([&] { work(at_sample); });
  }
  if (failure_) throw Error(*failure_);
  return kept_;
}

std::string DerivedNormals::settings() const {
  Config settings;
  const auto& data = config_.message().data();
  *settings.mutable_data()->mutable_dataset() = data.dataset();
  const auto image = changed_image_settings(config_);
  if (image.ByteSizeLong() > 0) *settings.mutable_data()->mutable_image() = image;
  *settings.mutable_data()->mutable_train_pipeline() = data.train_pipeline();
  return "# What tasuki data normals made the pictures beside it with.\n" + write_text(settings);
}

// Another data set or another window would leave a folder of both. So would pictures of somebody
// else.
void DerivedNormals::check_settings() const {
  const auto file = folder_ / kSettings;
  if (!std::filesystem::exists(file)) return check_is_new();
  if (completed_plugins(read_file(file)) == completed_plugins(settings())) return;
  throw Error(ErrorKind::kUsage, folder_.string() +
                                     " holds normals of another data set or other settings (" +
                                     file.string() + "); give another --output");
}

void DerivedNormals::check_is_new() const {
  for (const auto& item : items_) {
    if (!std::filesystem::exists(item.file)) continue;
    throw Error(ErrorKind::kUsage, item.file.string() +
                                       " is there already, and not from tasuki data normals (no " +
                                       kSettings + " beside it); give another --output");
  }
}

// Files appear whole or not at all: what is there is done.
void DerivedNormals::work(const std::function<void()>& at_sample) {
  for (size_t i = next_++; i < items_.size() && !failed_; i = next_++) {
    try {
      if (std::filesystem::exists(items_[i].file)) {
        ++kept_;
      } else {
        write_one(items_[i]);
      }
      at_sample();
    } catch (const Error& error) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = error;
      failed_ = true;
    }
  }
}

void DerivedNormals::write_one(const Item& item) {
  Sample sample = dataset_->load(item.split, item.index);
  cv::RNG random(0);
  for (const auto& step : pipeline_) step->apply(sample, random);
  std::call_once(first_, [&] { write_file_atomically(folder_ / kSettings, settings()); });
  write_image(item.file, stored_normals(sample.field(normals_).value));
}

}  // namespace tasuki
