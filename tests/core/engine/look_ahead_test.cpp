#include "tasuki/engine/look_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "tasuki/engine/step_losses.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::TinyRun;
using Ids = std::vector<std::string>;

void expect_same(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].equal(b[i])) << i;
}

Ids ids_of(const Batch& batch) {
  Ids ids;
  for (const auto& sample : batch.samples) ids.push_back(sample.id);
  return ids;
}

// A run in the middle of a step on its first batch, whose model has BatchNorm and dropout.
class LookAheads : public ::testing::Test {
 protected:
  LookAheads() {
    const auto& experiment = run().experiment;
    experiment.model->train();
    Loader loader(*run().train_source, experiment.loader_options(Experiment::Pipeline::kTrain));
    loader.start(0);
    batch_ = loader.next().value();
    random_ = random_state(experiment.device);
  }
  tasuki::Run& run() { return tiny_.run; }
  StepLookAhead look_ahead() {
    return {run().experiment, batch_, run().active.objectives, run().validation_batches.get(),
            random_};
  }
  // The forward pass of the step, with the random numbers that it has.
  std::vector<torch::Tensor> losses() {
    set_random_state(run().experiment.device, random_);
    return step_losses(run().experiment, batch_, run().active.objectives);
  }
  std::vector<torch::Tensor> buffers() {
    std::vector<torch::Tensor> copies;
    for (const auto& buffer : run().experiment.model->buffers()) copies.push_back(buffer.clone());
    return copies;
  }
  size_t changed(const std::vector<torch::Tensor>& before) {
    const auto now = run().experiment.model->buffers();
    size_t count = 0;
    for (size_t i = 0; i < now.size(); ++i) count += now[i].equal(before[i]) ? 0 : 1;
    return count;
  }
  // The gradient that a walk of the step's graph leaves.
  torch::Tensor walk(const std::vector<torch::Tensor>& losses) {
    run().parameters->zero_gradient();
    weighted_sum(losses, torch::linspace(0.5, 2, int64_t(losses.size()))).backward();
    return run().parameters->gradient().clone();
  }

  testing::TemporaryFolder folder_;
  TinyRun tiny_{
      folder_.path(),
      {"train.weighting=[tasuki/AutoLambda]{}", "model.self_auxiliary={[tasuki/AllPairs]{}}"}};
  Batch batch_;
  torch::Tensor random_;
};

TEST_F(LookAheads, TrainingLossesAreTheStepsOwnToTheLastBit) {
  const auto own = losses();
  EXPECT_EQ(own.size(), 9u);
  for (int i = 0; i < 2; ++i) expect_same(look_ahead().training_losses(false), own);
  expect_same(look_ahead().training_losses(true), own);
  // Not for want of chance: seg has dropout.
  EXPECT_FALSE(step_losses(run().experiment, batch_, run().active.objectives)[0].equal(own[0]));
}

// In bf16 as well, where the exact ones are others.
TEST_F(LookAheads, RepeatedLossesAreTheStepsOwnToTheLastBit) {
  for (const auto precision : {FP32, BF16}) {
    run().experiment.precision = precision;
    const auto own = losses();
    const auto before = buffers();
    const auto generator = random_state(run().experiment.device);
    const auto repeated = look_ahead().repeated_losses();
    expect_same(repeated, own);
    EXPECT_EQ(look_ahead().training_losses(false)[0].equal(own[0]), precision == FP32);
    for (const auto& loss : repeated) EXPECT_FALSE(loss.requires_grad());
    EXPECT_EQ(changed(before), 0u);
    EXPECT_TRUE(random_state(run().experiment.device).equal(generator));
  }
}

TEST_F(LookAheads, TrainingLossesLeaveTheGeneratorAsItIs) {
  losses();
  const auto before = random_state(run().experiment.device);
  EXPECT_FALSE(before.equal(random_));
  look_ahead().training_losses(false);
  EXPECT_TRUE(random_state(run().experiment.device).equal(before));
}

TEST_F(LookAheads, AFailureLeavesTheGeneratorAsItIs) {
  losses();
  const auto before = random_state(run().experiment.device);
  batch_ = {};
  EXPECT_ANY_THROW(look_ahead().training_losses(false));
  EXPECT_TRUE(random_state(run().experiment.device).equal(before));
}

TEST_F(LookAheads, TrainingLossesAreOfThePresentParameters) {
  const auto own = losses();
  run().parameters->values().variable_data().add_(0.01);
  const auto other = look_ahead().training_losses(false);
  for (size_t i = 0; i < own.size(); ++i) EXPECT_FALSE(other[i].equal(own[i])) << i;
  expect_same(other, losses());
}

TEST_F(LookAheads, ValidationLossesAreThePrimariesOnTheNextBatch) {
  ShuffledBatches same(run().experiment, *run().validation_source);
  same.start(0);
  for (int i = 0; i < 3; ++i) {
    set_random_state(run().experiment.device, random_);
    const auto validation = look_ahead().validation_losses(false);
    ASSERT_EQ(validation.size(), 3u);
    set_random_state(run().experiment.device, random_);
    expect_same(validation,
                step_losses(run().experiment, same.next(), run().experiment.model->primaries()));
  }
}

TEST_F(LookAheads, StatisticsMoveOnlyWhereAsked) {
  losses();
  const auto before = buffers();
  ASSERT_GT(before.size(), 0u);
  look_ahead().training_losses(false);
  look_ahead().validation_losses(false);
  EXPECT_EQ(changed(before), 0u);
  look_ahead().training_losses(true);
  EXPECT_EQ(changed(before), before.size());
  const auto after = buffers();
  look_ahead().validation_losses(true);
  EXPECT_GT(changed(after), 0u);
  // The heads of self-auxiliaries saw no validation batch.
  EXPECT_LT(changed(after), after.size());
}

// The parameters are written over in between, as AutoLambda does it.
TEST_F(LookAheads, AGraphBuiltBeforeStaysGood) {
  const auto expected = walk(losses());
  for (const bool update_statistics : {false, true}) {
    const auto built = losses();
    auto values = run().parameters->values().variable_data();
    const auto copy = values.clone();
    values.add_(0.01);
    walk(look_ahead().validation_losses(update_statistics));
    look_ahead().training_losses(update_statistics);
    values.copy_(copy);
    EXPECT_TRUE(walk(built).equal(expected)) << update_statistics;
  }
}

class ValidationBatchesTest : public ::testing::Test {
 protected:
  // Ids of the first `count` batches of an epoch.
  std::vector<Ids> order(const std::vector<std::string>& assignments, int64_t epoch, int count) {
    TinyRun tiny(folder_.path(), assignments);
    ShuffledBatches batches(tiny.run.experiment, *tiny.run.validation_source);
    batches.start(epoch);
    return next(batches, count);
  }
  static std::vector<Ids> next(ShuffledBatches& batches, int count) {
    std::vector<Ids> order;
    for (int i = 0; i < count; ++i) order.push_back(ids_of(batches.next()));
    return order;
  }

  const std::vector<std::string> nine_ = {"data.dataset.val_size=9", "data.loader.batch_size=3"};
  testing::TemporaryFolder folder_;
};

TEST_F(ValidationBatchesTest, GoRoundInAnotherOrderEachTime) {
  const auto batches = order(nine_, 0, 9);
  std::set<std::vector<Ids>> rounds;
  for (size_t begin = 0; begin < 9; begin += 3) {
    const std::vector<Ids> round(batches.begin() + long(begin), batches.begin() + long(begin) + 3);
    std::set<std::string> seen;
    for (const auto& ids : round) {
      EXPECT_EQ(ids.size(), 3u);
      seen.insert(ids.begin(), ids.end());
    }
    EXPECT_EQ(seen.size(), 9u);
    rounds.insert(round);
  }
  EXPECT_EQ(rounds.size(), 3u);
}

TEST_F(ValidationBatchesTest, OrderIsThatOfSeedAndEpochAlone) {
  const auto expected = order(nine_, 2, 5);
  for (const std::string workers : {"0", "1", "3"}) {
    auto assignments = nine_;
    assignments.push_back("data.loader.workers=" + workers);
    EXPECT_EQ(order(assignments, 2, 5), expected);
  }
  EXPECT_NE(order(nine_, 1, 5), expected);
  auto seeded = nine_;
  seeded.push_back("train.seed=1");
  EXPECT_NE(order(seeded, 2, 5), expected);

  // Whatever was drawn in the epochs before.
  TinyRun tiny(folder_.path(), nine_);
  ShuffledBatches batches(tiny.run.experiment, *tiny.run.validation_source);
  batches.start(1);
  next(batches, 4);
  batches.start(2);
  EXPECT_EQ(next(batches, 5), expected);
}

TEST_F(ValidationBatchesTest, StreamsHaveOrdersOfTheirOwn) {
  TinyRun tiny(folder_.path(), nine_);
  const auto of_stream = [&](uint64_t stream) {
    ShuffledBatches batches(tiny.run.experiment, *tiny.run.validation_source, stream);
    batches.start(2);
    return next(batches, 6);
  };
  EXPECT_EQ(of_stream(0), order(nine_, 2, 6));
  EXPECT_EQ(of_stream(1), of_stream(1));
  EXPECT_NE(of_stream(1), of_stream(0));
}

TEST_F(ValidationBatchesTest, AreNotLargerThanTheSplit) {
  for (const auto& batch : order({"data.loader.batch_size=5", "train.warmup_steps=0"}, 0, 4)) {
    EXPECT_EQ(std::set<std::string>(batch.begin(), batch.end()).size(), 3u);
  }
}

TEST_F(ValidationBatchesTest, HaveTheEvaluationPipelinesSamples) {
  TinyRun tiny(folder_.path());
  ShuffledBatches batches(tiny.run.experiment, *tiny.run.validation_source);
  batches.start(3);
  const auto fields = tiny.run.experiment.fields(Experiment::Pipeline::kEvaluate);
  for (int i = 0; i < 4; ++i) {
    const auto batch = batches.next();
    for (size_t k = 0; k < batch.samples.size(); ++k) {
      const size_t index = batch.samples[k].index;
      const auto alone = collate({tiny.run.validation_source->get(0, index)}, {index}, fields);
      for (const auto& field : fields) {
        EXPECT_TRUE(batch.tensor(field)[int64_t(k)].equal(alone.tensor(field)[0])) << field;
      }
    }
  }
}

}  // namespace
}  // namespace tasuki
