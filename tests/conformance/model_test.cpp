#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "core/model/decoder.h"
#include "core/model/encoder.h"
#include "core/model/model.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

using Sizes = std::vector<int64_t>;

// Every tensor of `model`, bit for bit.
bool same_tensors(const torch::nn::Module& a, const torch::nn::Module& b) {
  const auto left = named_tensors(a), right = named_tensors(b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].first != right[i].first || !left[i].second.equal(right[i].second)) return false;
  }
  return true;
}

class EncoderConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<Stage> stage(size_t index, uint64_t seed) const {
    torch::manual_seed(seed);
    auto made = encoder_->make_stage(index);
    made->eval();
    return made;
  }

  std::unique_ptr<Encoder> encoder_ = make_minimal<Encoder>(GetParam());
};

TEST_P(EncoderConformance, StagesAreAsDeclared) {
  const torch::NoGradGuard no_grad;
  ASSERT_FALSE(encoder_->stages().empty());
  auto x = torch::randn({1, 3, 64, 96});
  std::set<std::string> names;
  for (size_t i = 0; i < encoder_->stages().size(); ++i) {
    const auto& info = encoder_->stages()[i];
    x = stage(i, 1)->forward(x);
    EXPECT_EQ(x.sizes(), (Sizes{1, info.channels, 64 / info.stride, 96 / info.stride}))
        << info.name;
    EXPECT_TRUE(x.isfinite().all().item<bool>()) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.find('.'), std::string::npos) << info.name;
  }
}

TEST_P(EncoderConformance, TakesSizesThatNoStrideDivides) {
  const torch::NoGradGuard no_grad;
  auto x = torch::randn({1, 3, 45, 61});
  for (size_t i = 0; i < encoder_->stages().size(); ++i) {
    const int64_t stride = encoder_->stages()[i].stride;
    x = stage(i, 1)->forward(x);
    EXPECT_EQ(x.size(2), (45 + stride - 1) / stride);
    EXPECT_EQ(x.size(3), (61 + stride - 1) / stride);
  }
}

TEST_P(EncoderConformance, WeightsFollowTheSeed) {
  for (size_t i = 0; i < encoder_->stages().size(); ++i) {
    EXPECT_TRUE(same_tensors(*stage(i, 1), *stage(i, 1))) << i;
    EXPECT_FALSE(same_tensors(*stage(i, 1), *stage(i, 2))) << i;
  }
}

TASUKI_CONFORMANCE(EncoderConformance, Encoder::kKind);

class DecoderConformance : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr int64_t kOut = 5;

  std::unique_ptr<Decoder> decoder(uint64_t seed) const {
    torch::manual_seed(seed);
    return make_minimal<Decoder>(GetParam(), {{{"stem", "", 8, 4},
                                               {"layer1", "layer1.", 12, 4},
                                               {"layer2", "layer2.", 16, 8},
                                               {"layer3", "layer3.", 24, 8},
                                               {"layer4", "layer4.", 32, 8}},
                                              kOut});
  }
  static Features features(int64_t images) {
    torch::manual_seed(9);
    Features all;
    for (const auto& [channels, stride] :
         std::vector<std::pair<int64_t, int64_t>>{{8, 4}, {12, 4}, {16, 8}, {24, 8}, {32, 8}}) {
      all.push_back(torch::randn({images, channels, 64 / stride, 96 / stride}));
    }
    return all;
  }
};

TEST_P(DecoderConformance, MakesAsManyChannelsAsAskedFor) {
  const auto logits = decoder(1)->forward(features(2));
  ASSERT_EQ(logits.dim(), 4);
  EXPECT_EQ(logits.size(0), 2);
  EXPECT_EQ(logits.size(1), kOut);
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
}

TEST_P(DecoderConformance, EvaluatesASingleImageAsInABatch) {
  const torch::NoGradGuard no_grad;
  const auto made = decoder(1);
  made->eval();
  const auto both = features(2);
  Features first;
  for (const auto& x : both) first.push_back(x.narrow(0, 0, 1));
  const auto alone = made->forward(first), batched = made->forward(both).narrow(0, 0, 1);
  EXPECT_TRUE(alone.allclose(batched, 1e-4, 1e-5));
}

TEST_P(DecoderConformance, EveryParameterTrains) {
  const auto made = decoder(1);
  made->forward(features(2)).square().sum().backward();
  ASSERT_FALSE(made->parameters().empty());
  for (const auto& item : made->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << item.key();
  }
}

TEST_P(DecoderConformance, WeightsAndLogitsFollowTheSeed) {
  const auto logits = [&](Decoder& made) {
    torch::manual_seed(3);
    return made.forward(features(2));
  };
  const auto a = decoder(1), b = decoder(1), c = decoder(2);
  EXPECT_TRUE(same_tensors(*a, *b));
  EXPECT_FALSE(same_tensors(*a, *c));
  EXPECT_TRUE(logits(*a).equal(logits(*b)));
}

TASUKI_CONFORMANCE(DecoderConformance, Decoder::kKind);

}  // namespace
}  // namespace tasuki::conformance
