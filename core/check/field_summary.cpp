#include "tasuki/check/field_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

// Steps of the logarithmic scale: the first has all that is below 2^-20.
constexpr int kOctaves = 40, kStepsPerOctave = 256, kSteps = kOctaves * kStepsPerOctave + 1;
constexpr double kLowest = -kOctaves / 2.0;  // log2 of where the second step begins
constexpr size_t kMostNames = 10;
constexpr int kDark = 64;  // 14 bits in files of 16 stay below it
// Focal length in parts of the width where the camera is not known: 53 degrees are seen.
constexpr double kUnknownFocal = 1;

int step_of(float value) {
  if (!(value > 0)) return 0;
  const double step = (std::log2(static_cast<double>(value)) - kLowest) * kStepsPerOctave;
  return static_cast<int>(std::clamp(std::floor(step) + 1, 0.0, double(kSteps - 1)));
}

// The middle of a step.
double value_of(int step) {
  return step == 0 ? 0 : std::exp2((step - 0.5) / kStepsPerOctave + kLowest);
}

template <class Number>
void add_to(std::vector<Number>& sums, const std::vector<Number>& more) {
  if (sums.size() < more.size()) sums.resize(more.size());
  for (size_t i = 0; i < more.size(); ++i) sums[i] += more[i];
}

double percent(int64_t part, int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<int64_t>(whole, 1));
}

Camera camera_of(const std::optional<Camera>& known, cv::Size size) {
  if (known) return *known;
  const double focal = kUnknownFocal * size.width;
  return {focal, focal, (size.width - 1) / 2.0, (size.height - 1) / 2.0};
}

}  // namespace

void FieldSummary::add(const Field& field, FieldMeaning meaning,
                       const std::optional<Camera>& camera) {
  const cv::Mat valid = field.kind->valid_mask(field.value);
  ++samples_;
  pixels_ += static_cast<int64_t>(field.value.total());
  valid_ += cv::countNonZero(valid);
  const int type = field.value.type();
  if (type == CV_32SC1 || type == CV_8UC1) count_classes(field.value, valid);
  if (type == CV_32FC1) count_values(field.value, valid);
  if (type == CV_8UC3) {
    double most = 0;
    cv::minMaxLoc(field.value.reshape(1), nullptr, &most);
    brightest_ = std::max(brightest_, int(most));
  }
  is_mask_ |= meaning == FieldMeaning::kMask;
  if (meaning == FieldMeaning::kNormals) count_directions(field.value, valid, camera);
}

void FieldSummary::count_classes(const cv::Mat& value, const cv::Mat& valid) {
  cv::Mat classes;
  value.convertTo(classes, CV_32S);
  std::vector<int64_t> counts;
  for (int y = 0; y < value.rows; ++y) {
    const auto* row = classes.ptr<int>(y);
    const auto* known = valid.ptr<uchar>(y);
    for (int x = 0; x < value.cols; ++x) {
      if (known[x] == 0) continue;
      const auto index = static_cast<size_t>(row[x]);
      if (index >= counts.size()) counts.resize(index + 1);
      ++counts[index];
    }
  }
  std::vector<size_t> present(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) present[i] = counts[i] > 0;
  add_to(class_pixels_, counts);
  add_to(class_samples_, present);
}

void FieldSummary::count_values(const cv::Mat& value, const cv::Mat& valid) {
  steps_.resize(kSteps);
  for (int y = 0; y < value.rows; ++y) {
    const auto* row = value.ptr<float>(y);
    const auto* known = valid.ptr<uchar>(y);
    for (int x = 0; x < value.cols; ++x) {
      if (known[x] == 0) continue;
      ++steps_[static_cast<size_t>(step_of(row[x]))];
      least_ = std::min(least_, row[x]);
      most_ = std::max(most_, row[x]);
    }
  }
}

void FieldSummary::count_directions(const cv::Mat& normals, const cv::Mat& valid,
                                    const std::optional<Camera>& camera) {
  has_directions_ = true;
  const Camera seen = camera_of(camera, normals.size());
  for (int y = 0; y < normals.rows; ++y) {
    const auto* row = normals.ptr<cv::Vec3f>(y);
    const auto* known = valid.ptr<uchar>(y);
    for (int x = 0; x < normals.cols; ++x) {
      const cv::Vec3d ray((x - seen.cx) / seen.fx, (y - seen.cy) / seen.fy, 1);
      if (known[x] != 0 && cv::Vec3d(row[x]).dot(ray) >= 0) ++away_;
    }
  }
}

void FieldSummary::add_stored(const Stored& stored) {
  if (!stored_) stored_ = stored;
  stored_->bits = std::max(stored_->bits, stored.bits);
  stored_->least = std::min(stored_->least, stored.least);
  stored_->most = std::max(stored_->most, stored.most);
}

void FieldSummary::merge(const FieldSummary& other) {
  samples_ += other.samples_;
  pixels_ += other.pixels_;
  valid_ += other.valid_;
  add_to(class_pixels_, other.class_pixels_);
  add_to(class_samples_, other.class_samples_);
  add_to(steps_, other.steps_);
  least_ = std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
  has_directions_ |= other.has_directions_;
  away_ += other.away_;
  is_mask_ |= other.is_mask_;
  brightest_ = std::max(brightest_, other.brightest_);
  if (other.stored_) add_stored(*other.stored_);
}

double FieldSummary::valid_percent() const {
  return percent(valid_, pixels_);
}

std::optional<double> FieldSummary::away_percent() const {
  return has_directions_ ? std::optional(percent(away_, valid_)) : std::nullopt;
}

std::vector<double> FieldSummary::histogram(int bins) const {
  std::vector<double> shares(static_cast<size_t>(bins));
  const double width = std::max<double>(most_ - least_, 1e-30) / bins;
  for (int step = 0; step < static_cast<int>(steps_.size()); ++step) {
    const auto count = steps_[static_cast<size_t>(step)];
    if (count == 0) continue;
    const double bin = std::floor((value_of(step) - least_) / width);
    const auto index = static_cast<size_t>(std::clamp(bin, 0.0, bins - 1.0));
    shares[index] += static_cast<double>(count) / static_cast<double>(valid_);
  }
  return shares;
}

double FieldSummary::quantile(double part) const {
  double below = 0;
  for (int step = 0; step < static_cast<int>(steps_.size()); ++step) {
    below += static_cast<double>(steps_[static_cast<size_t>(step)]);
    if (below >= part * static_cast<double>(valid_) && below > 0) {
      return std::clamp<double>(value_of(step), least_, most_);
    }
  }
  return std::nan("");
}

std::string FieldSummary::finding() const {
  if (pixels_ > 0 && valid_ == 0) {
    return "no pixel of any sample is valid: its files are missing, or its options make all of "
           "them "
           "unknown";
  }
  if (is_mask_ && class_pixels_.size() < 2) {
    return "no pixel of any sample is yes: masks of 0 and 255 take threshold: 127, those of 0 and "
           "1 "
           "none";
  }
  if (brightest_ >= 0 && brightest_ < kDark) return darkness();
  if (!has_directions_ || 2 * away_ <= valid_) return "";
  return fmt::format(
      "{:.1f} % of the normals point away from the camera: their axes are others than the data "
      "set's options say (x right, y down, z forward is wanted)",
      percent(away_, valid_));
}

std::string FieldSummary::absent_classes(size_t classes,
                                         const std::vector<std::string>& names) const {
  if (class_pixels_.empty()) return "";
  std::vector<std::string> absent;
  for (size_t i = 0; i < classes; ++i) {
    if (i < class_pixels_.size() && class_pixels_[i] > 0) continue;
    absent.push_back(i < names.size() ? names[i] : std::to_string(i));
  }
  if (absent.empty()) return "";
  const size_t count = absent.size();
  std::string more;
  if (count > kMostNames) {
    absent.resize(kMostNames);
    more = fmt::format(" and {} more", count - kMostNames);
  }
  return fmt::format(
      "{} of {} classes have no pixel, so that nothing can be learned of them: {}{}; are they in "
      "the files, and not ignored or mapped to another class?",
      count, classes, join(absent), more);
}

// Of images that use a small part of what a pixel can hold.
std::string FieldSummary::darkness() const {
  const auto above = fmt::format("no colour of any sample is above {} of 255", brightest_);
  if (!stored_) {
    return above + (brightest_ <= 1
                        ? ": files of colours from 0 to 1 take scale: 255"
                        : ": where white is another stored value, data.image.white_level says it");
  }
  double white = 1;  // the largest value of so many bits
  while (white < stored_->most) white = 2 * white + 1;
  return fmt::format(
      "{}, of stored values {:g} to {:g} in {} bits: where white is another than the "
      "largest of {} bits, set data.image.white_level: {:g}, or what it is",
      above, stored_->least, stored_->most, stored_->bits, stored_->bits, white);
}

}  // namespace tasuki
