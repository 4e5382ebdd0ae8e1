#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/look_ahead.h"
#include "tests/pipelines/plugin.h"
#include "tests/plugins/weightings/take_step.h"

namespace tasuki {
namespace {

// Two heads on a convolution with BatchNorm: autograd keeps the weights that AutoLambda writes over
// between two walks of one graph.
struct Net : torch::nn::Module {
  Net() {
    torch::manual_seed(7);
    const auto conv = [](int64_t in, int64_t out) { return torch::nn::Conv2dOptions(in, out, 3); };
    stem = register_module("stem", torch::nn::Conv2d(conv(3, 6)));
    norm = register_module("norm", torch::nn::BatchNorm2d(6));
    seg = register_module("seg", torch::nn::Conv2d(conv(6, 4)));
    depth = register_module("depth", torch::nn::Conv2d(conv(6, 1)));
  }
  std::vector<torch::Tensor> losses(const torch::Tensor& x) {
    const auto features = norm(stem(x)).relu_();
    const auto hidden = torch::dropout(features, 0.1, is_training());
    return {(seg(hidden) - 1).square().mean(), (depth(hidden) + 1).abs().mean()};
  }

  torch::nn::Conv2d stem{nullptr}, seg{nullptr}, depth{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
};

// One step on a net: what the trainer does for a weighting, on images of noise.
class NetStep : public LookAhead {
 public:
  explicit NetStep(bool channels_last) : flat(net, channels_last) {
    torch::manual_seed(8);
    images_ = torch::randn({2, 3, 10, 9});
    validation_ = torch::randn({2, 3, 10, 9});
    buffer_ = torch::randn_like(flat.gradient()) / 10;
    net.train();
  }

  // The losses with the random numbers of every step.
  std::vector<torch::Tensor> losses() {
    torch::manual_seed(9);
    return net.losses(images_);
  }
  std::vector<torch::Tensor> training_losses(bool) override {
    const KeptBuffers kept(net);
    return losses();
  }
  std::vector<torch::Tensor> validation_losses(bool) override {
    const KeptBuffers kept(net);
    return net.losses(validation_);
  }

  std::vector<double> run(const std::string& options) {
    Weighting::Context context;
    context.objectives = objectives;
    context.parameters = &flat;
    const auto weighting = testing::make<Weighting>("tasuki/AutoLambda", options, context);
    flat.zero_gradient();
    StepContext step;
    step.index = {0, 1};
    step.losses = losses();
    step.coefficients = torch::ones({2}, torch::kFloat64);
    step.normalize = RouteNormalizer(Train::NONE, objectives);
    step.learning_rate = 0.1;
    step.momentum = {0.9, 1e-4, buffer_};
    step.backward = [](const torch::Tensor& loss, bool keep) { loss.backward({}, keep); };
    step.look_ahead = this;
    step.parameters = &flat;
    return testing::take_step(*weighting, step);
  }

  const std::vector<Objective> objectives = {Objective::primary("seg"),
                                             Objective::primary("depth")};
  Net net;
  ParameterSpace flat;

 private:
  torch::Tensor images_, validation_, buffer_;
};

class AutoLambdaGraph : public ::testing::TestWithParam<std::tuple<std::string, bool>> {};

// A twin takes one ordinary backward pass of the loss with the same factors.
TEST_P(AutoLambdaGraph, GradientAndNetAreThoseOfOneOrdinaryPass) {
  const auto& [options, channels_last] = GetParam();
  NetStep step(channels_last), twin(channels_last);
  const auto factors = step.run(options);
  const auto values = twin.flat.values().detach().clone();
  weighted_sum(twin.losses(), torch::tensor(factors, torch::kFloat64)).backward();
  EXPECT_TRUE(step.flat.gradient().equal(twin.flat.gradient()));
  EXPECT_GT(step.flat.gradient().norm().item<double>(), 0.01);
  EXPECT_TRUE(step.flat.values().equal(values));
  const auto expected = twin.net.named_buffers();
  for (const auto& buffer : step.net.named_buffers()) {
    EXPECT_TRUE(buffer.value().equal(expected[buffer.key()])) << buffer.key();
  }
}

std::string case_name(const ::testing::TestParamInfo<std::tuple<std::string, bool>>& info) {
  const auto& [options, channels_last] = info.param;
  return std::string(options == "lagged: true" ? "Lagged" : "Published") +
         (channels_last ? "ChannelsLast" : "Contiguous");
}

INSTANTIATE_TEST_SUITE_P(Orders, AutoLambdaGraph,
                         ::testing::Combine(::testing::Values("lr: 0.05", "lagged: true"),
                                            ::testing::Bool()),
                         case_name);

}  // namespace
}  // namespace tasuki
