#include "tasuki/model/norm.h"

#include <torch/nn/modules/batchnorm.h>

namespace tasuki {
namespace {

class DefaultNorm : public Norm {
 public:
  NormLayer make(int64_t channels) const override {
    return NormLayer(torch::nn::BatchNorm2d(channels));
  }
  bool uses_batch() const override { return true; }
};

}  // namespace

std::shared_ptr<const Norm> default_norm() {
  static const auto norm = std::make_shared<const DefaultNorm>();
  return norm;
}

}  // namespace tasuki
