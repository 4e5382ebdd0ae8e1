#pragma once

#include <limits>
#include <opencv2/core.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tasuki {

// Stands for NaN among stored integers.
inline constexpr int kStoredNan = std::numeric_limits<int>::min() + 1;

// What the stored integers of a field mean.
struct ValueMeaning {
  // Class of each stored value, from stored value 0 on; -1 is invalid. Empty: stored values are
  // classes.
  std::vector<int> classes{};
  // How many classes there are; a value beyond them has no meaning.
  std::optional<int> limit{};
  // Stored values that are invalid, before all else.
  std::set<int> ignored{};
  // What an invalid pixel becomes.
  int invalid = -1;
  // Without `classes`: whether the field's own invalid value may be stored, and stays itself.
  bool may_store_invalid = true;
  // What to do about a value without a meaning: the end of the error.
  std::string advice{};
  // Whether the config may have a threshold instead, which is proposed where the file has no other
  // values than 0 and one more.
  bool may_have_threshold = false;
};

// Stored integers -> the values of a field whose kind holds integers.
class ValueTable {
 public:
  explicit ValueTable(ValueMeaning meaning);

  // One-channel integers (or floats that are whole) -> `mat_type`, CV_8UC1 or CV_32SC1. Error
  // (kData) names the first pixel whose value has no meaning.
  cv::Mat apply(const cv::Mat& stored, int mat_type = CV_32SC1) const;

 private:
  int look_up(int stored) const;
  std::string what_is_wrong_with(int stored) const;
  std::string known_values() const;
  std::string advice_for(const cv::Mat& stored, int value) const;
  [[noreturn]] void fail(const cv::Mat& stored) const;

  ValueMeaning meaning_;
  std::vector<int> bytes_;  // look_up of 0..255
};

}  // namespace tasuki
