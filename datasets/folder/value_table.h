#pragma once

#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <vector>

#include "datasets/folder/folder.pb.h"

namespace tasuki::folder {

// Stored integers -> the values of a field whose kind holds integers.
class ValueTable {
 public:
  // OptionError, `place` in front, for a class that the field's `classes` don't have and for
  // `ignore` values that are no integers.
  ValueTable(const options::Folder::Field& field, int invalid, const std::string& place);

  // One-channel integers (or floats that are whole) -> `mat_type`, CV_8UC1 or CV_32SC1. Error names
  // the first pixel whose value has no meaning.
  cv::Mat apply(const cv::Mat& stored, int mat_type) const;

 private:
  int look_up(int stored) const;
  [[noreturn]] void fail(const cv::Mat& stored) const;

  int invalid_;
  std::vector<int> mapped_;  // empty: identity
  int limit_;                // first value that is no class
  std::set<int> ignored_;
  std::vector<int> bytes_;  // look_up of 0..255
};

}  // namespace tasuki::folder
