#include <gtest/gtest.h>

#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/linear_step.h"

// The options that all gradient methods have in common, on methods that they do not belong to.
namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;
using testing::three_tasks;
using testing::three_tasks_with_transfers;

// A step of a method, of these objectives (all when empty); its number is `step`.
std::vector<double> take(Weighting& method, LinearProblem& problem, int64_t step = 0,
                         const std::vector<size_t>& index = {}) {
  auto context = problem.step(Train::COUNT, index, method.needs());
  context.step = step;
  context.draws = Draws(9);
  return testing::take_step(method, context);
}

std::unique_ptr<Weighting> make_method(const std::string& name, const std::string& common,
                                       const Weighting::Context& context) {
  return testing::make<Weighting>(name, "gradients { " + common + " }", context);
}

// What a fresh method leaves in the flat gradient at step 0.
torch::Tensor gradient_of(const std::string& name, const std::string& common,
                          LinearProblem& problem) {
  take(*make_method(name, common, problem.context()), problem);
  return problem.gradient().clone();
}

class GradientOptions : public ::testing::TestWithParam<std::string> {
 protected:
  GradientOptions() { torch::manual_seed(3); }
};
INSTANTIATE_TEST_SUITE_P(Weightings, GradientOptions,
                         ::testing::Values("tasuki/PCGrad", "tasuki/CAGrad", "tasuki/GradDrop"));

TEST_P(GradientOptions, ScaleIsTheNumberOfGradients) {
  LinearProblem problem(three_tasks());
  const auto sum = gradient_of(GetParam(), "scale: SUM", problem);
  const auto mean = gradient_of(GetParam(), "scale: MEAN", problem);
  EXPECT_TRUE(is_close(problem.shared(mean), problem.shared(sum) / 3));
  EXPECT_TRUE(is_close(problem.decoder(mean, "seg"), problem.decoder(sum, "seg")));
  EXPECT_TRUE(gradient_of(GetParam(), "", problem).equal(sum));
}

TEST_P(GradientOptions, LogLossesCombineTheGradientsOfLogarithms) {
  LinearProblem problem(three_tasks_with_transfers());
  const auto losses = problem.step().loss_values();
  const auto logarithms = gradient_of(GetParam(), "log_losses: true", problem);
  const auto factors =
      take(*make_method(GetParam(), "log_losses: true", problem.context()), problem);
  const auto plain = take(*make_method(GetParam(), "", problem.context()), problem);
  for (size_t i = 0; i < factors.size(); ++i) {
    EXPECT_NEAR(factors[i], plain[i] / losses[int64_t(i)].item<double>(), 1e-12);
  }
  const auto rows = problem.rows().clone();
  problem.set_rows(rows / losses.unsqueeze(1));
  // Not to the last digits: CAGrad's solver stops at an accuracy.
  EXPECT_TRUE(logarithms.allclose(gradient_of(GetParam(), "", problem), 1e-7, 1e-9));
}

TEST_P(GradientOptions, ALossWithoutALogarithmIsSeenToBeBad) {
  LinearProblem problem(three_tasks());
  const auto method = make_method(GetParam(), "log_losses: true", problem.context());
  auto step = problem.step(Train::COUNT, {}, method->needs());
  step.losses[1] = step.losses[1] - step.losses[1].detach() - 0.5;
  testing::take_step(*method, step);
  EXPECT_FALSE(problem.gradient().isfinite().all().item<bool>());
}

TEST_P(GradientOptions, MaxNormShortensTheSharedPartAlone) {
  LinearProblem problem(three_tasks());
  const auto whole = gradient_of(GetParam(), "", problem);
  const double norm = problem.shared(whole).norm().item<double>();
  const std::string half = std::to_string(norm / 2), twice = std::to_string(norm * 2);
  const auto limited = gradient_of(GetParam(), "max_norm: " + half, problem);
  EXPECT_TRUE(problem.shared(limited).allclose(problem.shared(whole) / 2, 1e-5));
  for (const auto& objective : three_tasks()) {
    EXPECT_TRUE(problem.own(limited, objective.route).equal(problem.own(whole, objective.route)));
    EXPECT_TRUE(
        problem.decoder(limited, objective.name).equal(problem.decoder(whole, objective.name)));
  }
  EXPECT_TRUE(gradient_of(GetParam(), "max_norm: " + twice, problem).equal(whole));
}

TEST_P(GradientOptions, RowsInBf16AreRoundedRowsInWiderArithmetic) {
  for (const auto type : {torch::kFloat32, torch::kFloat64}) {
    LinearProblem problem(three_tasks(), type);
    const auto rounded = gradient_of(GetParam(), "rows: BF16", problem);
    const auto decoders = problem.decoder(rounded, "depth").clone();
    EXPECT_TRUE(decoders.equal(problem.decoder(problem.rows()[1], "depth")));
    problem.set_rows(problem.rows().to(torch::kBFloat16).to(type));
    const auto expected = problem.shared(gradient_of(GetParam(), "", problem));
    EXPECT_TRUE(problem.shared(rounded).allclose(expected, 1e-5, 1e-6));
  }
}

class WeightOptions : public ::testing::TestWithParam<std::string> {
 protected:
  WeightOptions() : problem_(three_tasks()) { torch::manual_seed(4); }

  std::unique_ptr<Weighting> make_method(const std::string& common, bool has_cut = true) {
    auto context = problem_.context();
    context.has_cut = has_cut;
    return tasuki::make_method(GetParam(), "decoders: WEIGHTED " + common, context);
  }
  // Other gradients in each step.
  void draw_rows() { problem_.set_rows(torch::randn_like(problem_.rows())); }
  // The combination of the present rows' shared part.
  torch::Tensor shared_sum(const std::vector<double>& weights) const {
    return torch::tensor(weights, torch::kFloat64).matmul(problem_.shared(problem_.rows()));
  }
  torch::Tensor shared() const { return problem_.shared(problem_.gradient()); }

  LinearProblem problem_;
};
INSTANTIATE_TEST_SUITE_P(Weightings, WeightOptions,
                         ::testing::Values("tasuki/PCGrad", "tasuki/CAGrad"));

// Whether the steps in between go through features or through parameters shows in nothing.
TEST_P(WeightOptions, EveryKeepsTheWeightsInBetween) {
  for (const bool has_cut : {true, false}) {
    const auto method = make_method("every: 3", has_cut);
    std::vector<double> kept;
    for (int64_t step = 0; step < 7; ++step) {
      draw_rows();
      const auto weights = take(*method, problem_, step);
      EXPECT_EQ(weights == kept, step % 3 != 0) << step;
      if (step % 3 == 0) {
        EXPECT_EQ(weights, take(*make_method(""), problem_)) << step;
      }
      take(*method, problem_, step);
      EXPECT_TRUE(is_close(shared(), shared_sum(weights))) << step;
      kept = weights;
    }
  }
}

TEST_P(WeightOptions, AnObjectiveWithoutAKeptWeightRenewsAll) {
  const auto method = make_method("every: 100");
  take(*method, problem_, 0, {0, 1});
  draw_rows();
  EXPECT_EQ(take(*method, problem_, 1), take(*make_method(""), problem_));
}

TEST_P(WeightOptions, SmoothingIsARunningMeanOfTheWeights) {
  const auto method = make_method("smoothing: 0.75");
  torch::Tensor mean;
  for (int64_t step = 0; step < 5; ++step) {
    draw_rows();
    const auto plain = torch::tensor(take(*make_method(""), problem_), torch::kFloat64);
    mean = step == 0 ? plain : 0.75 * mean + 0.25 * plain;
    const auto smoothed = take(*method, problem_, step);
    EXPECT_TRUE(is_close(torch::tensor(smoothed, torch::kFloat64), mean)) << step;
    EXPECT_TRUE(is_close(shared(), shared_sum(smoothed))) << step;
  }
}

TEST_P(WeightOptions, KeptWeightsAreInCheckpoints) {
  const auto method = make_method("every: 4 smoothing: 0.5");
  take(*method, problem_, 0);
  draw_rows();
  const auto resumed = make_method("every: 4 smoothing: 0.5");
  resumed->load_state(method->state());
  for (int64_t step = 1; step < 6; ++step) {
    EXPECT_EQ(take(*resumed, problem_, step), take(*method, problem_, step)) << step;
  }
}

// TorchJD's CR-MOGM around several methods, whose own weights are given.
TEST(Smoothing, MeetsTheReference) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  int compared = 0;
  for (const auto& entry : testing::read_fixture("torchjd_sequences.json")["entries"]) {
    if (entry["method"] != "CRMOGM") continue;
    std::vector<std::string> names;
    std::vector<size_t> all;
    for (size_t i = 0; i < entry["calls"][0]["weights"].size(); ++i) {
      names.push_back("task" + std::to_string(i));
      all.push_back(i);
    }
    options::GradientOptions options;
    options.set_smoothing(entry["options"]["alpha"].get<double>());
    KeptWeights kept(options, names);
    const auto& start = entry["options"]["initial_weights"];
    std::map<std::string, torch::Tensor> state;
    for (size_t i = 0; i < start.size(); ++i) {
      state["kept_weights.shared." + names[i]] = testing::to_tensor(start[i]);
    }
    kept.take_state(state);
    for (const auto& call : entry["calls"]) {
      const auto smoothed = kept.renew("shared", all, testing::to_tensor(call["inner_weights"]));
      EXPECT_TRUE(smoothed.allclose(testing::to_tensor(call["weights"]), 1e-10, 1e-12))
          << testing::name(entry);
      ++compared;
    }
  }
  EXPECT_GT(compared, 50);
}

TEST(RowOptions, RowsOfFeaturesAreNotRounded) {
  LinearProblem problem(three_tasks());
  try {
    make_method("tasuki/PCGrad", "at: FEATURES rows: BF16", problem.context());
    FAIL() << "no error";
  } catch (const OptionError& error) {
    EXPECT_EQ(error.field(), "gradients.rows");
  }
}

TEST(RowOptions, AreRefusedWhereTheMethodHasNoWeights) {
  LinearProblem problem(three_tasks());
  for (const std::string option : {"every", "smoothing"}) {
    const std::string value = option == "every" ? "2" : "0.5";
    try {
      make_method("tasuki/GradDrop", option + ": " + value, problem.context());
      FAIL() << option;
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "gradients." + option);
    }
  }
}

}  // namespace
}  // namespace tasuki
