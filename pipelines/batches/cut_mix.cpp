#include <torch/torch.h>

#include <cmath>

#include "pipelines/batches/batches.pb.h"
#include "pipelines/batches/givers.h"
#include "tasuki/loader/batch_transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::batches {
namespace {

// A number of the distribution Beta(alpha, alpha), by Johnk's rejection: u^(1/alpha) and
// v^(1/alpha) of uniform numbers whose sum is at most 1.
double draw_beta(double alpha, cv::RNG& random) {
  while (true) {
    const double x = std::pow(random.uniform(0.0, 1.0), 1 / alpha);
    const double y = std::pow(random.uniform(0.0, 1.0), 1 / alpha);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

// The paper's box: sides of sqrt(share) of the image's around a centre anywhere in it, cut at its
// borders.
cv::Rect draw_box(double share, int height, int width, cv::RNG& random) {
  const int h = int(height * std::sqrt(share)), w = int(width * std::sqrt(share));
  const cv::Point centre(random.uniform(0, width), random.uniform(0, height));
  return cv::Rect(centre.x - w / 2, centre.y - h / 2, w, h) & cv::Rect(0, 0, width, height);
}

class CutMix : public BatchTransform {
 public:
  explicit CutMix(const options::CutMix& options)
      : probability_(options.probability()), alpha_(options.alpha()) {}

  void apply(Batch& batch, cv::RNG& random) const override {
    if (random.uniform(0.0, 1.0) >= probability_ || batch.size() < 2) return;
    const auto& image = batch.tensor("image");
    const double share = 1 - draw_beta(alpha_, random);
    const auto box = draw_box(share, int(image.size(-2)), int(image.size(-1)), random);
    const auto givers = draw_givers(batch.size(), random);
    if (box.empty()) return;
    const auto index = torch::tensor(givers, torch::kInt64);
    for (auto& [name, tensor] : batch.tensors) {
      const auto part = tensor.narrow(-2, box.y, box.height).narrow(-1, box.x, box.width);
      part.copy_(part.index_select(0, index));
    }
    forget_cameras(batch, givers);
  }

 private:
  double probability_;
  double alpha_;
};

}  // namespace

TASUKI_REGISTER(BatchTransform, CutMix, options::CutMix, "tasuki/CutMix");

}  // namespace tasuki::batches
