#include "datasets/pascal_context/normals.h"

#include <cmath>

#include "datasets/pascal_context/table_files.h"
#include "tasuki/error/error.h"
#include "tasuki/io/csv_table.h"

namespace tasuki::pascal_context {
namespace {

using Options = options::PascalContext;

constexpr float kShortest = 0.5f;

// Signs that bring stored x, y and z to x right, y down, z forward.
cv::Vec3f signs_of(Options::NormalAxes axes) {
  switch (axes) {
    case Options::RIGHT_DOWN_TOWARDS:
      return {1, 1, -1};
    case Options::RIGHT_DOWN_FORWARD:
      return {1, 1, 1};
    case Options::LEFT_UP_FORWARD:
      return {-1, -1, 1};
    default:
      return {1, -1, -1};
  }
}

}  // namespace

cv::Mat normals_of(const cv::Mat& colours, Options::NormalAxes axes) {
  if (colours.type() != CV_8UC3) {
    throw Error(ErrorKind::kData, "three channels of 8 bits are expected");
  }
  const cv::Vec3f signs = signs_of(axes);
  cv::Mat normals(colours.size(), CV_32FC3);
  for (int y = 0; y < colours.rows; ++y) {
    const auto* bgr = colours.ptr<cv::Vec3b>(y);
    auto* out = normals.ptr<cv::Vec3f>(y);
    for (int x = 0; x < colours.cols; ++x) {
      cv::Vec3f n;
      for (int c = 0; c < 3; ++c) {
        n[c] = signs[c] * (static_cast<float>(bgr[x][2 - c]) / 127.5f - 1);
      }
      const float length = std::sqrt(n.dot(n));
      out[x] = length >= kShortest ? n * (1 / length) : cv::Vec3f(0, 0, 0);
    }
  }
  return normals;
}

NormalLabels::NormalLabels() : used_{false} {
  for (const auto& row : csv_rows(kLabels459)) used_.push_back(row[2] == "1");
}

void NormalLabels::mask(cv::Mat& normals, const cv::Mat& labels) const {
  for (int y = 0; y < normals.rows; ++y) {
    for (int x = 0; x < normals.cols; ++x) {
      const auto label = labels.at<ushort>(y, x);
      if (label >= used_.size()) {
        throw Error(ErrorKind::kData, "label " + std::to_string(label) + " at (x " +
                                          std::to_string(x) + ", y " + std::to_string(y) +
                                          "): there are " + std::to_string(used_.size() - 1));
      }
      if (!used_[label]) normals.at<cv::Vec3f>(y, x) = {0, 0, 0};
    }
  }
}

}  // namespace tasuki::pascal_context
