#pragma once

#include "tasuki/data/sample.h"
#include "tasuki/registry/registry.h"

namespace tasuki::testing {

inline Field field(const std::string& kind, const cv::Mat& value) {
  return {&field_kind(kind), value, ""};
}

// A slanted plane n . P = -distance seen by a camera, with depth, normals, disparity (focal length
// times a baseline of 0.1 m over depth), a label that numbers the pixels, and an image.
struct PlaneScene {
  cv::Vec3d normal = cv::normalize(cv::Vec3d(0.3, -0.4, -0.9));
  double distance = 2.5;
  Camera camera{60, 62, 30.3, 22.8};

  double depth_at(const Camera& view, double u, double v) const {
    const cv::Vec3d ray((u - view.cx) / view.fx, (v - view.cy) / view.fy, 1);
    return -distance / normal.dot(ray);
  }

  Sample sample(int height = 48, int width = 64) const {
    Sample made;
    made.id = "plane";
    made.camera = camera;
    made.original_size = {width, height};
    cv::Mat image(height, width, CV_8UC3), label(height, width, CV_32SC1);
    cv::Mat depth(height, width, CV_32FC1), disparity(height, width, CV_32FC1);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double z = depth_at(camera, x, y);
        image.at<cv::Vec3b>(y, x) = cv::Vec3b(uchar(3 * x), uchar(5 * y), uchar(x + y));
        label.at<int>(y, x) = y * width + x;
        depth.at<float>(y, x) = float(z);
        disparity.at<float>(y, x) = float(camera.fx * 0.1 / z);
      }
    }
    const cv::Vec3f unit(normal);
    made.fields = {
        {"image", field("tasuki/image", image)},
        {"seg", field("tasuki/label_map", label)},
        {"depth", field("tasuki/depth", depth)},
        {"disparity", field("tasuki/disparity", disparity)},
        {"normal", field("tasuki/normals",
                         cv::Mat(height, width, CV_32FC3, cv::Scalar(unit[0], unit[1], unit[2])))},
        {"edge", field("tasuki/mask", cv::Mat(height, width, CV_8UC1, cv::Scalar(1)))}};
    return made;
  }
};

inline bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

inline bool same(const Sample& a, const Sample& b) {
  if (a.fields.size() != b.fields.size()) return false;
  for (const auto& [name, value] : a.fields) {
    if (!same(value.value, b.field(name).value)) return false;
  }
  return true;
}

inline Sample deep_copy(const Sample& sample) {
  Sample copy = sample;
  for (auto& [name, value] : copy.fields) value.value = value.value.clone();
  return copy;
}

}  // namespace tasuki::testing
