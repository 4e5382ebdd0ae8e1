#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/initial_weights.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"
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

// --init: from any checkpoint of ours, of another config too.
class WeightsTaken : public ::testing::Test {
 protected:
  WeightsTaken() : trained_(folder_.path()) {
    torch::manual_seed(5);
    const torch::NoGradGuard no_grad;
    for (auto& item : named_tensors(*trained_.run.experiment.model)) {
      if (item.second.is_floating_point()) item.second.uniform_();
    }
    save_weights(trained_.run, folder_ / kBestFile);
    save_training_state(trained_.run, folder_ / kLastFile);
  }
  static std::string refusal(tasuki::Run& run, const std::filesystem::path& file,
                             bool partial = false) {
    const auto before = testing::weights_of(run);
    try {
      take_weights(*run.experiment.model, file, partial);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      EXPECT_EQ(testing::first_difference(before, testing::weights_of(run)), "");
      EXPECT_THAT(error.what(), HasSubstr(file.string()));
      return error.what();
    }
    return "nothing refused";
  }

  testing::TemporaryFolder folder_;
  testing::TinyRun trained_;
};

TEST_F(WeightsTaken, OfBothKindsOfCheckpoint) {
  for (const auto& file : {kBestFile, kLastFile}) {
    const testing::TinyRun fresh(folder_ / "other", {"train.seed=9"});
    const auto note = take_weights(*fresh.run.experiment.model, folder_ / file, false);
    EXPECT_EQ(testing::first_difference(testing::weights_of(fresh.run),
                                        testing::weights_of(trained_.run)),
              "");
    EXPECT_THAT(note, HasSubstr("initial weights from " + (folder_ / file).string() + ", epoch 1"));
    EXPECT_THAT(note, HasSubstr("tensors taken"));
    EXPECT_EQ(note.find("drawn anew"), std::string::npos);
    // The flat vector that the optimiser moves is the same memory.
    EXPECT_TRUE(fresh.run.parameters->values().equal(trained_.run.parameters->values()));
  }
}

TEST_F(WeightsTaken, WhatFitsWhereThatIsAskedFor) {
  testing::TinyRun other(folder_ / "other",
                         {"model.task[seg].decoder.channels=12", "train.seed=9"});
  const auto drawn = testing::weights_of(other.run);
  const auto strict = refusal(other.run, folder_ / kBestFile);
  EXPECT_THAT(strict, HasSubstr("--init-partial takes the "));
  EXPECT_THAT(strict, HasSubstr("([12, "));
  EXPECT_THAT(strict, HasSubstr("in the file [8, "));
  const auto note = take_weights(*other.run.experiment.model, folder_ / kBestFile, true);
  EXPECT_THAT(note, HasSubstr("): decoder.seg."));
  const auto source = testing::weights_of(trained_.run);
  const std::map<std::string, torch::Tensor> expected(source.begin(), source.end());
  size_t kept = 0;
  const auto now = testing::weights_of(other.run);
  for (size_t i = 0; i < now.size(); ++i) {
    const bool fits = expected.at(now[i].first).sizes() == now[i].second.sizes();
    if (!fits) ++kept;
    EXPECT_TRUE(now[i].second.equal(fits ? expected.at(now[i].first) : drawn[i].second));
  }
  EXPECT_GT(kept, 1u);
  EXPECT_LT(kept, 10u);
  EXPECT_THAT(note, HasSubstr("; drawn anew (" + std::to_string(kept) + ")"));
}

TEST_F(WeightsTaken, OfNothingThatFitsOrOfAnotherFileNone) {
  testing::TinyRun fresh(folder_ / "other");
  auto other = read_safetensors(folder_ / kBestFile);
  for (auto& item : other.tensors) item.first = "x." + item.first;
  write_safetensors(folder_ / "names.safetensors", other);
  EXPECT_THAT(refusal(fresh.run, folder_ / "names.safetensors", true),
              HasSubstr("no tensor of it fits the model"));
  other.metadata.clear();
  write_safetensors(folder_ / "published.safetensors", other);
  EXPECT_THAT(refusal(fresh.run, folder_ / "published.safetensors", true),
              HasSubstr("belong into model.encoder.pretrained"));
}

}  // namespace
}  // namespace tasuki
