#include "tasuki/step/step_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/precision.h"
#include "tasuki/engine/step_losses.h"
#include "tasuki/engine/weighting_context.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::TinyRun;

// A weighting made of functions, which trains on the plain sum.
struct FakeWeighting : StepWeighting {
  std::function<void(StepContext&)> at_backward, at_after_update;
  WeightingNeeds asked;

  WeightingNeeds needs() const override { return asked; }
  void backward(StepContext& step) override {
    if (at_backward) at_backward(step);
    step.applied = step.factors(torch::ones({int64_t(step.size())}));
    step.backward(weighted_sum(step.losses, step.applied), false);
  }
  void after_update(StepContext& step) override {
    if (at_after_update) at_after_update(step);
  }
};

// The plain sum as a method on gradients.
struct Sum : GramianWeighting {
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return torch::ones({gramian.size(0)}, torch::kFloat64);
  }
};

// One step of a tiny run under a weighting that the test brings.
class StepOfARun : public ::testing::Test {
 protected:
  StepOfARun() {
    run().experiment.model->train();
    Loader loader(*run().train_source,
                  run().experiment.loader_options(Experiment::Pipeline::kTrain));
    loader.start(0);
    batch_ = loader.next().value();
  }
  tasuki::Run& run() { return tiny_.run; }
  void step(std::unique_ptr<Weighting> weighting) {
    run().weighting = std::move(weighting);
    if (run().weighting->needs().training_batches) {
      run().training_batches =
          std::make_unique<ShuffledBatches>(run().experiment, *run().train_source, 1);
      run().begin_epoch();
    }
    if (run().weighting->needs().validation_batch) {
      run().validation_batches =
          std::make_unique<ShuffledBatches>(run().experiment, *run().validation_source);
      run().begin_epoch();
    }
    Trainer(run(), no_hooks_).step(batch_);
  }
  // A step under a weighting that looks at it.
  void step(std::function<void(StepContext&)> look, WeightingNeeds needs = {}) {
    auto weighting = std::make_unique<FakeWeighting>();
    weighting->at_backward = std::move(look);
    weighting->asked = needs;
    step(std::move(weighting));
  }

  testing::TemporaryFolder folder_;
  TinyRun tiny_{folder_.path(),
                {"model.task[seg].decoder.dropout=0", "train.warmup_steps=0",
                 "model.self_auxiliary={[tasuki/AllPairs]{}}"}};
  std::vector<NamedHook> no_hooks_;
  Batch batch_;
};

TEST_F(StepOfARun, PartsHaveLeavesOfTheLossesGraph) {
  const auto context = weighting_context(run());
  int asked = 0;
  step([&](StepContext& step) {
    EXPECT_EQ(step.epochs, 2);
    EXPECT_EQ(step.steps_per_epoch, 3);
    EXPECT_EQ(step.trace, nullptr);
    auto& flat = *step.parameters;
    std::vector<ParameterPart> parts = {
        context.part(context.shared), context.shared_by({"seg", "depth", "normal"}),
        context.shared_by({"depth"}), context.decoder("depth"), context.decoder("normal->depth")};
    for (const auto& part : parts) {
      ASSERT_FALSE(part.empty());
      const auto rows = part.gradient_rows(step.losses, true);
      EXPECT_EQ(flat.gradient().count_nonzero().item<int64_t>(), 0);
      for (size_t i = 0; i < step.size(); ++i) {
        step.backward(step.losses[i], true);
        const auto expected = part.gather(flat.gradient());
        EXPECT_TRUE(rows[int64_t(i)].allclose(expected, 1e-4, 1e-6)) << i;
        flat.zero_gradient();
      }
      ++asked;
    }
    EXPECT_EQ(parts[0].size(), parts[1].size());
    EXPECT_TRUE(context.shared_by({"seg", "depth"}).empty());
  });
  EXPECT_EQ(asked, 5);
}

// As GradNorm does it. The flat gradient takes no part in it.
TEST_F(StepOfARun, GradientsOfLeavesCanBeDifferentiated) {
  const auto context = weighting_context(run());
  bool asked = false;
  step([&](StepContext& step) {
    const auto leaves = context.part(context.own.at("depth")).leaves();
    const auto gradients = torch::autograd::grad({step.losses[1]}, leaves, {}, true, true);
    const auto second = torch::autograd::grad({gradients[0].square().sum()}, {leaves[0]}, {}, true);
    EXPECT_GT(second[0].norm().item<double>(), 0);
    run().parameters->check();
    EXPECT_EQ(step.parameters->gradient().count_nonzero().item<int64_t>(), 0);
    asked = true;
  });
  EXPECT_TRUE(asked);
}

TEST_F(StepOfARun, DecodersLeaveTheirLastFeatures) {
  bool asked = false;
  step(
      [&](StepContext& step) {
        ASSERT_NE(step.trace, nullptr);
        EXPECT_TRUE(step.trace->cut.leaves().empty());
        ASSERT_EQ(step.trace->last_features.size(), step.size());
        for (size_t i = 0; i < step.size(); ++i) {
          const auto& name = run().active.objectives[i].name;
          const auto& features = step.trace->last_features.at(name);
          EXPECT_EQ(features.size(1), 8) << name;
          for (size_t k = 0; k < step.size(); ++k) {
            const auto gradient = torch::autograd::grad({step.losses[k]}, {features}, {}, true,
                                                        false, /*allow_unused=*/true)[0];
            EXPECT_EQ(gradient.defined(), i == k) << name;
          }
        }
        asked = true;
      },
      {.last_features = true});
  EXPECT_TRUE(asked);
}

TEST_F(StepOfARun, FurtherBatchesAreOtherSamplesWithAGraph) {
  std::vector<std::vector<double>> seen;
  const auto buffers = [&] {
    std::vector<torch::Tensor> copies;
    for (const auto& buffer : run().experiment.model->buffers()) copies.push_back(buffer.clone());
    return copies;
  };
  step(
      [&](StepContext& step) {
        const auto before = buffers();
        for (int i = 0; i < 3; ++i) {
          const auto further = step.further_batches->next_training_losses();
          ASSERT_EQ(further.size(), step.size());
          EXPECT_TRUE(further[0].requires_grad());
          seen.push_back(to_vector(torch::stack(further)));
        }
        const auto after = buffers();
        for (size_t i = 0; i < after.size(); ++i) EXPECT_TRUE(after[i].equal(before[i])) << i;
        seen.push_back(to_vector(torch::stack(step.losses)));
      },
      {.training_batches = true});
  ASSERT_EQ(seen.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t k = 0; k < i; ++k) EXPECT_NE(seen[i], seen[k]);
  }
}

TEST_F(StepOfARun, AfterTheUpdateTheParametersHaveMoved) {
  auto weighting = std::make_unique<FakeWeighting>();
  std::vector<torch::Tensor> before, after, values;
  weighting->at_backward = [&](StepContext& step) {
    before = step.look_ahead->training_losses(false);
    values.push_back(step.parameters->values().detach().clone());
  };
  weighting->at_after_update = [&](StepContext& step) {
    const torch::NoGradGuard no_grad;
    after = step.look_ahead->training_losses(false);
    values.push_back(step.parameters->values().detach().clone());
    EXPECT_TRUE(step.loss_values().isfinite().all().item<bool>());
  };
  step(std::move(weighting));
  ASSERT_EQ(values.size(), 2u);
  EXPECT_FALSE(values[0].equal(values[1]));
  EXPECT_TRUE(values[1].equal(run().parameters->values()));
  double sum = 0;
  for (size_t i = 0; i < after.size(); ++i) sum += (after[i] - before[i]).item<double>();
  EXPECT_LT(sum, 0);  // a step down on this very batch
}

TEST_F(StepOfARun, AValidationBatchHasToBeDeclared) {
  try {
    step([&](StepContext& step) { step.look_ahead->validation_losses(false); });
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPlugin);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("needs()"));
  }
  for (const bool training : {true, false}) {
    try {
      step([&](StepContext& step) {
        training ? step.further_batches->next_training_losses()
                 : step.further_batches->next_validation_losses();
      });
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kPlugin);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("needs()"));
    }
  }
}

// In an fp32 run on a CPU they are the look-ahead's, with a graph down to the parameters.
TEST_F(StepOfARun, ValidationBatchesHaveGradients) {
  step(
      [&](StepContext& step) {
        const auto exact = step.look_ahead->validation_losses(false);
        run().validation_batches->start(run().epoch);
        const auto losses = step.further_batches->next_validation_losses();
        ASSERT_EQ(losses.size(), run().experiment.model->primaries().size());
        EXPECT_EQ(to_vector(torch::stack(losses).detach()),
                  to_vector(torch::stack(exact).detach()));
        const auto stem = run().experiment.model->parameters()[0];
        const auto gradient = torch::autograd::grad({losses[0]}, {stem})[0];
        EXPECT_GT(gradient.abs().sum().item<double>(), 0);
      },
      {.validation_batch = true});
}

TEST_F(StepOfARun, RandomNumbersAreTheSteps) {
  std::vector<torch::Tensor> drawn;
  for (const int64_t index : {0, 0, 1}) {
    run().step = index;
    step([&](StepContext& step) { drawn.push_back(step.draws.permutation(50)); });
  }
  EXPECT_TRUE(drawn[0].equal(drawn[1]));
  EXPECT_FALSE(drawn[0].equal(drawn[2]));
}

// The sum of the gradients on the features, walked on into what the routes share, is EW's gradient.
class FeaturesOfARun : public ::testing::TestWithParam<std::tuple<std::string, Precision>> {
 protected:
  torch::Tensor gradient(TinyRun& tiny, std::unique_ptr<Weighting> weighting) {
    auto& run = tiny.run;
    run.experiment.precision = std::get<1>(GetParam());
    run.experiment.model->train();
    run.weighting = std::move(weighting);
    torch::Tensor found;
    auto hook = std::make_unique<testing::FakeHook>();
    hook->listens = {StepPhase::kCombine};
    hook->at_phase = [&](tasuki::Run& run, StepPhase) {
      found = run.parameters->gradient().clone();
    };
    std::vector<NamedHook> hooks;
    hooks.push_back({"gradient", 50, std::move(hook)});
    Loader loader(*run.train_source, run.experiment.loader_options(Experiment::Pipeline::kTrain));
    loader.start(0);
    torch::manual_seed(1);
    Trainer(run, hooks).step(loader.next().value());
    return found;
  }
  testing::TemporaryFolder folder_;
};

TEST_P(FeaturesOfARun, TheSumIsEWsGradient) {
  std::vector<std::string> settings = {"model.architecture=" + std::get<0>(GetParam())};
  if (std::get<0>(GetParam()).find("Branched") != std::string::npos) {
    settings.emplace_back("model.self_auxiliary={[tasuki/AllPairs]{}}");
  }
  TinyRun plain(folder_ / "plain", settings), cut(folder_ / "cut", settings);
  const auto expected = gradient(plain, std::make_unique<FakeWeighting>());
  auto sum = std::make_unique<Sum>();
  options::GradientOptions options;
  options.set_at(options::GradientOptions::FEATURES);
  sum->set_up(options, weighting_context(cut.run));
  const auto found = gradient(cut, std::move(sum));
  const double scale = expected.abs().max().item<double>();
  const double rounding = std::get<1>(GetParam()) == FP32 ? 1e-5 : 0.05;
  EXPECT_LT((found - expected).abs().max().item<double>(), rounding * scale);
  EXPECT_GT((found - expected * 0.5).abs().max().item<double>(), 0.1 * scale);
  EXPECT_EQ(cut.run.last.coefficients, plain.run.last.coefficients);
}

INSTANTIATE_TEST_SUITE_P(Architectures, FeaturesOfARun,
                         ::testing::Combine(::testing::Values("[tasuki/HardSharing]{}",
                                                              "[tasuki/Branched]{shared_stages:2}",
                                                              "[tasuki/Branched]{shared_stages:1}"),
                                            ::testing::Values(FP32, BF16)),
                         [](const auto& info) {
                           std::string name;
                           for (const char c : std::get<0>(info.param).substr(8)) {
                             name += std::isalnum(c) ? std::string(1, c) : "";
                           }
                           return name + "_" + Precision_Name(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace tasuki
