#include "pipelines/transforms/pad.pb.h"

#include <algorithm>

#include "pipelines/transforms/geometry.h"
#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

class Pad final : public Transform {
 public:
  Pad(const options::Pad& options, const Transform::Context&)
      : least_(static_cast<int>(options.width()), static_cast<int>(options.height())),
        divisor_(options.has_divisor() ? static_cast<int>(options.divisor())
                 : least_.empty()      ? 32
                                       : 1) {
    require_option(options.has_height() == options.has_width(),
                   options.has_height() ? "height" : "width", "height and width go together");
  }

  bool random() const override { return false; }

  void apply(Sample& sample, cv::RNG&) const override {
    const cv::Size old = sample.size();
    const int right = grown(old.width, least_.width) - old.width;
    const int bottom = grown(old.height, least_.height) - old.height;
    if (right == 0 && bottom == 0) return;
    for (auto& [name, field] : sample.fields) {
      field.value = padded(*field.kind, field.value, right, bottom);
    }
    sample.padding.right += right;
    sample.padding.bottom += bottom;
  }

 private:
  int grown(int side, int least) const {
    const int wanted = std::max(side, least);
    return (wanted + divisor_ - 1) / divisor_ * divisor_;
  }

  const cv::Size least_;
  const int divisor_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::Pad, tasuki::options::Pad, "tasuki/Pad");
