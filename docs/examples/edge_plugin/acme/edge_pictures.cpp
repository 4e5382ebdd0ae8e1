#include "acme/edge_pictures.h"

#include <cmath>

namespace acme {
namespace {

cv::Vec3b between(const cv::Vec3b& from, const cv::Vec3b& to, float share) {
  cv::Vec3b color;
  for (int c = 0; c < 3; ++c) {
    color[c] = cv::saturate_cast<uchar>((1 - share) * from[c] + share * to[c]);
  }
  return color;
}

}  // namespace

cv::Mat draw_edges(const cv::Mat& value) {
  cv::Mat picture(value.size(), CV_8UC3);
  for (int y = 0; y < value.rows; ++y) {
    for (int x = 0; x < value.cols; ++x) {
      const float edge = value.at<float>(y, x);
      picture.at<cv::Vec3b>(y, x) = edge < 0 ? kInvalidColor : between({}, {255, 255, 255}, edge);
    }
  }
  return picture;
}

cv::Mat draw_edge_error(const cv::Mat& prediction, const cv::Mat& label) {
  cv::Mat picture(label.size(), CV_8UC3);
  for (int y = 0; y < label.rows; ++y) {
    for (int x = 0; x < label.cols; ++x) {
      const float truth = label.at<float>(y, x);
      const float excess = prediction.at<float>(y, x) - truth;
      picture.at<cv::Vec3b>(y, x) =
          truth < 0 ? kInvalidColor
                    : between({255, 255, 255}, excess < 0 ? kMissedColor : kFalseAlarmColor,
                              std::abs(excess));
    }
  }
  return picture;
}

}  // namespace acme
