#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/model/encoder.h"
#include "tests/core/model/grids.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

std::unique_ptr<Encoder> make_resnet(const std::string& options) {
  return testing::make<Encoder>("tasuki/ResNet", options);
}

// All tensors of the encoder by the names of the published layout.
std::map<std::string, torch::Tensor> published(const Encoder& encoder) {
  std::map<std::string, torch::Tensor> tensors;
  for (size_t i = 0; i < encoder.stages().size(); ++i) {
    const auto stage = encoder.make_stage(i);
    for (const auto& p : stage->named_parameters()) {
      tensors[encoder.stages()[i].prefix + p.key()] = p.value();
    }
    for (const auto& b : stage->named_buffers()) {
      tensors[encoder.stages()[i].prefix + b.key()] = b.value();
    }
  }
  return tensors;
}

int64_t parameter_count(const Encoder& encoder) {
  int64_t count = 0;
  for (size_t i = 0; i < encoder.stages().size(); ++i) {
    for (const auto& p : encoder.make_stage(i)->parameters()) count += p.numel();
  }
  return count;
}

// The published counts, less the classifier of 1000 classes.
TEST(ResNet, HasAsManyParametersAsPublished) {
  EXPECT_EQ(parameter_count(*make_resnet("depth: 18")), 11176512);
  EXPECT_EQ(parameter_count(*make_resnet("depth: 34")), 21284672);
  EXPECT_EQ(parameter_count(*make_resnet("")), 23508032);
  EXPECT_EQ(parameter_count(*make_resnet("depth: 101")), 42500160);
}

TEST(ResNet, HasThePublishedNamesAndShapes) {
  const auto deep = published(*make_resnet("depth: 50"));
  EXPECT_EQ(deep.size(), 318u);  // 159 parameters; mean, variance and count of 53 normalisations
  const std::map<std::string, std::vector<int64_t>> expected = {
      {"conv1.weight", {64, 3, 7, 7}},
      {"bn1.running_mean", {64}},
      {"bn1.num_batches_tracked", {}},
      {"layer1.0.conv1.weight", {64, 64, 1, 1}},
      {"layer1.0.downsample.0.weight", {256, 64, 1, 1}},
      {"layer1.0.downsample.1.bias", {256}},
      {"layer2.3.bn3.weight", {512}},
      {"layer3.5.conv2.weight", {256, 256, 3, 3}},
      {"layer4.2.conv3.weight", {2048, 512, 1, 1}}};
  for (const auto& [name, shape] : expected) {
    ASSERT_TRUE(deep.count(name)) << name;
    EXPECT_EQ(deep.at(name).sizes(), shape) << name;
  }
  EXPECT_FALSE(deep.count("layer1.1.downsample.0.weight"));
  const auto shallow = published(*make_resnet("depth: 18"));
  EXPECT_EQ(shallow.size(), 120u);
  EXPECT_FALSE(shallow.count("layer1.0.downsample.0.weight"));
  EXPECT_EQ(shallow.at("layer4.0.downsample.0.weight").sizes(),
            (std::vector<int64_t>{512, 256, 1, 1}));
}

TEST(ResNet, MayEndBeforeTheLastLayer) {
  const auto encoder = make_resnet("depth: 18 layers: 3 output_stride: 16");
  ASSERT_EQ(encoder->stages().size(), 4u);
  EXPECT_EQ(encoder->stages().back().name, "layer3");
  EXPECT_EQ(encoder->stages().back().channels(), 256);
  EXPECT_EQ(encoder->stages().back().stride(), 16);
  auto whole = published(*make_resnet("depth: 18"));
  for (auto it = whole.begin(); it != whole.end();) {
    it = it->first.rfind("layer4.", 0) == 0 ? whole.erase(it) : std::next(it);
  }
  const auto part = published(*encoder);
  ASSERT_EQ(part.size(), whole.size());
  for (const auto& [name, tensor] : part) EXPECT_EQ(tensor.sizes(), whole.at(name).sizes()) << name;
  EXPECT_EQ(make_resnet("layers: 2")->stages().back().stride(), 8);
}

TEST(ResNet, LeavesWeightsOfMissingLayersInTheFile) {
  const auto encoder = make_resnet("layers: 3");
  EXPECT_TRUE(encoder->leaves_out("fc.weight"));
  EXPECT_TRUE(encoder->leaves_out("layer4.0.conv1.weight"));
  EXPECT_FALSE(encoder->leaves_out("layer3.0.conv1.weight"));
  EXPECT_FALSE(make_resnet("")->leaves_out("layer4.0.conv1.weight"));
}

TEST(ResNet, DrawsWeightsByFanOut) {
  torch::manual_seed(0);
  const auto tensors = published(*make_resnet("depth: 18"));
  // Standard deviation sqrt(2 / (512 * 9)) over 2.4 million draws.
  EXPECT_NEAR(tensors.at("layer4.1.conv2.weight").std().item<double>(), 0.020833, 1e-4);
  EXPECT_TRUE(tensors.at("layer4.1.bn2.weight").eq(1).all().item<bool>());
}

class ResNetStride : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(ResNetStride, FeaturesHaveTheAnnouncedShapes) {
  const auto [depth, stride] = GetParam();
  const auto encoder =
      make_resnet("depth: " + std::to_string(depth) + " output_stride: " + std::to_string(stride));
  EXPECT_EQ(encoder->stages().front().stride(), 4);
  EXPECT_EQ(encoder->stages().back().stride(), stride);
  const torch::NoGradGuard no_grad;
  auto x = torch::randn({2, 3, 64, 96});
  for (size_t i = 0; i < encoder->stages().size(); ++i) {
    const auto& info = encoder->stages()[i];
    EXPECT_EQ(info.name, i == 0 ? "stem" : "layer" + std::to_string(i));
    x = testing::on_grid(*encoder->make_stage(i), x);
    EXPECT_EQ(x.sizes(),
              (std::vector<int64_t>{2, info.channels(), 64 / info.stride(), 96 / info.stride()}));
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, ResNetStride,
                         ::testing::Combine(::testing::Values(18, 50),
                                            ::testing::Values(8, 16, 32)));

// What dilation is for: with the same weights, the finer features hold the coarser ones.
class ResNetDilation : public ::testing::TestWithParam<int> {};

TEST_P(ResNetDilation, KeepsWhatPublishedWeightsCompute) {
  const torch::NoGradGuard no_grad;
  const auto features = [&](int stride, const torch::Tensor& image) {
    torch::manual_seed(7);
    const auto encoder = make_resnet("depth: " + std::to_string(GetParam()) +
                                     " output_stride: " + std::to_string(stride));
    auto x = image;
    for (size_t i = 0; i < encoder->stages().size(); ++i) {
      const auto stage = encoder->make_stage(i);
      stage->to(torch::kDouble);
      stage->eval();
      x = testing::on_grid(*stage, x);
    }
    return x;
  };
  const auto image = torch::randn({1, 3, 72, 100}, torch::kDouble);
  const auto coarse = features(32, image);
  const auto fine = features(8, image);
  const auto sampled = fine.slice(2, 0, fine.size(2), 4).slice(3, 0, fine.size(3), 4);
  ASSERT_EQ(sampled.sizes(), coarse.sizes());
  EXPECT_TRUE(torch::allclose(sampled, coarse, 1e-9, 1e-9 * coarse.abs().max().item<double>()));
}

INSTANTIATE_TEST_SUITE_P(Depths, ResNetDilation, ::testing::Values(18, 50));

TEST(ResNet, GradientsReachEveryParameter) {
  const auto encoder = make_resnet("depth: 18");
  std::vector<std::shared_ptr<Stage>> stages;
  auto x = torch::randn({2, 3, 32, 32});
  for (size_t i = 0; i < encoder->stages().size(); ++i) {
    stages.push_back(encoder->make_stage(i));
    x = testing::on_grid(*stages.back(), x);
  }
  x.square().sum().backward();
  for (const auto& stage : stages) {
    for (const auto& p : stage->named_parameters()) {
      ASSERT_TRUE(p.value().grad().defined()) << p.key();
      EXPECT_GT(p.value().grad().abs().max().item<double>(), 0) << p.key();
    }
  }
}

TEST(ResNet, KnowsTheClassifierAndTheFile) {
  const auto encoder = make_resnet("pretrained: \"weights.safetensors\"");
  EXPECT_EQ(encoder->pretrained(), "weights.safetensors");
  EXPECT_TRUE(encoder->leaves_out("fc.weight"));
  EXPECT_FALSE(encoder->leaves_out("layer4.0.conv1.weight"));
}

TEST(ResNet, RefusesOtherDepthsAndStrides) {
  const auto field = [](const std::string& options) {
    try {
      make_resnet(options);
    } catch (const OptionError& error) {
      return error.field() + ": " + error.problem();
    }
    return std::string();
  };
  EXPECT_EQ(field("depth: 51"), "depth: must be 18, 34, 50 or 101, not 51");
  EXPECT_EQ(field("output_stride: 4"), "output_stride: must be 8, 16 or 32, not 4");
  EXPECT_EQ(field("layers: 5"), "layers: must be 2 to 4, not 5");
  EXPECT_EQ(field("layers: 1"), "layers: must be 2 to 4, not 1");
  EXPECT_EQ(field("layers: 3 output_stride: 32"),
            "output_stride: 32 needs more than 3 layers, whose last has at most stride 16");
}

}  // namespace
}  // namespace tasuki
