#include <cmath>

#include "plugins/tasks/prediction_files.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {
namespace {

using Path = std::filesystem::path;

constexpr int kClasses = 300;

void check_classes(const Path& stem, const Path& file) {
  const auto value =
      answer_of(ErrorKind::kData, file, [&] { return tasks::read_classes(stem, kClasses); });
  if (!value) return;
  require(value->type() == CV_32SC1 && cv::checkRange(*value, true, nullptr, 0, kClasses),
          "classes are in range");
  const auto written = folder() / "written_classes";
  tasks::write_classes(*value, written, kClasses);
  require(cv::norm(*value, tasks::read_classes(written, kClasses), cv::NORM_INF) == 0,
          "classes that are written are read");
}

template <class Read, class Write>
void check_floats(const Path& stem, const Path& file, Read read, Write write) {
  const auto value = answer_of(ErrorKind::kData, file, [&] { return read(stem); });
  if (!value) return;
  require(value->type() == CV_32FC1 && cv::checkRange(*value), "values are finite");
  const auto written = folder() / "written_floats";
  write(*value, written);
  require(cv::norm(*value, read(written), cv::NORM_INF) == 0, "values that are written are read");
}

void check_normals(const Path& stem, const Path& file) {
  const auto value = answer_of(ErrorKind::kData, file, [&] { return tasks::read_normals(stem); });
  if (!value) return;
  require(value->type() == CV_32FC3, "normals have three components");
  for (auto at = value->begin<cv::Vec3f>(); at != value->end<cv::Vec3f>(); ++at) {
    const double length = cv::norm(*at);
    require(length == 0 || std::abs(length - 1) < 1e-5, "normals are unit vectors or zero");
  }
}

}  // namespace

// One file of a folder of predictions, .npy where it begins as one and .png otherwise, read as
// every kind of task reads it.
void fuzz_predictions(std::string_view bytes) {
  const bool npy = bytes.substr(0, 6) == "\x93NUMPY";
  const auto stem = folder() / (npy ? "numpy" : "picture");
  const auto file = write_input(stem.filename().string() + (npy ? ".npy" : ".png"), bytes);
  check_classes(stem, file);
  check_floats(stem, file, tasks::read_depth, tasks::write_depth);
  check_floats(stem, file, tasks::read_disparity, tasks::write_disparity);
  check_floats(stem, file, tasks::read_inverse_depth, tasks::write_inverse_depth);
  check_normals(stem, file);
}

}  // namespace tasuki::fuzz
