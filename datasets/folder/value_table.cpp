#include "datasets/folder/value_table.h"

#include <cmath>
#include <limits>

#include "core/registry/registry.h"

namespace tasuki::folder {
namespace {

constexpr int kNoMeaning = std::numeric_limits<int>::min();

template <class Out, class Stored, class Map>
bool map_values(const cv::Mat& stored, cv::Mat& out, Map map) {
  bool failed = false;
  for (int y = 0; y < stored.rows; ++y) {
    const auto* from = stored.ptr<Stored>(y);
    auto* to = out.ptr<Out>(y);
    for (int x = 0; x < stored.cols; ++x) {
      const int value = map(from[x]);
      failed |= value == kNoMeaning;
      to[x] = static_cast<Out>(value);
    }
  }
  return !failed;
}

template <class Out, class Table, class LookUp>
bool map_all(const cv::Mat& stored, cv::Mat& out, const Table& bytes, LookUp look_up) {
  if (stored.depth() == CV_8U) {
    return map_values<Out, uchar>(stored, out, [&](uchar value) { return bytes[value]; });
  }
  return map_values<Out, int>(stored, out, look_up);
}

// Floats become integers only where nothing is lost.
cv::Mat whole_numbers(const cv::Mat& stored) {
  if (stored.depth() == CV_8U || stored.depth() == CV_32S) return stored;
  cv::Mat integers;
  stored.convertTo(integers, CV_32S);
  if (stored.depth() < CV_32F) return integers;
  cv::Mat back, differs;
  integers.convertTo(back, stored.depth());
  differs = back != stored;
  if (cv::countNonZero(differs) != 0) {
    throw Error(ErrorKind::kData,
                "has values that are no whole numbers where classes are expected");
  }
  return integers;
}

}  // namespace

ValueTable::ValueTable(const options::Folder::Field& field, int invalid, const std::string& place)
    : invalid_(invalid),
      mapped_(field.label_map().begin(), field.label_map().end()),
      limit_(field.classes().empty() ? std::numeric_limits<int>::max() : field.classes_size()) {
  for (size_t i = 0; i < mapped_.size(); ++i) {
    require_option(mapped_[i] >= -1 && mapped_[i] < limit_,
                   place + ".label_map[" + std::to_string(i) + "]",
                   std::to_string(mapped_[i]) + " is no class" +
                       (field.classes().empty() ? "" : ": there are " + std::to_string(limit_)));
    if (mapped_[i] == -1) mapped_[i] = invalid_;
  }
  for (int i = 0; i < field.ignore_size(); ++i) {
    const double value = field.ignore(i);
    require_option(value == std::floor(value) && std::abs(value) < 1e9,
                   place + ".ignore[" + std::to_string(i) + "]",
                   "stored values of this kind are integers");
    ignored_.insert(static_cast<int>(value));
  }
  for (int value = 0; value < 256; ++value) bytes_.push_back(look_up(value));
}

int ValueTable::look_up(int stored) const {
  if (ignored_.count(stored) != 0) return invalid_;
  if (mapped_.empty()) {
    return stored == invalid_ || (stored >= 0 && stored < limit_) ? stored : kNoMeaning;
  }
  const auto index = static_cast<size_t>(stored);
  return stored >= 0 && index < mapped_.size() ? mapped_[index] : kNoMeaning;
}

cv::Mat ValueTable::apply(const cv::Mat& stored, int mat_type) const {
  if (stored.channels() != 1) {
    throw Error(ErrorKind::kData,
                "has " + std::to_string(stored.channels()) + " channels where one is expected");
  }
  const cv::Mat integers = whole_numbers(stored);
  cv::Mat out(stored.size(), mat_type);
  const auto map = [this](int value) { return look_up(value); };
  const bool done = mat_type == CV_8UC1 ? map_all<uchar>(integers, out, bytes_, map)
                                        : map_all<int>(integers, out, bytes_, map);
  if (!done) fail(integers);
  return out;
}

void ValueTable::fail(const cv::Mat& stored) const {
  for (int y = 0; y < stored.rows; ++y) {
    for (int x = 0; x < stored.cols; ++x) {
      const int value = stored.depth() == CV_8U ? stored.at<uchar>(y, x) : stored.at<int>(y, x);
      if (look_up(value) != kNoMeaning) continue;
      throw Error(
          ErrorKind::kData,
          "stored value " + std::to_string(value) + " at (x " + std::to_string(x) + ", y " +
              std::to_string(y) + ") has no class: " +
              (mapped_.empty() ? "there are " + std::to_string(limit_) + " classes"
                               : "label_map has " + std::to_string(mapped_.size()) + " entries") +
              "; if it means unknown, add it to the field's ignore");
    }
  }
  CV_Assert(false);
  std::abort();
}

}  // namespace tasuki::folder
