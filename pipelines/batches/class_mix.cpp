#include <torch/torch.h>

#include <utility>

#include "pipelines/batches/batches.pb.h"
#include "pipelines/batches/givers.h"
#include "tasuki/loader/batch_transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::batches {
namespace {

// Pixels of half of the classes that a label map [H,W] has (one more where their number is odd),
// drawn with equal chances; those without a label are in none.
torch::Tensor draw_mask(const torch::Tensor& labels, cv::RNG& random) {
  auto classes = std::get<0>(at::_unique(labels.masked_select(labels >= 0), /*sorted=*/true));
  auto mask = torch::zeros(labels.sizes(), torch::kBool);
  const auto count = int(classes.numel());
  auto* drawn = classes.data_ptr<int64_t>();
  for (int i = 0; i < (count + 1) / 2; ++i) {
    std::swap(drawn[i], drawn[random.uniform(i, count)]);
    mask |= labels == drawn[i];
  }
  return mask;
}

class ClassMix : public BatchTransform {
 public:
  explicit ClassMix(const options::ClassMix& options)
      : probability_(options.probability()), field_(options.field()) {}

  void apply(Batch& batch, cv::RNG& random) const override {
    if (random.uniform(0.0, 1.0) >= probability_ || batch.size() < 2) return;
    const auto& labels = batch.tensor(field_);
    if (labels.scalar_type() != torch::kInt64) {
      throw Error(ErrorKind::kUsage, "data.batch_transform: ClassMix: field \"" + field_ +
                                         "\" has no classes; name a label map");
    }
    const auto givers = draw_givers(batch.size(), random);
    const auto index = torch::tensor(givers, torch::kInt64);
    std::vector<torch::Tensor> masks;
    for (const auto giver : givers) masks.push_back(draw_mask(labels[giver], random));
    const auto mask = torch::stack(masks);
    for (auto& [name, tensor] : batch.tensors) {
      const auto where = tensor.dim() == 4 ? mask.unsqueeze(1) : mask;
      tensor.copy_(torch::where(where, tensor.index_select(0, index), tensor));
    }
    forget_cameras(batch, givers);
  }

 private:
  double probability_;
  std::string field_;
};

}  // namespace

TASUKI_REGISTER(BatchTransform, ClassMix, options::ClassMix, "tasuki/ClassMix");

}  // namespace tasuki::batches
