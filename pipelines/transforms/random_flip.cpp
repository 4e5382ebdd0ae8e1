#include "pipelines/transforms/random_flip.pb.h"

#include <utility>

#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

class RandomFlip final : public Transform {
 public:
  RandomFlip(const options::RandomFlip& options, const Transform::Context&)
      : probability_(options.probability()) {}

  bool random() const override { return true; }

  void apply(Sample& sample, cv::RNG& random) const override {
    if (random.uniform(0.0, 1.0) >= probability_) return;
    const int width = sample.size().width;
    for (auto& [name, field] : sample.fields) {
      cv::Mat mirrored;
      cv::flip(field.value, mirrored, 1);
      field.kind->after_flip(mirrored);
      field.value = mirrored;
    }
    std::swap(sample.padding.left, sample.padding.right);
    if (sample.camera) sample.camera->cx = width - 1 - sample.camera->cx;
  }

 private:
  const double probability_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::RandomFlip, tasuki::options::RandomFlip,
                "tasuki/RandomFlip");
