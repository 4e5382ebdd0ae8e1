#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using testing::TinyRun;

TEST(MomentumOfARun, FollowsItsSchedule) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(),
               {"train.momentum_schedule=[tasuki/Linear]{from: 1 to: 0}", "train.warmup_steps=2"});
  std::vector<double> momenta;
  auto hook = std::make_unique<testing::FakeHook>();
  hook->at_after_step = [&](tasuki::Run& run) {
    momenta.push_back(run.optimizer->momentum().momentum);
  };
  tiny.hooks.push_back({"reads", 99, std::move(hook)});
  tiny.train();
  ASSERT_EQ(momenta.size(), 6u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(momenta[i], i < 2 ? 0.9 : 0.9 * (1 - double(i - 2) / 4), 1e-12) << i;
  }
}

// The look-ahead of a bi-level weighting takes the step's momentum.
TEST(MomentumOfARun, IsSeenByTheWeighting) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), {"train.momentum_schedule=[tasuki/Linear]{from: 0.5 to: 0.5}"});
  double seen = 0;
  auto hook = std::make_unique<testing::FakeHook>();
  hook->listens = {StepPhase::kForward};
  hook->at_phase = [&](tasuki::Run& run, StepPhase) { seen = run.step_context->momentum.momentum; };
  tiny.hooks.push_back({"reads", 99, std::move(hook)});
  tiny.train();
  EXPECT_DOUBLE_EQ(seen, 0.45);
}

TEST(MomentumOfARun, OutsideOfItsRangeIsAnError) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), {"train.momentum_schedule=[tasuki/Linear]{from: 1 to: 3}"});
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("which is outside [0, 1)"));
  }
}

TEST(PlateauOfARun, LowersTheRateOfTheNextEpochs) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), {"train.schedule=[tasuki/Plateau]{metric:\"seg.miou\" threshold:1e9 "
                               "threshold_mode:ABS patience:0 factor:0.5}",
                               "train.epochs=4", "train.warmup_steps=0"});
  tiny.train();
  std::vector<double> rates;
  for (const auto& line : testing::history_of(folder.path())) rates.push_back(line["lr"]);
  // The first figure is the best; none is better by so much.
  EXPECT_EQ(rates, (std::vector<double>{0.01, 0.01, 0.005, 0.0025}));
}

TEST(SchedulesOfARun, MistakesAreLocated) {
  const auto refusal = [](const std::vector<std::string>& assignments) {
    const testing::TemporaryFolder folder;
    try {
      TinyRun(folder.path(), assignments);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_THAT(refusal({"train.momentum_schedule=[tasuki/OneCycleMomentum]{}",
                       "train.optimizer=[tasuki/SGD]{momentum: 0}"}),
              HasSubstr("train.momentum_schedule: the optimizer has no momentum"));
  EXPECT_THAT(refusal({"train.schedule=[tasuki/Plateau]{metric: \"seg.mio\"}"}),
              HasSubstr("did you mean \"seg.miou\""));
}

}  // namespace
}  // namespace tasuki
