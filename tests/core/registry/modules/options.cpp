#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"
#include "tests/core/registry/modules/options.pb.h"

namespace tasuki::test {
namespace {

// Multiplies the image; refuses a factor of 0.
class Scaled : public Transform {
 public:
  Scaled(const options::Scaled& options, const Context&)
      : factor_(options.has_factor() ? options.factor() : 1) {
    require_option(factor_ != 0, "factor", "0 leaves nothing of the image");
  }
  void apply(Sample& sample, cv::RNG&) const override {
    auto& image = sample.field("image");
    image.value = image.value * factor_;
  }
  bool random() const override { return false; }

 private:
  int factor_;
};

}  // namespace

TASUKI_REGISTER(Transform, Scaled, options::Scaled, "test/Scaled");

}  // namespace tasuki::test
