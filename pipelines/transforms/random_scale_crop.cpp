#include "pipelines/transforms/random_scale_crop.pb.h"

#include <cmath>
#include <vector>

#include "pipelines/transforms/geometry.h"
#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

// (nx, ny, zoom nz) at unit length; an invalid (0,0,0) stays.
void compress(cv::Mat& normals, double zoom) {
  const auto factor = static_cast<float>(zoom);
  for (int y = 0; y < normals.rows; ++y) {
    auto* row = normals.ptr<cv::Vec3f>(y);
    for (int x = 0; x < normals.cols; ++x) {
      cv::Vec3f& n = row[x];
      n[2] *= factor;
      const float square = n[0] * n[0] + n[1] * n[1] + n[2] * n[2];
      if (square > 0) n *= 1 / std::sqrt(square);
    }
  }
}

class RandomScaleCrop final : public Transform {
 public:
  RandomScaleCrop(const options::RandomScaleCrop& options, const Transform::Context&)
      : scales_(options.scale().begin(), options.scale().end()),
        compressed_(options.renormalise_normals().begin(), options.renormalise_normals().end()) {}

  bool random() const override { return true; }

  void apply(Sample& sample, cv::RNG& random) const override {
    const double zoom = scales_[random.uniform(0, static_cast<int>(scales_.size()))];
    const cv::Size size = sample.size();
    const cv::Size window(static_cast<int>(std::lround(size.width / zoom)),
                          static_cast<int>(std::lround(size.height / zoom)));
    if (window == size || window.empty()) return;
    crop(sample, random_window(window, size, random));
    for (auto& [name, field] : sample.fields) {
      field.value = resized(*field.kind, field.value, size);
      field.kind->after_zoom(field.value, zoom);
    }
    scale_padding(sample.padding, window, size);
    for (const auto& name : compressed_) compress(normals(sample, name), zoom);
    if (sample.camera) zoom_camera(*sample.camera, size, window, zoom);
  }

 private:
  static cv::Mat& normals(Sample& sample, const std::string& name) {
    cv::Mat& value = sample.field(name).value;
    if (value.type() != CV_32FC3) {
      throw Error(ErrorKind::kData, "sample " + sample.id + ", field " + name +
                                        ": renormalise_normals needs three floats a pixel");
    }
    return value;
  }

  void zoom_camera(Camera& camera, const cv::Size& size, const cv::Size& window,
                   double zoom) const {
    scale_camera(camera, static_cast<double>(size.width) / window.width,
                 static_cast<double>(size.height) / window.height);
    if (compressed_.empty()) return;
    camera.fx /= zoom;
    camera.fy /= zoom;
  }

  std::vector<double> scales_;
  std::vector<std::string> compressed_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::RandomScaleCrop,
                tasuki::options::RandomScaleCrop, "tasuki/RandomScaleCrop");
