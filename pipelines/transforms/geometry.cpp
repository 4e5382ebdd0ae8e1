#include "pipelines/transforms/geometry.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace tasuki {
namespace {

// Along one side: both borders, none longer than the side.
void scale_borders(int& first, int& last, int old_side, int side) {
  const double ratio = static_cast<double>(side) / old_side;
  first = static_cast<int>(std::lround(first * ratio));
  last = std::min(static_cast<int>(std::lround(last * ratio)), side - first);
}

void crop_borders(int& first, int& last, int old_side, int begin, int side) {
  first = std::clamp(first - begin, 0, side);
  last = std::clamp(last - (old_side - begin - side), 0, side - first);
}

}  // namespace

cv::Mat resized(const FieldKind& kind, const cv::Mat& value, const cv::Size& size, bool antialias) {
  if (value.size() == size) return value.clone();
  int method = cv::INTER_NEAREST_EXACT;
  if (kind.interpolation() == FieldKind::Interpolation::kBilinear) {
    const bool shrinks = size.width <= value.cols && size.height <= value.rows;
    method = antialias && shrinks ? cv::INTER_AREA : cv::INTER_LINEAR;
  }
  cv::Mat result;
  cv::resize(value, result, size, 0, 0, method);
  return result;
}

cv::Mat padded(const FieldKind& kind, const cv::Mat& value, int right, int bottom) {
  cv::Mat result;
  const int border = kind.pads_by_reflection() ? cv::BORDER_REFLECT_101 : cv::BORDER_CONSTANT;
  // Isolated: a view's surroundings are not part of the picture.
  cv::copyMakeBorder(value, result, 0, bottom, 0, right, border | cv::BORDER_ISOLATED,
                     cv::Scalar::all(kind.invalid_value()));
  return result;
}

void scale_camera(Camera& camera, double x_ratio, double y_ratio) {
  camera.fx *= x_ratio;
  camera.fy *= y_ratio;
  camera.cx = (camera.cx + 0.5) * x_ratio - 0.5;
  camera.cy = (camera.cy + 0.5) * y_ratio - 0.5;
}

void shift_camera(Camera& camera, const cv::Point& corner) {
  camera.cx -= corner.x;
  camera.cy -= corner.y;
}

void scale_padding(Padding& padding, const cv::Size& old_size, const cv::Size& size) {
  scale_borders(padding.left, padding.right, old_size.width, size.width);
  scale_borders(padding.top, padding.bottom, old_size.height, size.height);
}

void crop_padding(Padding& padding, const cv::Size& old_size, const cv::Rect& window) {
  crop_borders(padding.left, padding.right, old_size.width, window.x, window.width);
  crop_borders(padding.top, padding.bottom, old_size.height, window.y, window.height);
}

void crop(Sample& sample, const cv::Rect& window) {
  crop_padding(sample.padding, sample.size(), window);
  for (auto& [name, field] : sample.fields) field.value = field.value(window);
  if (sample.camera) shift_camera(*sample.camera, window.tl());
}

cv::Rect random_window(const cv::Size& size, const cv::Size& within, cv::RNG& random) {
  const int x = random.uniform(0, within.width - size.width + 1);
  const int y = random.uniform(0, within.height - size.height + 1);
  return {cv::Point(x, y), size};
}

}  // namespace tasuki
