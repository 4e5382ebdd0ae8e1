#include "plugins/tasks/pictures.h"

#include <opencv2/imgproc.hpp>

#include "plugins/tasks/palette.h"
#include "tasuki/model/angle.h"

namespace tasuki::tasks {
namespace {

std::array<float, 3> components(const cv::Vec3f& v) {
  return {v[0], v[1], v[2]};
}

}  // namespace

ColorMap value_map() {
  return {"viridis", cv::COLORMAP_VIRIDIS};
}
ColorMap error_map() {
  return {"inferno", cv::COLORMAP_INFERNO};
}

cv::Mat draw_values(const cv::Mat& values, double first, double last, const cv::Mat& invalid,
                    ColorMap map) {
  const double scale = first == last ? 0 : 255 / (last - first);
  cv::Mat steps, picture;
  values.convertTo(steps, CV_8U, scale, -first * scale);
  cv::applyColorMap(steps, picture, map.opencv);
  picture.setTo(cv::Scalar(kVoidColor), invalid);
  return picture;
}

cv::Vec2d least_and_most(const cv::Mat& values, const cv::Mat& valid) {
  if (cv::countNonZero(valid) == 0) return {0, 1};
  cv::Vec2d range;
  cv::minMaxLoc(values, &range[0], &range[1], nullptr, nullptr, valid);
  return range;
}

Legend bar(ColorMap map, const std::string& unit, double first, double last) {
  Legend legend;
  legend.unit = unit;
  legend.colormap = map.name;
  legend.least = first;
  legend.most = last;
  return legend;
}

cv::Mat draw_classes(const cv::Mat& labels) {
  cv::Mat picture(labels.size(), CV_8UC3);
  for (int y = 0; y < labels.rows; ++y) {
    const auto* label = labels.ptr<int>(y);
    auto* out = picture.ptr<cv::Vec3b>(y);
    for (int x = 0; x < labels.cols; ++x) {
      out[x] = label[x] < 0 ? kVoidColor : class_color(label[x]);
    }
  }
  return picture;
}

cv::Mat draw_class_errors(const cv::Mat& prediction, const cv::Mat& label) {
  cv::Mat picture;
  draw_classes(label).convertTo(picture, -1, kDimming);
  picture.setTo(cv::Scalar(kWrongColor), prediction != label);
  picture.setTo(cv::Scalar(kVoidColor), label < 0);
  return picture;
}

cv::Vec3b normal_color(const cv::Vec3f& normal) {
  const auto level = [](float component) {
    return cv::saturate_cast<uchar>((component + 1) * 127.5f);
  };
  return {level(-normal[2]), level(-normal[1]), level(normal[0])};
}

cv::Mat draw_normals(const cv::Mat& normals) {
  cv::Mat picture(normals.size(), CV_8UC3);
  for (int y = 0; y < normals.rows; ++y) {
    const auto* normal = normals.ptr<cv::Vec3f>(y);
    auto* out = picture.ptr<cv::Vec3b>(y);
    for (int x = 0; x < normals.cols; ++x) {
      out[x] = normal[x] == cv::Vec3f() ? kVoidColor : normal_color(normal[x]);
    }
  }
  return picture;
}

cv::Mat draw_angles(const cv::Mat& prediction, const cv::Mat& label, double most) {
  cv::Mat angles(label.size(), CV_32FC1), invalid(label.size(), CV_8UC1);
  for (int y = 0; y < label.rows; ++y) {
    const auto* predicted = prediction.ptr<cv::Vec3f>(y);
    const auto* labelled = label.ptr<cv::Vec3f>(y);
    for (int x = 0; x < label.cols; ++x) {
      angles.at<float>(y, x) = angle_degrees(components(predicted[x]), components(labelled[x]));
      invalid.at<uchar>(y, x) = labelled[x] == cv::Vec3f() ? 255 : 0;
    }
  }
  return draw_values(angles, 0, most, invalid, error_map());
}

}  // namespace tasuki::tasks
