// Runs of models of the test doubles: what weightings see, checkpoints, extra losses, progress.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/data/seeds.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/step_losses.h"
#include "tasuki/engine/weighting_context.h"
#include "tasuki/model/complexity.h"
#include "tasuki/model/flops.h"
#include "tasuki/step/extra_gradient.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/graph/doubles.pb.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

// 1, 2, 3, ... for the rows in their order.
class FixedWeights : public GramianWeighting {
 public:
  explicit FixedWeights(const options::test::FixedWeights&) {}
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return torch::arange(1, gramian.size(0) + 1, torch::kFloat64);
  }
};
TASUKI_REGISTER(Weighting, FixedWeights, options::test::FixedWeights, "test/FixedWeights");

const std::vector<std::string> kTokens = {"model.encoder=[test/Patches]{}",
                                          "model.task[seg].decoder=[test/TokenHead]{}",
                                          "model.task[depth].decoder=[test/TokenHead]{}",
                                          "model.task[normal].decoder=[test/TokenHead]{}"};
const std::vector<std::string> kGated = {"model.architecture=[test/Gated]{}"};

// A tiny run whose seg and depth tell each other.
ResolvedConfig distilling(const std::vector<std::string>& assignments = {}) {
  Config change;
  change.add_remove("model.task[seg].decoder");
  change.add_remove("model.task[depth].decoder");
  const auto added = parse_config(
      "model { encoder { [test/TwoBranches] {} } decoder { name: \"distill\" serves: [\"seg\", "
      "\"depth\"] kind { [test/Distill] {} } } }",
      "added");
  *change.mutable_model() = added.message().model();
  return laid_over(testing::tiny_config(assignments), change);
}

struct GraphRun {
  GraphRun(const ResolvedConfig& config, const std::filesystem::path& dir)
      : run(build_run(build_experiment(config, ""), dir)), hooks(build_hooks(config)) {}
  void train() { Trainer(run, hooks).train(); }
  MultiTaskModel& model() { return *run.experiment.model; }
  // Steps once on the first batch and shows the flat gradient that the step applied.
  Batch step() {
    Loader loader(*run.train_source, run.experiment.loader_options(Experiment::Pipeline::kTrain));
    loader.start(0);
    auto batch = loader.next().value();
    run.begin_epoch();
    model().train();
    Trainer(run, hooks).step(batch);
    return batch;
  }

  Run run;
  std::vector<NamedHook> hooks;
};

class GraphRuns : public ::testing::TestWithParam<std::string> {
 protected:
  ResolvedConfig config(const std::vector<std::string>& more = {}) const {
    auto all = more;
    if (GetParam() == "distilling") return distilling(all);
    const std::map<std::string, std::vector<std::string>> own = {
        {"tokens", kTokens},
        {"branches", {"model.encoder=[test/TwoBranches]{}"}},
        {"gated", kGated}};
    all.insert(all.end(), own.at(GetParam()).begin(), own.at(GetParam()).end());
    return testing::tiny_config(all);
  }

  testing::TemporaryFolder folder_;
};

TEST_P(GraphRuns, TrainEvaluateAndGoOnFromTheirCheckpoint) {
  GraphRun whole(config(), folder_ / "whole");
  whole.train();
  EXPECT_TRUE(whole.run.best_evaluation.has_value());
  GraphRun loaded(config(), folder_ / "loaded");
  load_weights(loaded.model(), folder_ / "whole" / kLastFile);
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(whole.run), testing::weights_of(loaded.run)),
      "");
}

// What supervises is in the training's checkpoint, and a model for inference leaves it out. (It
// stores its weights in another order: sums differ in their last bits.)
TEST_P(GraphRuns, PredictTheSameAtInference) {
  GraphRun trained(config(), folder_ / "run");
  trained.train();
  auto inference = build_inference(config(), {folder_ / "run" / kLastFile});
  trained.model().eval();
  inference.model->eval();
  const torch::NoGradGuard no_grad;
  const auto image = torch::randn({1, 3, 32, 40});
  const auto expected = trained.model().forward(image, trained.model().primaries());
  for (const auto& [name, logits] : inference.model->forward(image, inference.model->primaries())) {
    EXPECT_TRUE(logits.allclose(expected.at(name), 1e-4, 1e-5)) << name;
  }
  for (const auto& item : named_tensors(*inference.model)) {
    EXPECT_FALSE(is_training_only_tensor(item.first)) << item.first;
  }
}

TEST_P(GraphRuns, HaveACost) {
  const auto built = build_inference(config());
  built.model->eval();
  const auto cost = network_cost(*built.model, torch::randn({1, 3, 32, 40}));
  EXPECT_GT(tasuki::total(cost.forward), 0);
  EXPECT_EQ(cost.parameters, parameter_count(*built.model));
}

// Plain sums: the gradient of a step is that of the sum of losses, shared decoders and all.
TEST_P(GraphRuns, StepOnTheSumOfTheirLosses) {
  GraphRun graph(config(), folder_ / "run");
  auto& run = graph.run;
  GraphRun again(config(), folder_ / "again");
  const auto batch = graph.step();
  const auto stepped = run.parameters->gradient().clone();
  // As the first step of a run does it.
  torch::manual_seed(mix_seeds({run.experiment.config.message().train().seed(), 1, 0}));
  again.model().train();
  again.run.parameters->zero_gradient();
  const auto outputs = step_outputs(again.run.experiment, batch, again.model().objectives());
  auto sum = torch::zeros({});
  for (const auto& loss :
       step_losses(again.run.experiment, batch, again.model().objectives(), outputs)) {
    sum = sum + loss;
  }
  for (const auto& extra : outputs.extra_losses) sum = sum + extra.loss * extra.coefficient;
  sum.backward();
  EXPECT_TRUE(stepped.allclose(again.run.parameters->gradient(), 1e-4, 1e-6));
}

INSTANTIATE_TEST_SUITE_P(Every, GraphRuns,
                         ::testing::Values("tokens", "branches", "gated", "distilling"),
                         [](const auto& info) { return info.param; });

class DistillingRun : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
};

TEST_F(DistillingRun, WeightingsSeeTheDecoderAsShared) {
  GraphRun graph(distilling(), folder_ / "run");
  const auto context = weighting_context(graph.run);
  EXPECT_FALSE(context.has_cut);
  std::set<std::string> shared;
  for (const auto& span : context.shared) shared.insert(span.name);
  EXPECT_EQ(shared.count("decoder.distill.gate_seg.weight"), 1u);
  EXPECT_EQ(shared.count("decoder.distill.head_seg.weight"), 0u);
  EXPECT_TRUE(context.own.at("seg").empty());
  EXPECT_TRUE(context.own.at("depth").empty());
  EXPECT_FALSE(context.own.at("normal").empty());
  EXPECT_FALSE(context.shared_by({"depth", "seg"}).empty());
  EXPECT_FALSE(context.decoder("seg").empty());
  for (const auto& span : context.decoders.at("seg")) {
    EXPECT_NE(span.name.find("seg"), std::string::npos) << span.name;
  }
}

// sum_i w_i dL_i on all that several objectives train, plain sums on the rest.
TEST_F(DistillingRun, GradientsAreCombinedOnWhatTheDecoderShares) {
  GraphRun graph(distilling({"train.weighting=[test/FixedWeights]{}"}), folder_ / "run");
  GraphRun again(distilling(), folder_ / "again");
  const auto random = random_state(graph.run.experiment.device);
  const auto batch = graph.step();
  set_random_state(graph.run.experiment.device, random);
  auto& model = again.model();
  model.train();
  const auto losses = step_losses(again.run.experiment, batch, model.objectives());
  std::vector<torch::Tensor> rows;
  for (size_t i = 0; i < losses.size(); ++i) {
    again.run.parameters->zero_gradient();
    losses[i].backward({}, true);
    rows.push_back(again.run.parameters->gradient().clone());
  }
  const auto plain = rows[0] + rows[1] + rows[2], weighed = rows[0] + 2 * rows[1] + 3 * rows[2];
  size_t shared = 0;
  for (const auto& segment : graph.run.parameters->segments()) {
    const auto part = [&](const torch::Tensor& all) {
      return all.slice(0, segment.begin, segment.end);
    };
    const bool combined = segment.is_shared();
    shared += combined ? 1 : 0;
    EXPECT_TRUE(part(graph.run.parameters->gradient())
                    .allclose(part(combined ? weighed : plain), 1e-4, 1e-6))
        << segment.name;
  }
  EXPECT_GT(shared, 0u);
}

TEST_F(DistillingRun, FeaturesAtTheCutAreRefused) {
  try {
    GraphRun(distilling({"train.weighting=[tasuki/PCGrad]{gradients{at:FEATURES}}"}),
             folder_ / "run");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("train.weighting.gradients.at"));
    EXPECT_THAT(error.what(), HasSubstr("or a decoder mixes them behind"));
  }
}

class GatedRun : public ::testing::TestWithParam<std::string> {
 protected:
  static std::vector<std::string> with(double coefficient) {
    return {"model.architecture=[test/Gated]{coefficient:" + std::to_string(coefficient) + "}",
            "train.weighting=" + GetParam()};
  }
  // The gradient of one step.
  torch::Tensor gradient(double coefficient) {
    GraphRun graph(testing::tiny_config(with(coefficient)), folder_ / std::to_string(coefficient));
    torch::manual_seed(5);
    graph.step();
    return graph.run.parameters->gradient().clone();
  }

  testing::TemporaryFolder folder_;
};

// The gates' entropy has a closed gradient, and no weighting changes it: with p = softmax(g),
// dH/dg_k = -p_k (log p_k + H).
TEST_P(GatedRun, AddsTheGradientOfItsExtraLoss) {
  const auto difference = gradient(3) - gradient(0);
  GraphRun graph(testing::tiny_config(with(0)), folder_ / "fresh");
  size_t gates = 0;
  for (const auto& segment : graph.run.parameters->segments()) {
    const auto part = difference.slice(0, segment.begin, segment.end);
    if (segment.name.find("gate_") == std::string::npos) {
      EXPECT_LE(part.abs().max().item<double>(), 1e-5) << segment.name;
      continue;
    }
    const auto gate = segment.tensor.detach();
    const auto p = torch::softmax(gate, 0);
    const auto entropy = -(p * p.log()).sum();
    EXPECT_TRUE(part.allclose(-3 * p * (p.log() + entropy), 1e-3, 1e-5)) << segment.name;
    ++gates;
  }
  EXPECT_EQ(gates, 9u);
}

TEST_P(GatedRun, LogsIt) {
  GraphRun graph(testing::tiny_config(with(0.5)), folder_ / "run");
  graph.train();
  for (const auto& line : testing::history_of(folder_ / "run")) {
    EXPECT_GT(line.at("extra_loss").at("gate_entropy").get<double>(), 0);
    EXPECT_EQ(line.at("loss").size(), 3u);
  }
}

INSTANTIATE_TEST_SUITE_P(Weightings, GatedRun,
                         ::testing::Values("[tasuki/EW]{}", "[test/FixedWeights]{}",
                                           "[tasuki/AutoLambda]{}"),
                         [](const auto& info) { return "W" + std::to_string(info.index); });

// The gates are softer in the first epoch than in the second, and evaluation keeps what was set.
TEST(ProgressOfARun, IsWhatTheArchitectureSees) {
  testing::TemporaryFolder folder;
  GraphRun graph(testing::tiny_config(kGated), folder.path());
  auto& model = graph.model();
  model.eval();
  const torch::NoGradGuard no_grad;
  const auto image = torch::randn({1, 3, 32, 40});
  const auto logits = [&] { return model.forward(image, model.primaries()).at("seg"); };
  const auto first = logits();
  model.architecture().set_progress({1, 3, 2, 3});
  const auto second = logits();
  EXPECT_FALSE(first.allclose(second));
  EXPECT_TRUE(logits().equal(second));
  model.architecture().set_progress({0, 0, 2, 3});
  EXPECT_TRUE(logits().equal(first));
}

TEST(ExtraLosses, OfAnEvaluationAreNone) {
  testing::TemporaryFolder folder;
  GraphRun graph(testing::tiny_config(kGated), folder.path());
  const auto image = torch::randn({2, 3, 32, 40});
  const auto count = [&] {
    return graph.model().outputs(image, graph.model().primaries()).extra_losses.size();
  };
  graph.model().train();
  EXPECT_EQ(count(), 1u);
  graph.model().eval();
  EXPECT_EQ(count(), 0u);
}

}  // namespace
}  // namespace tasuki
