#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/model/weighting.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

// Losses x -> a_i . x of a vector, so that each gradient is a row of the matrix.
TEST(EW, GradientIsThatOfTheSum) {
  torch::manual_seed(1);
  for (const int64_t objectives : {1, 2, 5}) {
    std::vector<Objective> all;
    for (int64_t i = 0; i < objectives; ++i) {
      all.push_back(Objective::primary("task" + std::to_string(i)));
    }
    const auto matrix = torch::randn({objectives, 6}, torch::kDouble);
    auto x = torch::randn({6}, torch::kDouble).requires_grad_();
    const auto flat = torch::zeros({6}, torch::kDouble);
    x.mutable_grad() = flat;
    WeightingStep step;
    step.objectives = &all;
    for (int64_t i = 0; i < objectives; ++i) step.losses.push_back(matrix[i].dot(x));
    int calls = 0;
    step.backward = [&](const torch::Tensor& loss) {
      ++calls;
      loss.backward();
    };
    const auto weighting = testing::make<Weighting>("tasuki/EW", "", {all});
    EXPECT_FALSE(weighting->needs().validation_batch);
    EXPECT_EQ(weighting->backward(step), std::vector<double>(size_t(objectives), 1.0));
    EXPECT_TRUE(flat.allclose(matrix.sum(0), 0, 1e-12));
    EXPECT_EQ(calls, 1);  // one walk through the shared part
  }
}

}  // namespace
}  // namespace tasuki
