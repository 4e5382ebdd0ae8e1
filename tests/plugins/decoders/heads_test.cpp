#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/model/decoder.h"
#include "tests/core/model/grids.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using Sizes = std::vector<int64_t>;

std::unique_ptr<Decoder> make_decoder(const std::string& name, const std::string& options,
                                      int64_t in = 32, int64_t out = 3) {
  const Decoder::Context context{{{"stem", "", 8, 4}, {"layer1", "layer1.", in, 8}}, out};
  return testing::make<Decoder>(name, options, context);
}

RouteFeatures features_of(const torch::Tensor& last) {
  const auto first = torch::zeros({last.size(0), 8, last.size(2), last.size(3)}, last.options());
  return testing::grids({first, last});
}

std::map<std::string, Sizes> shapes(const Decoder& decoder) {
  std::map<std::string, Sizes> result;
  for (const auto& p : decoder.named_parameters()) result[p.key()] = p.value().sizes().vec();
  return result;
}

TEST(DeepLabHead, HasThePublishedNamesAndShapes) {
  const auto head = shapes(*make_decoder("tasuki/DeepLabHead", "", 2048, 21));
  EXPECT_EQ(head.size(), 23u);
  EXPECT_EQ(head.at("0.convs.0.0.weight"), (Sizes{256, 2048, 1, 1}));
  EXPECT_EQ(head.at("0.convs.3.0.weight"), (Sizes{256, 2048, 3, 3}));
  EXPECT_EQ(head.at("0.convs.3.1.bias"), (Sizes{256}));
  EXPECT_EQ(head.at("0.convs.4.1.weight"), (Sizes{256, 2048, 1, 1}));
  EXPECT_EQ(head.at("0.convs.4.2.weight"), (Sizes{256}));
  EXPECT_EQ(head.at("0.project.0.weight"), (Sizes{256, 1280, 1, 1}));
  EXPECT_EQ(head.at("1.weight"), (Sizes{256, 256, 3, 3}));
  EXPECT_EQ(head.at("2.weight"), (Sizes{256}));
  EXPECT_EQ(head.at("4.weight"), (Sizes{21, 256, 1, 1}));
  EXPECT_EQ(head.at("4.bias"), (Sizes{21}));
}

TEST(FCNHead, HasThePublishedNamesAndShapes) {
  const auto head = shapes(*make_decoder("tasuki/FCNHead", "", 2048, 21));
  const std::map<std::string, Sizes> expected = {{"0.weight", {512, 2048, 3, 3}},
                                                 {"1.weight", {512}},
                                                 {"1.bias", {512}},
                                                 {"4.weight", {21, 512, 1, 1}},
                                                 {"4.bias", {21}}};
  EXPECT_EQ(head, expected);
}

TEST(Heads, KeepTheFeaturesResolution) {
  for (const std::string name : {"tasuki/DeepLabHead", "tasuki/FCNHead"}) {
    auto decoder = make_decoder(name, "channels: 16");
    const auto logits = decoder->forward(features_of(torch::randn({2, 32, 9, 13})));
    EXPECT_EQ(logits.sizes(), (Sizes{2, 3, 9, 13})) << name;
    decoder->eval();
    const auto single = decoder->forward(features_of(torch::randn({1, 32, 1, 1})));
    EXPECT_EQ(single.sizes(), (Sizes{1, 3, 1, 1})) << name;
  }
}

// Logits, running statistics and all gradients of one training step, in double.
std::vector<torch::Tensor> step(const std::string& options, torch::ScalarType type) {
  torch::manual_seed(11);
  auto head = make_decoder("tasuki/DeepLabHead", options);
  const auto x = torch::randn({2, 32, 10, 14}).to(type).requires_grad_();
  const auto weight = torch::randn({2, 3, 10, 14});
  head->to(type);
  const auto logits = head->forward(features_of(x));
  (logits * weight.to(type)).sum().backward();
  std::vector<torch::Tensor> all{logits, x.grad()};
  for (const auto& p : head->parameters()) all.push_back(p.grad());
  for (const auto& b : head->buffers()) all.push_back(b);
  for (auto& tensor : all) tensor = tensor.detach().to(torch::kDouble);
  return all;
}

// In double the shortcuts in the projection alone are taken; in float those in the convolutions
// too.
TEST(DeepLabHead, ShortcutsLeaveTheFunctionAlone) {
  const std::string options = "channels: 8 rates: 4 rates: 6 rates: 12 ";
  const auto plain = step(options + "exact_shortcuts: false", torch::kDouble);
  for (const auto& [type, tolerance] : {std::pair{torch::kDouble, 1e-11}, {torch::kFloat, 1e-4}}) {
    const auto fast = step(options, type);
    ASSERT_EQ(plain.size(), fast.size());
    for (size_t i = 0; i < plain.size(); ++i) {
      const auto scale = plain[i].abs().max().item<double>();
      EXPECT_LE((plain[i] - fast[i]).abs().max().item<double>(), tolerance * scale) << i;
    }
  }
}

TEST(Heads, DropoutFollowsTheSeedAndStopsInEvaluation) {
  for (const std::string name : {"tasuki/DeepLabHead", "tasuki/FCNHead"}) {
    auto decoder = make_decoder(name, "channels: 16 dropout: 0.5");
    const auto features = features_of(torch::randn({2, 32, 6, 5}));
    const auto run = [&](int64_t seed) {
      torch::manual_seed(seed);
      return decoder->forward(features);
    };
    EXPECT_TRUE(run(1).equal(run(1))) << name;
    EXPECT_FALSE(run(1).equal(run(2))) << name;
    decoder->eval();
    EXPECT_TRUE(run(1).equal(run(2))) << name;
  }
}

TEST(DeepLabHead, SaysWhyABatchOfOneCannotTrain) {
  auto head = make_decoder("tasuki/DeepLabHead", "channels: 8");
  try {
    head->forward(features_of(torch::randn({1, 32, 6, 5})));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("batch of one image"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("drop_last"));
  }
}

TEST(Heads, RefuseOptionsOutOfRange) {
  const auto field = [](const std::string& name, const std::string& options) {
    try {
      make_decoder(name, options);
    } catch (const OptionError& error) {
      return error.field();
    }
    return std::string();
  };
  EXPECT_EQ(field("tasuki/DeepLabHead", "rates: 6 rates: 0"), "rates[1]");
  EXPECT_EQ(field("tasuki/DeepLabHead", "channels: 0"), "channels");
  EXPECT_EQ(field("tasuki/DeepLabHead", "dropout: 1"), "dropout");
  EXPECT_EQ(field("tasuki/FCNHead", "channels: 0"), "channels");
  EXPECT_EQ(field("tasuki/FCNHead", "dropout: -0.1"), "dropout");
}

}  // namespace
}  // namespace tasuki
