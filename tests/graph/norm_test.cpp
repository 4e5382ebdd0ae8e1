// The one place from which encoders and decoders have their normalisation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/graph/small_models.h"

namespace tasuki {
namespace {

using namespace testing;
using ::testing::HasSubstr;

SmallModel resnet(const std::string& norm) {
  SmallModel small;
  small.encoder = "[tasuki/ResNet] { depth: 18 layers: 2 }";
  small.decoder = "decoder { [tasuki/DeepLabHead] { channels: 32 } }";
  if (!norm.empty()) small.rest = "norm { " + norm + " }";
  return small;
}

torch::Tensor image_of(int64_t images) {
  torch::manual_seed(8);
  return torch::randn({images, 3, 16, 24});
}

TEST(NormOfAModel, IsBatchNormalisationByItself) {
  for (const std::string other : {"[tasuki/BatchNorm] {}", "[tasuki/SyncBatchNorm] {}"}) {
    SCOPED_TRACE(other);
    const auto plain = resnet("").make(), named = resnet(other).make();
    for (const auto& model : {plain.get(), named.get()}) {
      model->outputs(image_of(2), model->primaries()).logits("seg").sum().backward();
    }
    const auto a = named_tensors(*plain), b = named_tensors(*named);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].first, b[i].first);
      EXPECT_TRUE(a[i].second.equal(b[i].second)) << a[i].first;
      const auto &mine = a[i].second.grad(), &theirs = b[i].second.grad();
      ASSERT_EQ(mine.defined(), theirs.defined()) << a[i].first;
      if (mine.defined()) {
        EXPECT_TRUE(mine.equal(theirs)) << a[i].first;
      }
    }
  }
}

TEST(NormOfAModel, TakesMomentumAndEps) {
  const auto model = resnet("[tasuki/BatchNorm] { momentum: 1 eps: 0.5 }").make();
  const auto image = image_of(2);
  model->outputs(image, model->primaries());
  const auto buffers = model->named_buffers();
  const auto weight = model->named_parameters()["encoder.stem.shared.conv1.weight"];
  const auto x = torch::conv2d(image, weight, {}, 2, 3);
  EXPECT_TRUE(
      buffers["encoder.stem.shared.bn1.running_mean"].allclose(x.mean({0, 2, 3}), 1e-4, 1e-6));
}

// Published names stay; nothing of it moves; the same map in training and evaluation.
TEST(NormOfAModel, MayBeFrozen) {
  const auto plain = resnet("").make(), frozen = resnet("[tasuki/FrozenBatchNorm] {}").make();
  std::vector<std::string> names, expected;
  for (const auto& item : named_tensors(*plain)) expected.push_back(item.first);
  for (const auto& item : named_tensors(*frozen)) names.push_back(item.first);
  EXPECT_THAT(names, ::testing::UnorderedElementsAreArray(expected));
  for (const auto& item : frozen->named_parameters()) {
    EXPECT_EQ(item.key().find("bn"), std::string::npos) << item.key();
  }
  std::map<std::string, torch::Tensor> before;
  for (const auto& item : frozen->named_buffers()) before[item.key()] = item.value().clone();
  const auto training = frozen->outputs(image_of(2), frozen->primaries()).logits("seg");
  training.sum().backward();
  for (const auto& item : frozen->named_buffers()) {
    EXPECT_TRUE(item.value().equal(before.at(item.key()))) << item.key();
    EXPECT_FALSE(item.value().grad().defined());
  }
  frozen->eval();
  plain->eval();
  EXPECT_TRUE(frozen->outputs(image_of(2), frozen->primaries()).logits("seg").equal(training));
  EXPECT_TRUE(
      plain->outputs(image_of(2), plain->primaries()).logits("seg").allclose(training, 1e-5, 1e-6));
}

// The image mean of a single image has statistics under groups, and none under the batch's.
TEST(NormOfAModel, MayTrainOnSingleImages) {
  const auto groups = resnet("[tasuki/GroupNorm] { groups: 8 }").make();
  const auto alone = groups->outputs(image_of(1), groups->primaries()).logits("seg");
  EXPECT_TRUE(alone.isfinite().all().item<bool>());
  alone.square().sum().backward();
  for (const auto& item : groups->named_parameters()) {
    const bool trained = item.key().find(".depth.") == std::string::npos &&
                         item.key().find(".normal.") == std::string::npos;
    EXPECT_EQ(item.value().grad().defined(), trained) << item.key();
  }
  for (const auto& item : named_tensors(*groups)) {
    EXPECT_EQ(item.first.find("running"), std::string::npos) << item.first;
  }
  const auto plain = resnet("").make();
  try {
    plain->outputs(image_of(1), plain->primaries());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("batch of one image"));
    EXPECT_THAT(error.what(), HasSubstr("another model.norm"));
  }
}

TEST(NormOfAModel, MistakesAreLocated) {
  EXPECT_THAT(resnet("[tasuki/GroupNorm] { groups: 48 }").refusal(),
              HasSubstr("model.norm.groups: 48 is no divisor of the 64 channels of a layer"));
  EXPECT_THAT(resnet("[tasuki/GroupNorm] { groups: 0 }").refusal(),
              HasSubstr("model.norm.groups: must be at least 1"));
  EXPECT_THAT(resnet("[tasuki/BatchNorm] { momentum: 0 }").refusal(),
              HasSubstr("model.norm.momentum: must be above 0"));
  EXPECT_THAT(resnet("[tasuki/FrozenBatchNorm] { eps: 0 }").refusal(),
              HasSubstr("model.norm.eps: must be above 0"));
  EXPECT_THAT(resnet("[tasuki/FCNHead] {}").refusal(), HasSubstr("tasuki/FCNHead"));
}

}  // namespace
}  // namespace tasuki
