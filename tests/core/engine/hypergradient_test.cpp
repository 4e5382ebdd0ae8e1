#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/precision.h"
#include "tasuki/engine/step_losses.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using testing::TinyRun;

// The learning rate, AutoLambda's first weights, and the length of its eps d.
constexpr double kRate = 0.05, kWeight = 0.1, kLength = 0.01;

// Look-aheads in the run's own precision.
struct CoarseLookAhead : LookAhead {
  CoarseLookAhead(tasuki::Run& run, const Batch& batch) : run(run), batch(batch) {}
  std::vector<torch::Tensor> training_losses(bool) override {
    const KeptBuffers kept(*run.experiment.model);
    return step_losses(run.experiment, batch, run.active.objectives);
  }
  std::vector<torch::Tensor> validation_losses(bool) override {
    const KeptBuffers kept(*run.experiment.model);
    return step_losses(run.experiment, run.validation_batches->next(),
                       run.experiment.model->primaries());
  }
  tasuki::Run& run;
  const Batch& batch;
};

// AutoLambda's step on a true network, whatever the run's precision (bf16 is emulated where the
// processor has none), against derivatives that autograd takes in fp32.
class Hypergradient : public ::testing::TestWithParam<Precision> {
 protected:
  Hypergradient() {
    auto& experiment = run().experiment;
    experiment.precision = GetParam();
    experiment.model->train();
    Loader loader(*run().train_source, experiment.loader_options(Experiment::Pipeline::kTrain));
    loader.start(0);
    batch_ = loader.next().value();
  }
  tasuki::Run& run() { return tiny_.run; }
  std::vector<torch::Tensor> losses() {
    return step_losses(run().experiment, batch_, run().active.objectives);
  }
  torch::Tensor gradient_of(const torch::Tensor& loss) {
    run().parameters->zero_gradient();
    loss.backward();
    return run().parameters->gradient().clone();
  }

  // What AutoLambda learns from: Adam's first moment after its first update is a tenth of it.
  torch::Tensor learned() {
    StepLookAhead look_ahead(run().experiment, batch_, run().active.objectives,
                             run().validation_batches.get(), random_state(torch::kCPU));
    return learned(look_ahead);
  }
  torch::Tensor learned(LookAhead& look_ahead) {
    StepContext step;
    step.index = run().active.index;
    step.losses = losses();
    step.coefficients = run().active.coefficients;
    step.normalize = run().active.normalize;
    step.learning_rate = kRate;
    step.backward = [](const torch::Tensor& loss, bool keep) { loss.backward({}, keep); };
    step.look_ahead = &look_ahead;
    run().parameters->zero_gradient();
    run().weighting->backward(step);
    return run().weighting->state().at("exp_avg") / (1 - 0.9);
  }

  // -lr dL_i . d for d = grad L_val(theta - lr grad sum_i w L_i(theta)). The derivatives along d
  // are autograd's, in fp32, and their mean over the segment from theta - eps d to theta + eps d:
  // that is what a difference without rounding would give where the losses have kinks (ReLU).
  torch::Tensor exact() {
    auto values = run().parameters->values().variable_data();
    const auto start = values.clone();
    const auto n = int64_t(run().active.objectives.size());
    values.add_(gradient_of(weighted_sum(losses(), torch::full({n}, kWeight))), -kRate);
    ShuffledBatches validation(run().experiment, *run().validation_source);
    validation.start(0);
    const auto& experiment = run().experiment;
    const auto there = exact_losses(experiment, validation.next(), experiment.model->primaries());
    const auto direction = gradient_of(weighted_sum(there, torch::ones({int64_t(there.size())})));
    const double eps = kLength / direction.norm().item<double>();
    constexpr int kPoints = 32;
    auto sum = torch::zeros({n}, torch::kFloat64);
    for (int point = 0; point < kPoints; ++point) {
      values.copy_(start + direction * (eps * ((2 * point + 1.0) / kPoints - 1)));
      sum += derivatives(direction);
    }
    values.copy_(start);
    return sum * (-kRate / kPoints);
  }

  // grad L_i . direction of each objective at the present parameters.
  torch::Tensor derivatives(const torch::Tensor& direction) {
    const auto losses = exact_losses(run().experiment, batch_, run().active.objectives);
    std::vector<double> all;
    for (size_t i = 0; i < losses.size(); ++i) {
      run().parameters->zero_gradient();
      losses[i].backward({}, i + 1 < losses.size());
      const auto gradient = run().parameters->gradient().to(torch::kFloat64);
      all.push_back(gradient.dot(direction.to(torch::kFloat64)).item<double>());
    }
    return torch::tensor(all, torch::kFloat64);
  }

  testing::TemporaryFolder folder_;
  TinyRun tiny_{folder_.path(),
                {"train.weighting=[tasuki/AutoLambda]{}", "train.route_normalization=NONE",
                 "model.task[seg].decoder.dropout=0", testing::kNormalToDepth}};
  Batch batch_;
};

TEST_P(Hypergradient, IsTheExactDirectionalDerivative) {
  const auto expected = exact(), found = learned();
  const double largest = expected.abs().max().item<double>();
  EXPECT_GT(largest, 0);
  EXPECT_LT((found - expected).abs().max().item<double>(), 0.02 * largest) << "learned\n"
                                                                           << found << "\nexact\n"
                                                                           << expected;
}

// So that the test above is known to see it: in bf16 both ends of the difference are mostly alike.
TEST_P(Hypergradient, IsNoiseInTheRunsPrecisionWhereThatIsBf16) {
  const auto expected = exact();
  CoarseLookAhead look_ahead(run(), batch_);
  const double error = (learned(look_ahead) - expected).abs().max().item<double>();
  EXPECT_EQ(error > 0.1 * expected.abs().max().item<double>(), GetParam() == BF16) << error;
}

TEST_P(Hypergradient, IsTakenWithoutTf32) {
  bool seen = false, allowed = false;
  auto parameter = run().experiment.model->parameters().front();
  int walks = 0;
  parameter.register_hook([&](const torch::Tensor& gradient) {
    // The training loss, the validation loss, the training loss with the new weights.
    if (++walks == 2) {
      seen = true;
      allowed = tf32_is_allowed();
    }
    return gradient;
  });
  learned();
  EXPECT_EQ(walks, 3);
  EXPECT_TRUE(seen);
  EXPECT_FALSE(allowed);
  EXPECT_TRUE(tf32_is_allowed());
}

INSTANTIATE_TEST_SUITE_P(Precisions, Hypergradient, ::testing::Values(FP32, BF16),
                         [](const auto& info) { return Precision_Name(info.param); });

}  // namespace
}  // namespace tasuki
