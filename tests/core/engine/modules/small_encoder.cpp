#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "tasuki/model/encoder.h"
#include "tasuki/registry/registry.h"
#include "tests/core/engine/modules/small_encoder.pb.h"

namespace tasuki::test {
namespace {

class SmallStage : public GridStage {
 public:
  SmallStage(int64_t in, int64_t out)
      : conv_(register_module(
            "conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(2).padding(1)))),
        bn_(register_module("bn", torch::nn::BatchNorm2d(out))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return torch::relu(bn_(conv_(x))); }

 private:
  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d bn_;
};

// Trains in milliseconds: runs of it are for tests of what is around the model.
class SmallEncoder : public Encoder {
 public:
  SmallEncoder(const options::test::SmallEncoder&, const Context&) {}
  const std::vector<StageInfo>& stages() const override { return stages_; }
  std::shared_ptr<Stage> make_stage(size_t index) const override {
    return std::make_shared<SmallStage>(index == 0 ? 3 : stages_[index - 1].channels(),
                                        stages_[index].channels());
  }

 private:
  std::vector<StageInfo> stages_ = {
      {"stem", "", 8, 2}, {"layer1", "layer1.", 16, 4}, {"layer2", "layer2.", 32, 8}};
};

TASUKI_REGISTER(Encoder, SmallEncoder, options::test::SmallEncoder, "test/SmallEncoder");

}  // namespace
}  // namespace tasuki::test
