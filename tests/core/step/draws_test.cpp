#include "tasuki/step/draws.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/look_ahead.h"

namespace tasuki {
namespace {

TEST(Draws, FollowTheSeedAlone) {
  torch::manual_seed(1);
  Draws a(7);
  torch::manual_seed(2);
  Draws b(7), c(8);
  const auto like = torch::empty({50});
  for (int i = 0; i < 3; ++i) {
    const auto uniform = a.uniform_like(like), normal = a.normal_like(like);
    const auto order = a.permutation(20);
    EXPECT_TRUE(uniform.equal(b.uniform_like(like))) << i;
    EXPECT_TRUE(normal.equal(b.normal_like(like))) << i;
    EXPECT_TRUE(order.equal(b.permutation(20))) << i;
    EXPECT_FALSE(uniform.equal(c.uniform_like(like))) << i;
    EXPECT_FALSE(normal.equal(c.normal_like(like))) << i;
    EXPECT_FALSE(order.equal(c.permutation(20))) << i;
  }
}

TEST(Draws, LeaveDropoutsGeneratorAlone) {
  const auto before = random_state(torch::kCPU);
  Draws draws(3);
  draws.permutation(5);
  draws.uniform_like(torch::empty({100}));
  draws.normal_like(torch::empty({100}));
  EXPECT_TRUE(random_state(torch::kCPU).equal(before));
}

TEST(Draws, OfAStepDependOnSeedEpochAndStep) {
  const auto first = [](Draws draws) { return draws.permutation(50); };
  const auto own = first(Draws::of_step(1, 2, 3));
  EXPECT_TRUE(own.equal(first(Draws::of_step(1, 2, 3))));
  EXPECT_FALSE(own.equal(first(Draws::of_step(0, 2, 3))));
  EXPECT_FALSE(own.equal(first(Draws::of_step(1, 3, 3))));
  EXPECT_FALSE(own.equal(first(Draws::of_step(1, 2, 4))));
}

TEST(Draws, HaveTheTypeAndTheDistributionThatTheySay) {
  Draws draws(5);
  for (const auto type : {torch::kFloat32, torch::kFloat64}) {
    const auto like = torch::empty({200, 100}, type).requires_grad_();
    const auto uniform = draws.uniform_like(like), normal = draws.normal_like(like);
    for (const auto& drawn : {uniform, normal}) {
      EXPECT_EQ(drawn.sizes(), like.sizes());
      EXPECT_EQ(drawn.scalar_type(), type);
      EXPECT_FALSE(drawn.requires_grad());
    }
    EXPECT_GE(uniform.min().item<double>(), 0);
    EXPECT_LT(uniform.max().item<double>(), 1);
    // Five standard errors of 20000 draws.
    EXPECT_NEAR(uniform.mean().item<double>(), 0.5, 5 * 0.2887 / 141.4);
    EXPECT_NEAR(normal.mean().item<double>(), 0, 5 / 141.4);
    EXPECT_NEAR(normal.square().mean().item<double>(), 1, 5 * 1.4142 / 141.4);
  }
  EXPECT_TRUE(std::get<0>(draws.permutation(30).sort()).equal(torch::arange(30)));
}

}  // namespace
}  // namespace tasuki
