#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace tasuki {

// "value V at (x X, y Y): RULE" for the first pixel, in reading order, that `holds` is false of; ""
// when there is none. One branch-free pass, which the compiler vectorises, decides for each row;
// only a row that fails is searched. `text` makes V of the pixel.
template <class Pixel, class Holds, class Text>
std::string first_out_of_range(const cv::Mat& value, const char* rule, Holds holds, Text text) {
  for (int y = 0; y < value.rows; ++y) {
    const auto* row = value.ptr<Pixel>(y);
    unsigned failed = 0;
    for (int x = 0; x < value.cols; ++x) failed |= holds(row[x]) ? 0u : 1u;
    if (failed == 0) continue;
    int x = 0;
    while (holds(row[x])) ++x;
    return "value " + text(row[x]) + " at (x " + std::to_string(x) + ", y " + std::to_string(y) +
           "): " + rule;
  }
  return "";
}

}  // namespace tasuki
