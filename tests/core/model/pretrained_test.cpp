#include "tasuki/model/pretrained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/model/model.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

// A published file for ResNet-18: its tensors by torchvision's names, the classifier among them.
class Pretrained : public ::testing::Test {
 protected:
  Pretrained() {
    torch::manual_seed(77);
    const auto encoder = make_encoder("");
    for (size_t i = 0; i < encoder->stages().size(); ++i) {
      for (const auto& [name, tensor] : named_tensors(*encoder->make_stage(i))) {
        auto values = tensor.is_floating_point() ? torch::rand_like(tensor) : tensor + 5;
        published_.emplace_back(encoder->stages()[i].prefix + name, values);
      }
    }
    published_.emplace_back("fc.weight", torch::randn({1000, 512}));
    published_.emplace_back("fc.bias", torch::randn({1000}));
  }

  static std::unique_ptr<Encoder> make_encoder(const std::string& file) {
    return testing::make<Encoder>("tasuki/ResNet", "depth: 18 pretrained: \"" + file + "\"");
  }
  std::unique_ptr<Encoder> encoder_of(const NamedTensors& tensors) const {
    write_safetensors(file_, {tensors, {}});
    return make_encoder(file_.string());
  }
  static std::unique_ptr<Architecture> branched(const Encoder& encoder) {
    torch::manual_seed(1);
    return testing::make<Architecture>("tasuki/Branched", "shared_stages: 3 copies: INDEPENDENT",
                                       {&encoder, {"seg", "depth"}});
  }
  // The message of the Error that loading these tensors ends with.
  std::string refusal(const NamedTensors& tensors) const {
    const auto encoder = encoder_of(tensors);
    const auto model = branched(*encoder);
    const auto before = named_tensors(*model).front().second.clone();
    try {
      load_pretrained(*encoder, *model);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      EXPECT_TRUE(named_tensors(*model).front().second.equal(before));
      return error.what();
    }
    return "nothing refused";
  }

  NamedTensors published_;
  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "resnet18.safetensors";
};

TEST_F(Pretrained, GoesIntoEveryCopyOfEveryStage) {
  const auto encoder = encoder_of(published_);
  const auto model = branched(*encoder);
  load_pretrained(*encoder, *model);
  const std::map<std::string, torch::Tensor> expected(published_.begin(), published_.end());
  size_t tensors = 0;
  std::map<size_t, int> copies;
  for (const auto& [stage, module] : model->stage_modules()) {
    ++copies[stage];
    for (const auto& [name, tensor] : named_tensors(*module)) {
      const auto published = encoder->stages()[stage].prefix + name;
      EXPECT_TRUE(tensor.equal(expected.at(published))) << published;
      ++tensors;
    }
  }
  EXPECT_EQ(copies, (std::map<size_t, int>{{0, 1}, {1, 1}, {2, 1}, {3, 2}, {4, 2}}));
  EXPECT_GT(tensors, published_.size());
}

TEST_F(Pretrained, NoFileLeavesTheWeights) {
  const auto encoder = make_encoder("");
  const auto model = branched(*encoder);
  const auto before = named_tensors(*model).front().second.clone();
  load_pretrained(*encoder, *model);
  EXPECT_TRUE(named_tensors(*model).front().second.equal(before));
}

TEST_F(Pretrained, IsStrictButForTheClassifier) {
  auto missing = published_;
  std::erase_if(missing, [](const auto& item) { return item.first == "layer3.0.conv1.weight"; });
  EXPECT_THAT(refusal(missing), HasSubstr("missing: layer3.0.conv1.weight"));

  auto extra = published_;
  extra.emplace_back("layer5.weight", torch::zeros({1}));
  EXPECT_THAT(refusal(extra), HasSubstr("unexpected: layer5.weight"));

  auto other = published_;
  for (auto& [name, tensor] : other) {
    if (name == "conv1.weight") tensor = torch::zeros({64, 3, 3, 3});
  }
  EXPECT_THAT(refusal(other),
              HasSubstr("conv1.weight: file Float [64, 3, 3, 3], model Float [64, 3, 7, 7]"));
}

TEST_F(Pretrained, TheClassifierMayBeGone) {
  auto without = published_;
  std::erase_if(without, [](const auto& item) { return item.first.starts_with("fc."); });
  const auto encoder = encoder_of(without);
  const auto model = branched(*encoder);
  EXPECT_NO_THROW(load_pretrained(*encoder, *model));
}

// What other programs do to a published file.
class PretrainedOfOthers : public Pretrained {
 protected:
  // What is said of the file; the model's weights are then those published, within half precision.
  std::string note_of(const NamedTensors& tensors, double tolerance = 0) const {
    const auto encoder = encoder_of(tensors);
    const auto model = branched(*encoder);
    const auto note = load_pretrained(*encoder, *model);
    const std::map<std::string, torch::Tensor> expected(published_.begin(), published_.end());
    for (const auto& [stage, module] : model->stage_modules()) {
      for (const auto& [name, tensor] : named_tensors(*module)) {
        if (name.ends_with("num_batches_tracked")) continue;
        const auto published = encoder->stages()[stage].prefix + name;
        EXPECT_TRUE(torch::allclose(tensor, expected.at(published), tolerance, 0)) << published;
      }
    }
    return note;
  }
  NamedTensors with_prefix(const std::string& prefix) const {
    NamedTensors named;
    for (const auto& [name, tensor] : published_) named.emplace_back(prefix + name, tensor);
    return named;
  }
};

TEST_F(PretrainedOfOthers, AFileAsPublishedNeedsNoWord) {
  EXPECT_EQ(note_of(published_), "");
}

TEST_F(PretrainedOfOthers, KnownPrefixesAreTakenOff) {
  for (const std::string prefix : {"module.", "backbone.", "encoder.", "module.backbone."}) {
    auto named = with_prefix(prefix);
    EXPECT_THAT(note_of(named), HasSubstr("\"" + prefix + "\" was taken off its names")) << prefix;
    named.emplace_back("decode_head.conv.weight", torch::zeros({1}));
    EXPECT_THAT(note_of(named), HasSubstr("left out: decode_head.conv.weight")) << prefix;
  }
}

TEST_F(PretrainedOfOthers, OtherPrefixesAreNot) {
  EXPECT_THAT(refusal(with_prefix("decoder.")), HasSubstr("missing: "));
  EXPECT_THAT(refusal(with_prefix(".")), HasSubstr("missing: "));
  // Nor is anything missing let through.
  auto named = with_prefix("module.");
  std::erase_if(named, [](auto& item) { return item.first == "module.layer3.0.conv1.weight"; });
  EXPECT_THAT(refusal(named), HasSubstr("missing: layer3.0.conv1.weight"));
}

TEST_F(PretrainedOfOthers, HalfPrecisionIsConverted) {
  for (const auto type : {torch::kHalf, torch::kBFloat16}) {
    auto half = published_;
    for (auto& item : half) {
      if (item.second.is_floating_point()) item.second = item.second.to(type);
    }
    EXPECT_THAT(note_of(half, 0.01), HasSubstr(" was converted to Float"));
  }
  auto integers = published_;
  for (auto& item : integers) {
    if (item.first == "conv1.weight") item.second = item.second.to(torch::kInt);
  }
  EXPECT_THAT(refusal(integers), HasSubstr("mismatched: conv1.weight"));
}

TEST_F(PretrainedOfOthers, CountersOfBatchesMayBeMissing) {
  auto old = published_;
  std::erase_if(old, [](auto& item) { return item.first.ends_with("num_batches_tracked"); });
  ASSERT_LT(old.size(), published_.size());
  EXPECT_THAT(note_of(old), HasSubstr("num_batches_tracked is missing"));
}

TEST_F(PretrainedOfOthers, ACheckpointOfTasukiIsNamed) {
  write_safetensors(file_, {published_, {{"format", "tasuki-weights-1"}}});
  const auto encoder = make_encoder(file_.string());
  const auto model = branched(*encoder);
  try {
    load_pretrained(*encoder, *model);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("tasuki train --init " + file_.string()));
  }
}

}  // namespace
}  // namespace tasuki
