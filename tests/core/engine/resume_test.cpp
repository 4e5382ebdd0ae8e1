#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::FakeHook;
using ::testing::HasSubstr;
using testing::kill_at;
using testing::Killed;
using testing::TinyRun;

std::vector<std::string> settings(const std::string& optimizer) {
  return {"train.epochs=3", "train.optimizer=" + optimizer};
}

class Resume : public ::testing::TestWithParam<std::string> {
 protected:
  void resume(const std::string& dir) {
    TinyRun tiny(folder_ / dir, settings(GetParam()));
    load_training_state(tiny.run, tiny.hooks, folder_ / dir / kLastFile);
    EXPECT_TRUE(tiny.run.resumed);
    tiny.train();
  }
  void expect_same(const std::string& a, const std::string& b) {
    testing::expect_same_runs(folder_ / a, folder_ / b);
  }

  testing::TemporaryFolder folder_;
};

TEST_P(Resume, IsBitIdenticalToNotHavingStopped) {
  TinyRun whole(folder_ / "whole", settings(GetParam()));
  whole.train();

  TinyRun stopped(folder_ / "stopped", settings(GetParam()));
  kill_at(stopped, &FakeHook::at_after_step, 50,
          [](const tasuki::Run& run) { return run.epoch == 1 && run.step == 5; });
  EXPECT_THROW(stopped.train(), Killed);
  EXPECT_EQ(testing::history_of(folder_ / "stopped").size(), 1u);
  resume("stopped");
  expect_same("whole", "stopped");
}

// Between the history's line of an epoch and its checkpoint: the line is written again.
TEST_P(Resume, AfterALineWhoseCheckpointWasNotWritten) {
  TinyRun whole(folder_ / "whole", settings(GetParam()));
  whole.train();
  TinyRun stopped(folder_ / "stopped", settings(GetParam()));
  kill_at(stopped, &FakeHook::at_after_epoch, 75,
          [](const tasuki::Run& run) { return run.epoch == 1; });
  EXPECT_THROW(stopped.train(), Killed);
  EXPECT_EQ(testing::history_of(folder_ / "stopped").size(), 2u);
  resume("stopped");
  expect_same("whole", "stopped");
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Resume,
                         ::testing::Values("[tasuki/SGD]{lr:0.01}", "[tasuki/AdamW]{lr:0.001}"),
                         [](const auto& info) {
                           return info.param.substr(8, info.param.find(']') - 8);
                         });

class TrainingState : public ::testing::Test {
 protected:
  void SetUp() override { TinyRun(folder_.path(), {"train.epochs=1"}).train(); }
  std::string refusal(const std::filesystem::path& file,
                      const std::vector<std::string>& assignments = {"train.epochs=1"}) {
    TinyRun tiny(folder_.path(), assignments);
    try {
      load_training_state(tiny.run, tiny.hooks, file);
    } catch (const Error& error) {
      kind_ = error.kind();
      EXPECT_THAT(error.what(), HasSubstr(file.string()));
      return error.what();
    }
    return "nothing refused";
  }

  testing::TemporaryFolder folder_;
  ErrorKind kind_ = ErrorKind::kRun;
};

TEST_F(TrainingState, OfAnotherConfigIsRefused) {
  EXPECT_THAT(refusal(folder_ / kLastFile, {"train.epochs=1", "train.optimizer.lr=0.02"}),
              HasSubstr("is of another config"));
  EXPECT_EQ(kind_, ErrorKind::kUsage);
}

TEST_F(TrainingState, WeightsAloneAreRefused) {
  EXPECT_THAT(refusal(folder_ / kBestFile), HasSubstr("resume from last.safetensors"));
  EXPECT_EQ(kind_, ErrorKind::kData);
}

TEST_F(TrainingState, DamageIsRefused) {
  const auto sound = read_safetensors(folder_ / kLastFile);
  const auto copy = folder_ / "damaged.safetensors";
  for (const std::string state : {"", "{", "[]", "{\"epoch\":1}", "{\"epoch\":\"x\"}"}) {
    auto damaged = sound;
    damaged.metadata["state"] = state;
    write_safetensors(copy, damaged);
    EXPECT_THAT(refusal(copy), HasSubstr("its training state is damaged")) << state;
    EXPECT_EQ(kind_, ErrorKind::kData);
  }
  auto fewer = sound;
  fewer.tensors.erase(std::find_if(fewer.tensors.begin(), fewer.tensors.end(),
                                   [](auto& item) { return item.first.starts_with("model."); }));
  write_safetensors(copy, fewer);
  EXPECT_THAT(refusal(copy), HasSubstr("missing: "));
}

// "strict about every tensor": those of the optimiser too.
TEST_F(TrainingState, AnOptimizersTensorsAreChecked) {
  const auto sound = read_safetensors(folder_ / kLastFile);
  const auto copy = folder_ / "damaged.safetensors";
  auto other = sound;
  for (auto& [name, tensor] : other.tensors) {
    if (name == "optimizer.momentum_buffer") tensor = torch::zeros({3});
  }
  write_safetensors(copy, other);
  EXPECT_THAT(refusal(copy), HasSubstr("momentum_buffer"));
  EXPECT_EQ(kind_, ErrorKind::kData);
  other = sound;
  std::erase_if(other.tensors,
                [](const auto& item) { return item.first.starts_with("optimizer"); });
  write_safetensors(copy, other);
  EXPECT_THAT(refusal(copy), HasSubstr("momentum_buffer"));
  other = sound;
  other.tensors.emplace_back("stray", torch::zeros({1}));
  write_safetensors(copy, other);
  EXPECT_THAT(refusal(copy), HasSubstr("stray"));
}

// Parameters lie in another order, as those of a build with other kinds may; files of the first
// version do not say where.
TEST_F(TrainingState, AnOptimizersVectorsAreReadByTheParametersNames) {
  const auto sound = read_safetensors(folder_ / kLastFile);
  auto state = nlohmann::json::parse(sound.metadata.at("state"));
  const auto layout = state.at("layout");
  torch::Tensor momentum;
  auto other = sound;
  for (auto& [name, tensor] : other.tensors) {
    if (name == "optimizer.momentum_buffer") momentum = std::exchange(tensor, {});
  }
  auto moved = torch::zeros_like(momentum);
  int64_t at = 0;
  auto reversed = nlohmann::json::array();
  for (auto entry = layout.rbegin(); entry != layout.rend(); ++entry) {
    const int64_t begin = entry->at(1), end = entry->at(2);
    moved.slice(0, at, at + end - begin).copy_(momentum.slice(0, begin, end));
    reversed.push_back({entry->at(0), at, at + end - begin});
    at += end - begin;
  }
  for (auto& [name, tensor] : other.tensors) {
    if (name == "optimizer.momentum_buffer") tensor = moved;
  }
  const auto copy = folder_ / "moved.safetensors";
  const auto momentum_of = [&](const nlohmann::json& changed, const Safetensors& from) {
    auto file = from;
    file.metadata["state"] = changed.dump();
    write_safetensors(copy, file);
    TinyRun tiny(folder_.path(), {"train.epochs=1"});
    load_training_state(tiny.run, tiny.hooks, copy);
    return tiny.run.optimizer->state().at("momentum_buffer");
  };
  state["layout"] = reversed;
  EXPECT_TRUE(momentum_of(state, other).equal(momentum));
  state.erase("layout");
  EXPECT_TRUE(momentum_of(state, sound).equal(momentum));
  for (const auto& bad :
       {R"([["a", 0, 3]])", R"([["a", 0, 99999999]])", R"([["a", -1, 3]])", R"([["a"]])", "7"}) {
    state["layout"] = nlohmann::json::parse(bad);
    EXPECT_THROW(momentum_of(state, sound), Error) << bad;
  }
}

TEST_F(TrainingState, BothKindsOfFileGiveTheirWeights) {
  TinyRun a(folder_.path(), {"train.epochs=1"}), b(folder_.path(), {"train.epochs=1"});
  load_weights(*a.run.experiment.model, folder_ / kBestFile);
  load_weights(*b.run.experiment.model, folder_ / kLastFile);
  EXPECT_EQ(testing::first_difference(testing::weights_of(a.run), testing::weights_of(b.run)), "");
  const auto best = read_safetensors(folder_ / kBestFile);
  EXPECT_EQ(best.metadata.at("format"), "tasuki-weights-1");
  EXPECT_EQ(best.metadata.at("config"), a.run.experiment.config.text());
  EXPECT_EQ(best.metadata.count("stamp"), 1u);
  const auto figures = nlohmann::json::parse(best.metadata.at("metrics"));
  EXPECT_TRUE(figures["tasks"]["seg"]["metrics"].contains("miou"));
}

// Decoders of self-auxiliaries are in the files of a run that has them, and stay there.
TEST_F(TrainingState, AnInferenceNetworkTakesTheWeightsOfARunWithSelfAuxiliaries) {
  const auto dir = folder_ / "with";
  TinyRun tiny(dir, {"train.epochs=1", testing::kNormalToDepth});
  tiny.train();
  auto trained = testing::weights_of(tiny.run);
  EXPECT_GT(
      std::erase_if(trained, [](const auto& item) { return is_auxiliary_tensor(item.first); }), 0u);
  for (const auto& file : {kBestFile, kLastFile}) {
    const auto experiment = build_inference(tiny.run.experiment.config);
    load_weights(*experiment.model, dir / file);
    EXPECT_EQ(testing::first_difference(named_tensors(*experiment.model), trained), "") << file;
  }
}

TEST_F(TrainingState, OnlyTheirDecodersMayBeLeftOver) {
  const auto message = [](MultiTaskModel& model, const std::filesystem::path& file) {
    try {
      load_weights(model, file);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  const auto inference = build_inference(testing::tiny_config());
  auto stray = read_safetensors(folder_ / kBestFile);
  stray.tensors.emplace_back("decoder.other.weight", torch::zeros({1}));
  write_safetensors(folder_ / "stray.safetensors", stray);
  EXPECT_THAT(message(*inference.model, folder_ / "stray.safetensors"),
              HasSubstr("unexpected: decoder.other.weight"));
  // A network in training has them all, and no others.
  const TinyRun with(folder_ / "with", {testing::kNormalToDepth}), without(folder_ / "without");
  save_weights(with.run, folder_ / "with.safetensors");
  EXPECT_THAT(message(*with.run.experiment.model, folder_ / kBestFile),
              HasSubstr("missing: decoder.normal->depth."));
  EXPECT_THAT(message(*without.run.experiment.model, folder_ / "with.safetensors"),
              HasSubstr("unexpected: decoder.normal->depth."));
  EXPECT_EQ(message(*inference.model, folder_ / "with.safetensors"), "nothing refused");
}

TEST_F(TrainingState, WeightsOfAnotherModelAreListed) {
  TinyRun other(folder_.path(), {"model.architecture=[tasuki/HardSharing]{}"});
  try {
    load_weights(*other.run.experiment.model, folder_ / kBestFile);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing: encoder.layer2.shared.conv.weight"));
    EXPECT_THAT(error.what(), HasSubstr("encoder.layer2.depth.conv.weight"));
  }
}

}  // namespace
}  // namespace tasuki
