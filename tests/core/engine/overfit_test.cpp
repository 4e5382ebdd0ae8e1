#include <gtest/gtest.h>

#include <cstdlib>

#include "tasuki/engine/trainer.h"

namespace tasuki {
namespace {

// configs/nyuv2/quick.pbtxt on its first four training frames, small and without augmentation,
// judged on the frames that it is trained on. The encoder ends with layer2: layer3 and layer4 have
// 94 % of its parameters, and are not needed to learn four frames.
const char* const kFourFrames = R"(
base: "@/configs/nyuv2/quick.pbtxt"
data {
  dataset { [tasuki/Folder] { split { name: "few" list: "train.txt" to: 0.005 } } }
  train_split: "few"
  validation_split: "few"
  train_pipeline { [tasuki/NormalsFromDepth] { depth_step: 0.0392 noise: 0.0014 } }
  train_pipeline { [tasuki/Resize] { height: 72 width: 96 } }
  train_pipeline { [tasuki/Normalize] {} }
  eval_pipeline { [tasuki/NormalsFromDepth] { depth_step: 0.0392 noise: 0.0014 } }
  eval_pipeline { [tasuki/Resize] { height: 72 width: 96 } }
  eval_pipeline { [tasuki/Normalize] {} }
  loader { batch_size: 4 eval_batch_size: 4 workers: 1 }
}
)";

// Sanitizers look at what a step does, not at what it learns: a few steps show them all of it.
#if defined(__SANITIZE_ADDRESS__) || defined(_GLIBCXX_TSAN)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST(Overfit, FourRealFramesAreLearntByHeart) {
  const char* root = std::getenv("TASUKI_DATA");
  if (root == nullptr || !std::filesystem::exists(std::filesystem::path(root) / "nyuv2")) {
    GTEST_SKIP() << "set TASUKI_DATA to the folder that nyuv2/ lies under";
  }
  std::string text = kFourFrames;
  text.replace(text.find('@'), 1, TASUKI_SOURCE_DIR);
  const auto config = parse_config(
      text, "overfit.pbtxt",
      {kSanitized ? "train.epochs=3" : "train.epochs=110",
       kSanitized ? "train.warmup_steps=1" : "train.warmup_steps=10", "train.optimizer.lr=3e-3",
       "train.evaluate_every=0", "train.precision=FP32", "train.device=CPU",
       "model.encoder.output_stride=8", "model.encoder.layers=2",
       "model.architecture.shared_stages=2", "model.task[seg].decoder.channels=64",
       "model.task[depth].decoder.channels=64", "model.task[normal].decoder.channels=64"});
  auto run = build_run(build_experiment(config, root), "");
  ASSERT_EQ(run.train_source->size(), 4u);
  ASSERT_EQ(run.steps_per_epoch, 1);

  struct Losses : Hook {
    void after_epoch(tasuki::Run& run) override { all.push_back(run.epoch_losses); }
    std::vector<std::map<std::string, double>> all;
  };
  std::vector<NamedHook> hooks;
  hooks.push_back({"losses", 50, std::make_unique<Losses>()});
  Trainer(run, hooks).train();

  const auto& losses = static_cast<Losses&>(*hooks[0].hook).all;
  if (kSanitized) {
    EXPECT_EQ(losses.size(), 3u);
    GTEST_SKIP() << "under sanitizers it trains for three steps and judges nothing";
  }
  for (const auto& [name, first] : losses.front()) {
    const double last = losses.back().at(name);
    std::printf("loss of %s: %.3f -> %.3f\n", name.c_str(), first, last);
    EXPECT_LT(last, first / 3) << name;
  }
  const auto figures = run.best_evaluation->flat();
  for (const auto& [name, value] : figures) std::printf("%s %.4f\n", name.c_str(), value);
  // Machines round differently, and 110 steps follow: the bounds leave room.
  EXPECT_GT(figures.at("seg.miou"), 0.75);
  EXPECT_GT(figures.at("seg.pixel_acc"), 0.93);
  EXPECT_LT(figures.at("depth.abs_rel"), 0.1);
  EXPECT_LT(figures.at("normal.mean"), 18);
  EXPECT_LT(figures.at("normal.median"), 10);
}

}  // namespace
}  // namespace tasuki
