#include "datasets/pascal_context/edges.h"

#include <opencv2/imgproc.hpp>
#include <opencv2/ximgproc.hpp>

namespace tasuki::pascal_context {

cv::Mat edges_of(const cv::Mat& labels) {
  const cv::Mat cross = cv::getStructuringElement(cv::MORPH_CROSS, {3, 3});
  cv::Mat largest, smallest, lines;
  cv::dilate(labels, largest, cross);
  cv::erode(labels, smallest, cross);
  const cv::Mat border = largest != smallest;
  cv::ximgproc::thinning(border, lines, cv::ximgproc::THINNING_GUOHALL);
  return lines & cv::Scalar(1);
}

}  // namespace tasuki::pascal_context
