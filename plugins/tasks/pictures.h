#pragma once

#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <utility>

#include "tasuki/model/task.h"

namespace tasuki::tasks {

// Pictures are CV_8UC3 BGR.

// An OpenCV colour map under the name that legends carry.
struct ColorMap {
  const char* name;
  int opencv;  // cv::ColormapTypes
};
// Values, from dark violet to bright yellow.
ColorMap value_map();
// Errors, from black (none) to bright.
ColorMap error_map();

// CV_32FC1 values through a colour map whose first colour stands for `first` and whose last for
// `last`; first > last reverses it, values beyond are clipped, and grey where `invalid` (CV_8UC1)
// is not zero.
cv::Mat draw_values(const cv::Mat& values, double first, double last, const cv::Mat& invalid,
                    ColorMap map);
// Least and most of the values (CV_32FC1) where `valid` is not zero; (0, 1) when it is nowhere.
cv::Vec2d least_and_most(const cv::Mat& values, const cv::Mat& valid);
Legend bar(ColorMap map, const std::string& unit, double first, double last);

// CV_32SC1 class indices in class_color; negative ones grey.
cv::Mat draw_classes(const cv::Mat& labels);
// Pixels of the label's class dimmed where `prediction` agrees, kWrongColor where it doesn't, grey
// where the label is void.
cv::Mat draw_class_errors(const cv::Mat& prediction, const cv::Mat& label);
inline const cv::Vec3b kWrongColor{60, 60, 255};
inline constexpr double kDimming = 0.25;

// CV_32FC3 normals as picture viewers are used to them: red to the right, green up, blue towards
// the camera, (1 + component) / 2 each, so a wall that faces the camera is light blue. Grey where
// the vector is zero.
cv::Mat draw_normals(const cv::Mat& normals);
cv::Vec3b normal_color(const cv::Vec3f& normal);
// Angles between prediction and label from 0 to `most` degrees in error_map; grey where the label
// is zero.
cv::Mat draw_angles(const cv::Mat& prediction, const cv::Mat& label, double most);

}  // namespace tasuki::tasks
