#include "pipelines/transforms/random_crop.pb.h"

#include <algorithm>

#include "pipelines/transforms/geometry.h"
#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

class RandomCrop final : public Transform {
 public:
  RandomCrop(const options::RandomCrop& options, const Transform::Context&)
      : size_(static_cast<int>(options.width()), static_cast<int>(options.height())) {}

  bool random() const override { return true; }

  void apply(Sample& sample, cv::RNG& random) const override {
    const cv::Size old = sample.size();
    const cv::Rect window = random_window(
        {std::min(size_.width, old.width), std::min(size_.height, old.height)}, old, random);
    crop(sample, window);
    const int right = size_.width - window.width, bottom = size_.height - window.height;
    for (auto& [name, field] : sample.fields) {
      // A copy, so that a small window does not keep a large picture in memory.
      field.value = padded(*field.kind, field.value, right, bottom);
    }
    sample.padding.right += right;
    sample.padding.bottom += bottom;
  }

 private:
  const cv::Size size_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::RandomCrop, tasuki::options::RandomCrop,
                "tasuki/RandomCrop");
