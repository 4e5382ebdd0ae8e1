#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/phase_timer.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using testing::FakeHook;
using testing::TinyRun;

class StepPhases : public ::testing::Test {
 protected:
  // A run of one epoch of three steps with these hooks alone.
  void train(std::vector<std::unique_ptr<Hook>> hooks,
             const std::vector<std::string>& assignments = {}) {
    auto all = assignments;
    all.insert(all.end(), {"train.epochs=1", "train.warmup_steps=0"});
    tiny_ = std::make_unique<TinyRun>(folder_.path(), all);
    tiny_->hooks.clear();
    for (auto& hook : hooks) {
      const auto name = std::to_string(tiny_->hooks.size());
      tiny_->hooks.push_back({name, 50, std::move(hook)});
    }
    tiny_->train();
  }
  void train(std::unique_ptr<Hook> hook, const std::vector<std::string>& assignments = {}) {
    std::vector<std::unique_ptr<Hook>> hooks;
    hooks.push_back(std::move(hook));
    train(std::move(hooks), assignments);
  }
  torch::Tensor values() const { return tiny_->run.parameters->values().detach(); }

  testing::TemporaryFolder folder_;
  std::unique_ptr<TinyRun> tiny_;
};

TEST_F(StepPhases, ComeInTheirOrderToThoseWhoListen) {
  std::vector<int> all, some;
  std::vector<std::unique_ptr<Hook>> hooks;
  for (auto* calls : {&all, &some}) {
    auto hook = std::make_unique<FakeHook>();
    for (int i = 0; i < kStepPhases; ++i) {
      if (calls == &all || i % 4 == 1) hook->listens.push_back(StepPhase(i));
    }
    hook->at_phase = [calls](tasuki::Run&, StepPhase phase) { calls->push_back(int(phase)); };
    hook->at_after_step = [calls](tasuki::Run&) { calls->push_back(-1); };
    hooks.push_back(std::move(hook));
  }
  train(std::move(hooks), {"data.loader.batch_size=6"});
  EXPECT_THAT(all, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, -1));
  EXPECT_THAT(some, ElementsAre(1, 5, -1));
}

TEST_F(StepPhases, ShowTheStep) {
  auto hook = std::make_unique<FakeHook>();
  hook->listens = {StepPhase::kForward, StepPhase::kLosses, StepPhase::kBackward,
                   StepPhase::kUpdate, StepPhase::kAfter};
  torch::Tensor before;
  int steps = 0;
  hook->at_phase = [&](tasuki::Run& run, StepPhase phase) {
    ASSERT_NE(run.step_context, nullptr);
    const auto& step = *run.step_context;
    EXPECT_EQ(step.losses.size(), phase == StepPhase::kForward ? 0u : 3u);
    if (phase == StepPhase::kLosses) {
      EXPECT_TRUE(step.losses[0].requires_grad());
      EXPECT_EQ(run.parameters->gradient().count_nonzero().item<int64_t>(), 0);
      before = run.parameters->values().detach().clone();
    } else if (phase == StepPhase::kBackward) {
      EXPECT_GT(run.parameters->gradient().count_nonzero().item<int64_t>(), 0);
      EXPECT_TRUE(run.parameters->values().equal(before));
    } else if (phase == StepPhase::kUpdate) {
      EXPECT_FALSE(run.parameters->values().equal(before));
    } else if (phase == StepPhase::kAfter) {
      EXPECT_EQ(run.last.losses.size(), 3u);
      EXPECT_EQ(run.step, steps++);
    }
  };
  hook->at_after_step = [](tasuki::Run& run) { EXPECT_EQ(run.step_context, nullptr); };
  train(std::move(hook));
  EXPECT_EQ(steps, 3);
}

// What a hook writes into the gradient before the clip is what is clipped and applied.
TEST_F(StepPhases, AHookMayChangeTheGradient) {
  auto hook = std::make_unique<FakeHook>();
  hook->listens = {StepPhase::kCombine};
  hook->at_phase = [](tasuki::Run& run, StepPhase) { run.parameters->gradient().zero_(); };
  torch::Tensor first;
  hook->at_before_run = [&](tasuki::Run& run) {
    first = run.parameters->values().detach().clone();
  };
  hook->at_after_step = [](tasuki::Run& run) { EXPECT_EQ(run.last.gradient_norm.value(), 0); };
  train(std::move(hook), {"train.optimizer.weight_decay=0", "train.clip_norm=1"});
  EXPECT_TRUE(values().equal(first));
}

TEST_F(StepPhases, ListeningChangesNothing) {
  train(std::make_unique<FakeHook>());
  const auto expected = values().clone();
  train(std::make_unique<PhaseTimer>());
  EXPECT_TRUE(values().equal(expected));
}

TEST_F(StepPhases, TheTimerListensToAllAndStartsAnew) {
  PhaseTimer timer;
  EXPECT_EQ(timer.phases().size(), size_t(kStepPhases));
  train(std::make_unique<FakeHook>());
  timer.start();
  for (const auto phase : timer.phases()) timer.after_phase(tiny_->run, phase);
  const auto seconds = timer.seconds();
  EXPECT_EQ(seconds.total(),
            seconds.forward + seconds.losses + seconds.backward + seconds.optimizer);
  timer.start();
  EXPECT_EQ(timer.seconds().total(), 0);
}

TEST_F(StepPhases, EvaluationsAreBetweenTheirHooks) {
  std::vector<std::string> calls;
  auto hook = std::make_unique<FakeHook>();
  const auto note = [&](const char* point) {
    return [&calls, point](tasuki::Run& run) {
      const bool own = run.evaluation && run.score == run.best_score;
      calls.push_back(std::string(point) + (own ? " evaluated" : ""));
    };
  };
  hook->at_before_evaluation = note("before");
  hook->at_after_evaluation = note("after");
  hook->at_after_epoch = note("epoch");
  train(std::move(hook));
  EXPECT_THAT(calls, ElementsAre("before", "after evaluated", "epoch evaluated"));
}

// Weights that are there before an evaluation are those which it is of.
TEST_F(StepPhases, WeightsMayBePutInForAnEvaluation) {
  double scores[2] = {};
  for (const bool replaced : {false, true}) {
    auto hook = std::make_unique<FakeHook>();
    torch::Tensor kept;
    hook->at_before_evaluation = [&](tasuki::Run& run) {
      kept = run.parameters->values().detach().clone();
      if (replaced) run.parameters->values().variable_data().mul_(0.5);
    };
    hook->at_after_evaluation = [&](tasuki::Run& run) {
      run.parameters->values().variable_data().copy_(kept);
    };
    train(std::move(hook));
    scores[replaced] = tiny_->run.score;
    EXPECT_TRUE(values().equal(kept));
  }
  EXPECT_NE(scores[0], scores[1]);
}

TEST_F(StepPhases, AnEvaluationThatFailsEndsTheRun) {
  auto hook = std::make_unique<FakeHook>();
  std::vector<std::string> calls;
  hook->at_before_evaluation = [](tasuki::Run&) { throw Error(ErrorKind::kRun, "no weights"); };
  hook->at_after_evaluation = [&](tasuki::Run&) { calls.push_back("after"); };
  hook->at_after_run = [&](tasuki::Run&, bool finished) {
    calls.push_back(finished ? "finished" : "failed");
  };
  EXPECT_THROW(train(std::move(hook)), Error);
  EXPECT_THAT(calls, ElementsAre("after", "failed"));
}

}  // namespace
}  // namespace tasuki
