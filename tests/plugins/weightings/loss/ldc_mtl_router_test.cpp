#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using testing::LinearProblem;

constexpr double kRouterLambda = 0.05, kRouterRate = 0.1;

std::unique_ptr<Weighting> make_router(LinearProblem& problem) {
  auto context = problem.context();
  context.make_optimizer = [](const Optimizer::Context& own) {
    return testing::make<Optimizer>("tasuki/SGD", "momentum: 0 weight_decay: 0", own);
  };
  return testing::make<Weighting>("tasuki/LDCMTLRouter", "", context);
}

// [3, 3 * 34 + 1]
torch::Tensor router_of(const Weighting& weighting) {
  std::vector<torch::Tensor> rows;
  for (const auto& task : testing::three_tasks()) {
    rows.push_back(weighting.state().at(task.name + ".router").clone());
  }
  return torch::stack(rows);
}

// The whole of it as one scalar, whose gradient autograd takes by everything at once.
torch::Tensor router_loss(const std::vector<torch::Tensor>& losses, const ForwardTrace& trace,
                          const torch::Tensor& router, const torch::Tensor& first) {
  std::vector<torch::Tensor> means;
  for (const auto& task : testing::three_tasks()) {
    means.push_back(trace.last_features.at(task.name).mean({0, 2, 3}));
  }
  const auto ones = torch::ones({1}, torch::kFloat64);
  const auto tau =
      torch::softmax(router.mv(torch::cat({torch::cat(means), ones})), 0).clamp(0.2, 0.8);
  const auto scaled = torch::stack(losses) / (first / first.min());
  const auto parts = tau * scaled;
  const auto gap = (parts[0] - parts[1]).abs() + (parts[1] - parts[2]).abs();
  return parts.sum() / tau.sum() + kRouterLambda * gap;
}

// Parameters and router move, so that no two steps are alike.
TEST(LDCMTLRouter, HasTheGradientOfItsScalarOverTenSteps) {
  torch::manual_seed(1);
  LinearProblem problem(testing::three_tasks());
  const auto weighting = make_router(problem);
  torch::Tensor first;
  for (int i = 0; i < 10; ++i) {
    auto step = problem.step(Train::NONE, {}, weighting->needs());
    const auto before = i == 0 ? torch::Tensor() : router_of(*weighting);
    if (i == 0) first = step.loss_values();
    testing::take_step(*weighting, step);
    const auto gradient = problem.gradient().clone();
    const auto after = router_of(*weighting);
    if (i == 0) continue;  // drew its parameters
    const auto router = before.clone().requires_grad_();
    auto again = problem.step(Train::NONE, {}, weighting->needs());
    router_loss(again.losses, *again.trace, router, first).backward();
    EXPECT_TRUE(gradient.allclose(problem.gradient(), 0, 1e-10)) << i;
    EXPECT_TRUE(after.allclose(before - kRouterRate * router.grad(), 0, 1e-10)) << i;
    const torch::NoGradGuard no_grad;
    problem.parameters().values().variable_data().sub_(gradient, 0.002);
  }
}

// Two processes, the other one with these means of features and the same losses.
class OtherImages : public Collective {
 public:
  explicit OtherImages(torch::Tensor means) : means_(std::move(means)) {}
  int64_t size() const override { return 2; }
  void sum(torch::Tensor x) override {
    if (x.numel() == means_.numel()) {
      x.add_(means_);
    } else {
      x.mul_(2);
    }
  }

 private:
  torch::Tensor means_;
};

TEST(LDCMTLRouter, ReadsTheFeaturesOfAllProcesses) {
  torch::manual_seed(2);
  LinearProblem problem(testing::three_tasks());
  const auto weighting = make_router(problem);
  auto start = problem.step(Train::NONE, {}, weighting->needs());
  const auto first = start.loss_values();
  testing::take_step(*weighting, start);
  auto step = problem.step(Train::NONE, {}, weighting->needs());
  OtherImages both(torch::randn({3 * 34}, torch::kFloat64));
  ForwardTrace trace;
  std::vector<torch::Tensor> losses;
  for (int64_t i = 0; i < 3; ++i) {
    const auto name = testing::three_tasks()[size_t(i)].name;
    auto mean = torch::zeros({3 * 34}, torch::kFloat64);
    mean.narrow(0, 34 * i, 34).copy_(step.trace->last_features.at(name).detach().view({-1}));
    both.mean(mean);
    trace.last_features[name] = mean.narrow(0, 34 * i, 34).view({1, 34, 1, 1});
    losses.push_back(step.losses[size_t(i)].detach().clone().requires_grad_());
  }
  router_loss(losses, trace, router_of(*weighting), first).backward();
  step.collective = &both;
  const auto factors = testing::take_step(*weighting, step);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(factors[i], losses[i].grad().item<double>(), 1e-12);
}

TEST(LDCMTLRouter, WalksTheGraphOnce) {
  LinearProblem problem(testing::three_tasks());
  const auto weighting = make_router(problem);
  EXPECT_TRUE(weighting->needs().last_features);
  EXPECT_FALSE(weighting->needs().features);
  auto step = problem.step(Train::NONE, {}, weighting->needs());
  testing::take_step(*weighting, step);
  EXPECT_EQ(problem.kept_graph, std::vector<bool>{false});
}

TEST(LDCMTLRouter, SaysWhichDecoderNamesNoFeatures) {
  LinearProblem problem(testing::three_tasks());
  const auto weighting = make_router(problem);
  auto step = problem.step(Train::NONE, {}, weighting->needs());
  step.trace->last_features.erase("depth");
  try {
    testing::take_step(*weighting, step);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("that of depth names none"));
  }
}

}  // namespace
}  // namespace tasuki
