#include "tasuki/io/value_table.h"

#include <cmath>
#include <limits>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

constexpr int kNoMeaning = std::numeric_limits<int>::min();
constexpr int kNoLimit = std::numeric_limits<int>::max();

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

// Floats become integers only where nothing is lost; NaN becomes kStoredNan where it is `ignored`.
cv::Mat whole_numbers(const cv::Mat& stored, const std::set<int>& ignored) {
  if (stored.depth() == CV_8U || stored.depth() == CV_32S) return stored;
  cv::Mat integers;
  stored.convertTo(integers, CV_32S);
  if (stored.depth() < CV_32F) return integers;
  const bool nan_is_known = ignored.count(kStoredNan) != 0;
  cv::Mat numbers;
  stored.convertTo(numbers, CV_64F);
  for (int y = 0; y < stored.rows; ++y) {
    const auto* row = numbers.ptr<double>(y);
    for (int x = 0; x < stored.cols; ++x) {
      const bool nan = std::isnan(row[x]);
      if (nan && nan_is_known) integers.at<int>(y, x) = kStoredNan;
      if (nan ? nan_is_known : row[x] == integers.at<int>(y, x)) continue;
      throw Error(ErrorKind::kData, (nan ? "has NaN" : "has no whole number") +
                                        std::string(" at (x ") + std::to_string(x) + ", y " +
                                        std::to_string(y) + ") where classes are expected" +
                                        (nan ? "; if it means unknown, ignore nan" : ""));
    }
  }
  return integers;
}

}  // namespace

ValueTable::ValueTable(ValueMeaning meaning) : meaning_(std::move(meaning)) {
  for (int& value : meaning_.classes) {
    if (value == -1) value = meaning_.invalid;
  }
  for (int value = 0; value < 256; ++value) bytes_.push_back(look_up(value));
}

int ValueTable::look_up(int stored) const {
  if (meaning_.ignored.count(stored) != 0) return meaning_.invalid;
  const auto index = static_cast<size_t>(stored);
  if (meaning_.classes.empty()) {
    if (stored == meaning_.invalid) return meaning_.may_store_invalid ? stored : kNoMeaning;
    return stored >= 0 && stored < meaning_.limit.value_or(kNoLimit) ? stored : kNoMeaning;
  }
  return stored >= 0 && index < meaning_.classes.size() ? meaning_.classes[index] : kNoMeaning;
}

cv::Mat ValueTable::apply(const cv::Mat& stored, int mat_type) const {
  if (stored.channels() != 1) {
    throw Error(ErrorKind::kData,
                "has " + std::to_string(stored.channels()) + " channels where one is expected");
  }
  const cv::Mat integers = whole_numbers(stored, meaning_.ignored);
  cv::Mat out(stored.size(), mat_type);
  const auto map = [this](int value) { return look_up(value); };
  const bool done = mat_type == CV_8UC1 ? map_all<uchar>(integers, out, bytes_, map)
                                        : map_all<int>(integers, out, bytes_, map);
  if (!done) fail(integers);
  return out;
}

std::string ValueTable::what_is_wrong_with(int stored) const {
  if (stored == meaning_.invalid) return "is this kind's own value for unknown";
  return "has no class: " + known_values();
}

std::string ValueTable::known_values() const {
  if (!meaning_.classes.empty()) {
    return "stored values are 0 to " + std::to_string(meaning_.classes.size() - 1);
  }
  if (!meaning_.limit) return "classes are 0 or above";
  return "classes are 0 to " + std::to_string(*meaning_.limit - 1);
}

// A file of 0 and 255, or of 255 alone, is most often one of two classes.
std::string ValueTable::advice_for(const cv::Mat& stored, int value) const {
  const cv::Mat others = (stored != 0) & (stored != value);
  if (!meaning_.may_have_threshold || value <= 0 || cv::countNonZero(others) != 0) {
    return meaning_.advice;
  }
  const auto text = std::to_string(value);
  return "the file has no values but 0 and " + text +
         ": if these are classes 0 and 1, give the "
         "field threshold: " +
         std::to_string(value / 2) + "; if " + text + " means unknown, ignore: " + text;
}

void ValueTable::fail(const cv::Mat& stored) const {
  for (int y = 0; y < stored.rows; ++y) {
    for (int x = 0; x < stored.cols; ++x) {
      const int value = stored.depth() == CV_8U ? stored.at<uchar>(y, x) : stored.at<int>(y, x);
      if (look_up(value) != kNoMeaning) continue;
      const auto advice = advice_for(stored, value);
      throw Error(ErrorKind::kData, "stored value " + std::to_string(value) + " at (x " +
                                        std::to_string(x) + ", y " + std::to_string(y) + ") " +
                                        what_is_wrong_with(value) +
                                        (advice.empty() ? "" : "; " + advice));
    }
  }
  CV_Assert(false);
  std::abort();
}

}  // namespace tasuki
