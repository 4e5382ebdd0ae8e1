#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tasuki/io/value_table.h"

namespace tasuki::cityscapes {

// Classes of gtFine's label ids, by classes.csv.
struct Labels {
  std::vector<std::string> names;  // by index
  ValueMeaning meaning;            // of the stored ids
};

// `count`: 19 or 7.
Labels labels_of(size_t count);

// Background and the nine parts, by index.
const std::vector<std::string>& part_names();

// Panoptic Parts -> index of the part. A stored uid is S, S * 10^3 + I or S * 10^5 + I * 10^2 + P
// with the label id S, a number of the instance I and of the part P (arXiv:2004.07944): CV_32SC1 in
// and out. Error (kData) for a uid that is none of these.
cv::Mat parts_of(const cv::Mat& uids);

}  // namespace tasuki::cityscapes
