#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/loss/fixtures.h"
#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using testing::is_near;
using testing::LossRun;
using testing::Values;

void draw_shared(LossRun& run, double ratio) {
  auto shared = torch::randn_like(run.problem.shared(run.problem.rows()));
  for (int64_t i = 0; i < shared.size(0); ++i) shared[i] *= std::pow(ratio, double(i));
  run.problem.set_shared(shared);
}

// The definition, whose derivative autograd takes.
torch::Tensor gradnorm_loss(const torch::Tensor& scales, const torch::Tensor& rows,
                            const Values& losses, const Values& first, double alpha) {
  const auto weights = double(rows.size(0)) * torch::softmax(scales, 0);
  const auto lengths = (weights.unsqueeze(1) * rows).norm(2, 1);
  const auto rates = torch::tensor(losses, torch::kFloat64) / torch::tensor(first, torch::kFloat64);
  const auto target = (lengths.mean() * (rates / rates.mean()).pow(alpha)).detach();
  return (lengths - target).abs().sum();
}

TEST(GradNorm, ItsScalesDescendTheDefinition) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    torch::manual_seed(seed);
    LossRun run("tasuki/GradNorm", "alpha: 0.7", 4);
    draw_shared(run, 3);
    const auto draw = [] { return to_vector(torch::rand({4}, torch::kFloat64) + 0.1); };
    const auto a = draw(), b = draw();
    Values first;
    for (size_t i = 0; i < 4; ++i) first.push_back((a[i] + b[i]) / 2);
    for (const auto& losses : {a, b}) {
      EXPECT_EQ(run.step(losses, 0), Values(4, 1));
      run.update(losses);
    }
    auto scales = torch::ones({4}, torch::kFloat64);
    for (int i = 0; i < 10; ++i) {
      const auto losses = draw();
      EXPECT_THAT(run.step(losses, 1 + i / 3), is_near(to_vector(4 * torch::softmax(scales, 0))));
      run.update(losses);
      const auto leaf = scales.clone().requires_grad_();
      const auto rows = run.problem.shared(run.problem.rows());
      gradnorm_loss(leaf, rows, losses, first, 0.7).backward();
      scales = scales - 0.1 * leaf.grad();
      EXPECT_THAT(run.kept("scale"), is_near(to_vector(scales), 1e-9));
    }
  }
}

TEST(GradNorm, EvensLengthsOutWithoutAlpha) {
  torch::manual_seed(3);
  LossRun run("tasuki/GradNorm", "alpha: 0", 3);
  draw_shared(run, 2);
  const auto lengths = to_vector(run.problem.shared(run.problem.rows()).norm(2, 1));
  run.step({1, 1, 1}, 0);
  Values factors;
  for (int i = 0; i < 500; ++i) {
    factors = run.step({1, 1, 1}, 1);
    run.keep("scale", [&] {  // a smaller rate than SGD's, which would jump about the minimum
      const auto before = run.kept("scale");
      run.update({1, 1, 1});
      auto after = run.kept("scale");
      for (size_t k = 0; k < 3; ++k) after[k] = before[k] + 0.01 * (after[k] - before[k]);
      return after;
    }());
  }
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_NEAR(factors[i] * lengths[i] / (factors[0] * lengths[0]), 1, 0.05);
  }
}

// The rest of the shared part may be as large as it likes.
TEST(GradNorm, OfALayerSeesThatLayerAlone) {
  torch::manual_seed(4);
  LossRun layer("tasuki/GradNorm", "layer: \"shared_trunk\"", 2), all("tasuki/GradNorm", "", 2);
  auto shared = torch::randn_like(layer.problem.shared(layer.problem.rows()));
  all.problem.set_shared(
      torch::cat({torch::zeros({2, 13}, torch::kFloat64), shared.slice(1, 13)}, 1));
  shared[0].slice(0, 0, 13) *= 100;
  layer.problem.set_shared(shared);
  for (auto* run : {&layer, &all}) {
    run->step({1, 2}, 0);
    run->step({1, 2}, 1);
    run->update({1, 2});
  }
  EXPECT_THAT(layer.kept("scale"), is_near(all.kept("scale"), 1e-12));
  EXPECT_NE(layer.kept("scale"), Values(2, 1));
}

TEST(GradNorm, RefusesALayerThatIsNotShared) {
  for (const std::string options :
       {"layer: \"decoder_\"", "layer: \"shared_trunk\" gradients { at: FEATURES }"}) {
    try {
      LossRun run("tasuki/GradNorm", options, 2);
      FAIL() << "no error";
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "layer");
    }
  }
}

// A newcomer's ratio is 1 until the epoch in which it came has ended; what rests keeps its number.
TEST(GradNorm, ObjectivesComeAndGo) {
  torch::manual_seed(5);
  LossRun run("tasuki/GradNorm", "", 3);
  draw_shared(run, 2);
  run.step({1, 2}, 0, {0, 1});
  run.step({1, 2, 5}, 1);
  run.update({1, 2, 5});
  const auto scales = run.kept("scale");
  const auto factors = run.step({1, 5}, 2, {0, 2});
  run.update({1, 5});
  EXPECT_NEAR(factors[0] + factors[1], 2, 1e-12);
  EXPECT_EQ(run.kept("scale")[1], scales[1]);
  EXPECT_NE(run.kept("scale")[2], scales[2]);
}

}  // namespace
}  // namespace tasuki
