#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/plugins/weightings/loss/fixtures.h"
#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using testing::is_near;
using testing::LossRun;
using testing::Values;

Values drawn_losses(int64_t tasks) {
  return to_vector(torch::exp(2 * torch::randn({tasks}, torch::kFloat64)));
}

// Steps in epochs 0 to 6, each with an update; the factors of all of them.
std::vector<Values> steps_of(const std::string& method, const std::vector<Values>& losses) {
  LossRun run("tasuki/" + method, "", losses[0].size());
  std::vector<Values> factors;
  for (size_t i = 0; i + 1 < losses.size(); ++i) {
    factors.push_back(run.step(losses[i], int64_t(i)));
    run.update(losses[i + 1]);
  }
  return factors;
}

std::vector<Values> permuted(std::vector<Values> all, const std::vector<int64_t>& order) {
  for (auto& values : all) {
    Values other;
    for (const int64_t i : order) other.push_back(values[size_t(i)]);
    values = other;
  }
  return all;
}

// LDCMTL joins neighbours, and RandomWeights draws by place.
class OrderOfTasks : public ::testing::TestWithParam<std::string> {};

TEST_P(OrderOfTasks, DoesNotMatter) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    torch::manual_seed(seed);
    const int64_t tasks = 2 + int64_t(seed) % 6;
    const auto order = torch::randperm(tasks, torch::kInt64);
    const std::vector<int64_t> places(order.data_ptr<int64_t>(), order.data_ptr<int64_t>() + tasks);
    std::vector<Values> losses;
    for (int i = 0; i < 8; ++i) losses.push_back(drawn_losses(tasks));
    const auto there = permuted(steps_of(GetParam(), losses), places);
    const auto here = steps_of(GetParam(), permuted(losses, places));
    for (size_t i = 0; i < here.size(); ++i) {
      EXPECT_THAT(here[i], is_near(there[i], 1e-9)) << seed << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, OrderOfTasks,
                         ::testing::Values("GLS", "SI", "IMTL_L", "STCH", "PlainSTCH", "FAMO",
                                           "COSMOS", "PBI", "GO4Align", "IGBv1", "ConstantWeights"),
                         [](const auto& info) { return info.param; });

// The weights of these give every loss the same part of the gradient whatever its unit.
TEST(ScaleInvariantMethods, GiveEveryLossTheSamePart) {
  for (const std::string method : {"GLS", "SI"}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      torch::manual_seed(seed);
      auto losses = drawn_losses(5);
      losses[2] *= 1e-200;
      losses[3] *= 1e80;
      const auto factors = steps_of(method, {losses, losses})[0];
      for (size_t i = 1; i < 5; ++i) {
        EXPECT_NEAR(factors[i] * losses[i] / (factors[0] * losses[0]), 1, 1e-10) << method;
      }
    }
  }
}

// What each rule comes to for one task, L = 2.5.
TEST(OneTask, HasTheWeightOfTheRule) {
  const std::map<std::string, double> expected = {{"GLS", 1},           {"SI", 0.4},
                                                  {"IMTL_L", 1},        {"STCH", 0.4},
                                                  {"PlainSTCH", 1},     {"FAMO", 1},
                                                  {"COSMOS", 1},        {"PBI", 1},
                                                  {"GO4Align", 1},      {"IGBv1", 0.4},
                                                  {"LDCMTL", 1},        {"EW", 1},
                                                  {"RandomWeights", 1}, {"ConstantWeights", 1},
                                                  {"GradNorm", 1},      {"LDCMTLRouter", 1}};
  for (const auto& [method, weight] : expected) {
    LossRun run("tasuki/" + method, "", 1);
    EXPECT_THAT(run.step({2.5}), is_near({weight}, 1e-12)) << method;
    run.update({2.5});
    EXPECT_TRUE(std::isfinite(run.step({2.5}, 7)[0])) << method;
  }
}

class PositiveLosses : public ::testing::TestWithParam<std::string> {};

// The run then stops with the loss's name, and nothing of it gets into the state.
TEST_P(PositiveLosses, AreNeeded) {
  for (const double bad : {0.0, -0.5, std::nan("")}) {
    if (bad == 0 && GetParam() == "FAMO") continue;  // which adds 1e-8
    for (const int64_t epoch : {0, 9}) {
      LossRun run("tasuki/" + GetParam(), "", 3);
      run.step({1, 2, 3}, 0);
      const auto factors = run.step({1, bad, 3}, epoch);
      EXPECT_TRUE(std::any_of(factors.begin(), factors.end(), [](double factor) {
        return !std::isfinite(factor);
      })) << bad;
      run.update({1, bad, 3});
      for (const auto& [name, tensor] : run.weighting->state()) {
        EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name << " " << bad;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, PositiveLosses,
                         ::testing::Values("GLS", "SI", "STCH", "FAMO", "GO4Align", "IGBv1",
                                           "LDCMTLRouter", "GradNorm"),
                         [](const auto& info) { return info.param; });

TEST(RandomWeights, SumToOneOrToTheirNumber) {
  LossRun one("tasuki/RandomWeights", "", 5), all("tasuki/RandomWeights", "sum: OBJECTIVES", 5);
  Values before;
  for (int i = 0; i < 5; ++i) {
    const auto small = one.step(Values(5, 1)), large = all.step(Values(5, 1));
    EXPECT_NEAR(std::accumulate(small.begin(), small.end(), 0.0), 1, 1e-12);
    for (size_t k = 0; k < 5; ++k) EXPECT_NEAR(large[k], 5 * small[k], 1e-12);
    EXPECT_NE(small, before);
    before = small;
  }
}

TEST(ConstantWeights, AreByName) {
  const auto objectives = testing::three_tasks_with_transfers();
  LossRun run("tasuki/ConstantWeights",
              "weight { objective: \"normal\" value: 3 } "
              "weight { objective: \"depth->seg\" value: 0 }",
              objectives);
  EXPECT_EQ(run.step(Values(6, 1)), (Values{1, 1, 3, 1, 0, 1}));
  EXPECT_EQ(run.step(Values(2, 1), 0, {2, 4}), (Values{3, 0}));
}

void expect_option_error(const std::string& method, const std::string& options,
                         const std::string& field, const std::string& problem) {
  try {
    LossRun run("tasuki/" + method, options, 2);
    FAIL() << "no error: " << options;
  } catch (const OptionError& error) {
    EXPECT_EQ(error.field(), field);
    EXPECT_THAT(error.problem(), ::testing::HasSubstr(problem));
  }
}

TEST(ConstantWeights, RefuseWhatTheModelDoesNotHave) {
  expect_option_error("ConstantWeights", "weight { objective: \"t7\" value: 1 }",
                      "weight[0].objective", "t7 is no objective of the model, which has t0, t1");
  expect_option_error("ConstantWeights",
                      "weight { objective: \"t1\" value: 1 } weight { objective: \"t1\" value: 2 }",
                      "weight[1].objective", "t1 is there twice");
  for (const std::string value : {"-1", "inf", "nan"}) {
    expect_option_error("ConstantWeights", "weight { objective: \"t0\" value: " + value + " }",
                        "weight[0].value", "finite number of at least 0");
  }
  for (const std::string name : {"ConstantWeights", "COSMOS", "PBI", "PlainSTCH"}) {
    expect_option_error(name, testing::numbers_text("weight", {0, 0}), "weight",
                        "is 0 for every objective");
  }
  expect_option_error("PBI", "reference { objective: \"t0\" value: nan }", "reference[0].value",
                      "finite number");
}

// Where the weights of IMTL_L settle: factor_i L_i = 1.
TEST(IMTL_L, BalancesLossesAndDoesNotDecay) {
  LossRun run("tasuki/IMTL_L", "", 2);
  auto context = run.problem.context();
  context.make_optimizer = [](const Optimizer::Context& own) {
    return testing::make<Optimizer>("tasuki/SGD", "momentum: 0 weight_decay: 0.5", own);
  };
  run.weighting = testing::make<Weighting>("tasuki/IMTL_L", "", context);
  for (int i = 0; i < 1000; ++i) run.step({0.5, 4});
  EXPECT_THAT(run.step({0.5, 4}), is_near({2, 0.25}, 1e-9));
}

TEST(IMTL_L, RefusesToLoseTheScale) {
  auto context = testing::LinearProblem(testing::three_tasks()).context();
  context.route_normalization = Train::SUM;
  EXPECT_THROW(testing::make<Weighting>("tasuki/IMTL_L", "", context), OptionError);
}

// An objective whose epoch is not there yet counts with the ratio 1, and then has its own.
TEST(MeansOfAnEpoch, AreOfTheFirstEpochThatAnObjectiveRunsIn) {
  for (const bool tchebycheff : {true, false}) {
    LossRun run(tchebycheff ? "tasuki/STCH" : "tasuki/IGBv1",
                tchebycheff ? "warmup_epochs: 1" : "base_epoch: 1", 2);
    run.step({5}, 0, {0});
    run.step({1}, 1, {0});
    run.step({3}, 1, {0});  // mean 2
    const auto parts = [&](double first, double second) {
      const double a = tchebycheff ? first : std::exp(first);
      const double b = tchebycheff ? second : std::exp(second);
      return Values{2 * a / (a + b), 2 * b / (a + b)};
    };
    auto expected = parts(4.0 / 2, 1);
    EXPECT_THAT(run.step({4, 10}, 2), is_near({expected[0] / 4, expected[1] / 10}, 1e-12));
    expected = parts(1.0 / 2, 30.0 / 10);
    EXPECT_THAT(run.step({1, 30}, 3), is_near({expected[0] / 1, expected[1] / 30}, 1e-12));
  }
}

// p of those that run keeps its sum, so that who comes back is not drowned.
TEST(GO4Align, AnObjectiveThatDoesNotRunKeepsItsShare) {
  LossRun run("tasuki/GO4Align", "step_size: 0.5", 3);
  run.step({1, 2, 3});
  const auto before = run.kept("share");
  run.step({1, 3}, 0, {0, 2});
  const auto after = run.kept("share");
  EXPECT_EQ(after[1], before[1]);
  EXPECT_GT(after[0], before[0]);
  EXPECT_NEAR(after[0] + after[2], before[0] + before[2], 1e-15);
}

}  // namespace
}  // namespace tasuki
