#include "pipelines/transforms/resize.pb.h"

#include <algorithm>
#include <cmath>

#include "pipelines/transforms/geometry.h"
#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

class Resize final : public Transform {
 public:
  Resize(const options::Resize& options, const Transform::Context&) : options_(options) {}

  bool random() const override { return false; }

  void apply(Sample& sample, cv::RNG&) const override {
    const cv::Size old = sample.size(), size = target(old);
    if (size == old) return;
    const double x_ratio = static_cast<double>(size.width) / old.width;
    const double y_ratio = static_cast<double>(size.height) / old.height;
    for (auto& [name, field] : sample.fields) {
      field.value = resized(*field.kind, field.value, size, options_.antialias());
      field.kind->after_resize(field.value, x_ratio);
    }
    scale_padding(sample.padding, old, size);
    if (sample.camera) scale_camera(*sample.camera, x_ratio, y_ratio);
  }

 private:
  cv::Size target(const cv::Size& old) const {
    const cv::Size box(static_cast<int>(options_.width()), static_cast<int>(options_.height()));
    if (!options_.keep_ratio()) return box;
    const double ratio = std::min(static_cast<double>(box.width) / old.width,
                                  static_cast<double>(box.height) / old.height);
    const auto scaled = [&](int side) {
      return std::max(1, static_cast<int>(std::lround(side * ratio)));
    };
    return {scaled(old.width), scaled(old.height)};
  }

  const options::Resize options_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::Resize, tasuki::options::Resize,
                "tasuki/Resize");
