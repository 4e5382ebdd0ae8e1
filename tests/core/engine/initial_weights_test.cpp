#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/model/safetensors.h"
#include "tests/core/data/temporary_folder.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

class InitialWeightsOfARun : public ::testing::Test {
 protected:
  ResolvedConfig config() const {
    return testing::tiny_config({"model.encoder=[tasuki/ResNet]{depth:18}",
                                 "model.encoder.pretrained=\"" + file_.string() + "\""});
  }
  tasuki::Run fresh_run() const {
    return build_run(build_experiment(config(), ""), folder_.path());
  }
  tasuki::Run drawn_run() const {
    return build_run(build_experiment(config(), ""), folder_.path(), InitialWeights::kDrawn);
  }
  // Random numbers under torchvision's names.
  void write_file() const {
    const auto encoder = testing::make<Encoder>("tasuki/ResNet", "depth: 18");
    NamedTensors published;
    for (size_t i = 0; i < encoder->stages().size(); ++i) {
      for (const auto& [name, tensor] : named_tensors(*encoder->make_stage(i))) {
        published.emplace_back(encoder->stages()[i].prefix + name, tensor);
      }
    }
    write_safetensors(file_, {published, {}});
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "resnet18.safetensors";
};

TEST_F(InitialWeightsOfARun, ComeFromThePretrainedFileWhereTheRunIsFresh) {
  write_file();
  const auto fresh = testing::weights_of(fresh_run());
  const auto drawn = testing::weights_of(drawn_run());
  const auto published = read_safetensors(file_).tensors;
  ASSERT_EQ(published.front().first, "conv1.weight");
  ASSERT_EQ(fresh.front().first, "encoder.stem.shared.conv1.weight");
  EXPECT_TRUE(fresh.front().second.equal(published.front().second));
  EXPECT_FALSE(drawn.front().second.equal(published.front().second));
  // Decoders are drawn from the seed in any case.
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (fresh[i].first.starts_with("decoder.")) {
      EXPECT_TRUE(fresh[i].second.equal(drawn[i].second)) << fresh[i].first;
    }
  }
}

TEST_F(InitialWeightsOfARun, NeedTheFileOnlyThere) {
  EXPECT_NO_THROW(drawn_run());
  EXPECT_NO_THROW(build_evaluation(config(), ""));
  EXPECT_NO_THROW(build_inference(config()));
  try {
    fresh_run();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("model.encoder.pretrained: " + file_.string()));
  }
}

}  // namespace
}  // namespace tasuki
