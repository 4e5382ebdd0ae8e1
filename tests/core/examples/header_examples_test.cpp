// The examples in the headers' comments, compiled and run as they stand there: what names them
// there is around them here. A style check compares the texts.
#include <google/protobuf/empty.pb.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <iostream>
#include <opencv2/imgcodecs.hpp>

#include "tasuki/config/plugin_builder.h"
#include "tasuki/distributed/process_group.h"
#include "tasuki/engine/phase_timer.h"
#include "tasuki/hook.h"
#include "tasuki/io/atomic_file.h"
#include "tasuki/io/files.h"
#include "tasuki/io/folder_lock.h"
#include "tasuki/loss.h"
#include "tasuki/step/feature_rows.h"
#include "tasuki/step/shared_losses.h"
#include "tasuki/study/process_runner.h"
#include "tasuki/tasuki.h"
#include "tasuki/weighting.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace acme {
namespace options {
using MinNorm = google::protobuf::Empty;
using TverskyLoss = google::protobuf::Empty;
}  // namespace options
namespace {

// Of two gradients, in closed form.
torch::Tensor min_norm_point(const torch::Tensor& gramian) {
  const auto along = gramian[1][1] - gramian[0][1];
  const auto first = (along / (gramian[0][0] + gramian[1][1] - 2 * gramian[0][1])).clamp(0, 1);
  return torch::stack({first, 1 - first});
}

class MinNorm : public tasuki::GramianWeighting {
 public:
  explicit MinNorm(const options::MinNorm&) {}
  torch::Tensor weigh(const torch::Tensor& gramian, tasuki::Draws&) override {
    return min_norm_point(gramian);
  }
};
TASUKI_REGISTER(tasuki::Weighting, MinNorm, options::MinNorm, "acme/MinNorm");

class TverskyLoss : public tasuki::Loss {
 public:
  explicit TverskyLoss(const options::TverskyLoss&) {}
  tasuki::LossSum compute(const torch::Tensor& prediction, const torch::Tensor&) const override {
    return {prediction.sum(), torch::ones({})};
  }
};
TASUKI_REGISTER(tasuki::Loss, TverskyLoss, options::TverskyLoss, "acme/TverskyLoss");

class StopAtNight : public tasuki::Hook {
 public:
  StopAtNight(const google::protobuf::Empty&, const Context&) {}
};
TASUKI_REGISTER(tasuki::Hook, StopAtNight, google::protobuf::Empty, "acme/StopAtNight");

}  // namespace
}  // namespace acme

namespace tasuki {
namespace {

namespace fs = std::filesystem;

// A function of its own, as a test has another Run.
void train_and_predict() {
  {
    const Run run = train(load_config("rooms.pbtxt"), {.work_dir = "out"});
    std::cout << run.best_epoch << ": " << run.best_score << "\n";
    EXPECT_EQ(run.best_epoch, 1);
  }
  fs::remove_all("out");
  Config config = read_config("rooms.pbtxt");
  config.mutable_train()->set_epochs(2);
  const Run run = train(config, {.work_dir = "out"});
  EXPECT_EQ(run.epoch, 2);

  cv::imwrite("room.jpg", cv::Mat(48, 64, CV_8UC3, cv::Scalar(90, 120, 30)));
  const Predictor predictor("out/best.safetensors", SlidingWindow{.size = {240, 320}});
  const Prediction prediction = predictor(cv::imread("room.jpg"));
  cv::imwrite("depth.png", prediction["depth"].picture());
  const cv::Mat metres = prediction["depth"].values();
  EXPECT_EQ(metres.size(), cv::Size(64, 48));
  EXPECT_EQ(cv::imread("depth.png").size(), metres.size());

  const Inference inference = {.window = SlidingWindow{.size = {512, 512}}, .flip = true};
  EXPECT_EQ(inference.views(), 2u);
}

// In a folder of its own, with a config of a tiny run in rooms.pbtxt.
class HeaderExamples : public ::testing::Test {
 protected:
  HeaderExamples() : before_(fs::current_path()) {
    fs::current_path(folder_.path());
    write_file_atomically("rooms.pbtxt", testing::tiny_config({"train.epochs=1"}).text());
  }
  ~HeaderExamples() override { fs::current_path(before_); }

  testing::TemporaryFolder folder_;
  fs::path before_;
};

TEST_F(HeaderExamples, Registering) {
  for (const char* name : {"acme/MinNorm", "acme/TverskyLoss", "acme/StopAtNight"}) {
    EXPECT_TRUE(Registry::instance().knows(name)) << name;
  }
  Draws unused(0);
  const auto gramian = torch::tensor({{4.0, 0.0}, {0.0, 1.0}}, torch::kFloat64);
  const auto weights = acme::MinNorm({}).weigh(gramian, unused);
  EXPECT_TRUE(weights.allclose(torch::tensor({0.2, 0.8}, torch::kFloat64)));
}

TEST_F(HeaderExamples, Files) {
  const std::vector<std::string> parts = {"a", "bc"};
  {
    AtomicFile file("weights.bin");
    for (const auto& part : parts) file.write(part);
    file.commit();
  }
  EXPECT_EQ(read_file("weights.bin"), "abc");
  const fs::path work_dir = "run";
  const FolderLock lock(work_dir);  // an Error here changes nothing in the folder
  EXPECT_TRUE(fs::is_directory(work_dir));
}

TEST_F(HeaderExamples, Configs) {
  Config change;
  change.mutable_train()->set_epochs(2);
  change.add_remove("model.task[normal]");
  const ResolvedConfig shorter = laid_over(load_config("rooms.pbtxt"), change);
  EXPECT_EQ(shorter.message().train().epochs(), 2u);
  EXPECT_EQ(shorter.message().model().task_size(), 2);

  Config config;
  TaskConfig task;
  *config.mutable_train()->mutable_optimizer() =
      PluginBuilder("tasuki/SGD").set("lr", 0.1).set("nesterov", true).any();
  *task.mutable_decoder() =
      PluginBuilder("tasuki/DeepLabHead").add("rates", 2u).add("rates", 4u).any();
  EXPECT_EQ(task.decoder().type_url(), "tasuki/DeepLabHead");
  EXPECT_EQ(config.train().optimizer().type_url(), "tasuki/SGD");
}

TEST_F(HeaderExamples, Draws) {
  Draws draws(7);
  const auto order = draws.permutation(3);
  EXPECT_EQ(order.numel(), 3);
}

TEST_F(HeaderExamples, Training) {
  train_and_predict();
}

struct SumTask {
  torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& part) const {
    return LossSum{(logits * part).sum(), part.sum()}.mean();
  }
};

// In one process, which is all of them.
TEST_F(HeaderExamples, SeveralProcesses) {
  auto counts = torch::ones({2});
  if (const auto launch = launch_of_process()) {
    const auto group = join_processes(*launch);
    group->sum(counts);
  }
  EXPECT_EQ(counts.sum().item<double>(), 2);

  Collective& collective = Collective::alone();
  const auto weight = torch::ones({3}, torch::requires_grad());
  const auto logits = 2 * weight, part = torch::tensor({0.0, 1.0, 3.0});
  const SumTask task;
  const SharedLosses shared(collective);
  task.loss(logits, part).backward();  // of this process' part of the batch
  collective.mean(weight.grad());      // the gradient of the whole batch
  EXPECT_TRUE(weight.grad().allclose(part / 2));
}

// Parts of a step, on one layer with two outputs.
TEST_F(HeaderExamples, GradientsAtACut) {
  torch::nn::Linear shared(3, 2);
  const auto weight = shared->weight;
  const auto input = torch::ones({1, 3});
  FeatureCut cut;
  const auto features = cut("shared", shared->forward(input));
  std::vector<torch::Tensor> losses = {features.sum(), features.square().sum()};
  const bool keep_graph = false;
  const size_t i = 0;
  losses[i].backward({}, keep_graph);
  const auto g = cut.take_gradients();
  cut.backward(g);
  EXPECT_TRUE(weight.grad().equal(torch::ones({2, 3})));
}

TEST_F(HeaderExamples, RowsOfFeatures) {
  torch::nn::Linear shared(3, 2);
  FeatureCut cut;
  const auto features = cut("shared", shared->forward(torch::ones({1, 3})));
  StepContext step;
  step.backward = [](const torch::Tensor& loss, bool keep) { loss.backward({}, keep); };
  step.losses = {features.sum(), 2 * features.sum()};
  const size_t n = step.losses.size();
  const auto weights = torch::tensor({1.0f, 0.5f});
  FeatureRows rows(cut);
  for (size_t i = 0; i < n; ++i) {
    step.backward(step.losses[i], i + 1 < n);
    rows.add();
  }
  rows.backward(torch::matmul(weights, rows.matrix()));
  EXPECT_TRUE(shared->weight.grad().equal(torch::full({2, 3}, 2.0f)));
}

// A weighting that does in its step what headers show.
class Looking : public Weighting {
 public:
  void backward(StepContext& step) override {
    auto& look_ahead = *step.look_ahead;
    const auto& parameters = *step.parameters;
    const auto direction = torch::ones_like(parameters.values().detach());
    torch::Tensor memory;
    {
      KeptParameters theta(parameters, memory);
      theta.move(direction, 0.1);
      const auto losses = look_ahead.training_losses(false);
      moved = losses[0].item<double>();
    }
    stayed = look_ahead.training_losses(false)[0].item<double>();
    step.applied = step.factors(torch::ones({int64_t(step.size())}));
    step.backward(weighted_sum(step.losses, step.applied), false);
    const auto& space = parameters;
    for (const auto& range : space.ranges([](const auto& s) { return s.kind == Train::NORM; }))
      space.gradient().slice(0, range.begin, range.end).zero_();
  }
  double moved = 0, stayed = 0;
};

TEST_F(HeaderExamples, LookAheadsAndPhases) {
  testing::TinyRun tiny(folder_ / "run");
  auto weighting = std::make_unique<Looking>();
  const auto& looking = *weighting;
  tiny.run.weighting = std::move(weighting);
  tiny.run.experiment.model->train();
  auto hook = std::make_unique<PhaseTimer>();
  auto& timer = *hook;
  std::vector<NamedHook> hooks;
  hooks.push_back({"timer", 50, std::move(hook)});
  Trainer trainer(tiny.run, hooks);
  Loader loader(*tiny.run.train_source,
                tiny.run.experiment.loader_options(Experiment::Pipeline::kTrain));
  loader.start(0);
  const auto batch = loader.next().value();
  timer.start();
  trainer.step(batch);
  timer.seconds().total();
  EXPECT_GT(timer.seconds().total(), 0);
  EXPECT_NE(looking.moved, looking.stayed);
}

// Compiled only: it would train for minutes.
[[maybe_unused]] void search_for_transfers() {
  ProcessRunner runner("/usr/bin/tasuki", {"--data-root", "data"});
  const auto decision = search(load_config("rooms.pbtxt"), {.seeds = 3}, runner, std::cout);
  if (decision.verdict.adopt) std::cout << decision.next_file << "\n";
}

[[maybe_unused]] void tune_weights() {
  ProcessRunner runner("/usr/bin/tasuki", {"--data-root", "data"});
  const auto tuned = tune(load_config("rooms.pbtxt"), {.candidates = 16}, runner, std::cout);
  std::cout << tuned.file << "\n";
}

}  // namespace
}  // namespace tasuki
