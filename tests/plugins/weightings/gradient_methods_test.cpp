#include <gtest/gtest.h>

#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;

// What all gradient methods have in common.
class GradientMethods
    : public ::testing::TestWithParam<std::tuple<std::string, torch::ScalarType>> {
 protected:
  GradientMethods() { torch::manual_seed(1); }

  std::string name() const { return std::get<0>(GetParam()); }
  torch::ScalarType type() const { return std::get<1>(GetParam()); }
  torch::Tensor as_tensor(const std::vector<double>& values) const {
    return torch::tensor(values, torch::kFloat64).to(type());
  }
  // A new weighting's answer to a step, with random numbers of a fixed seed.
  std::vector<double> take_step(LinearProblem& problem, StepContext step,
                                const std::string& options = "") const {
    step.draws = Draws(9);
    return testing::take_step(*testing::make<Weighting>(name(), options, problem.context()), step);
  }
  // The same of all objectives, on a graph as the options need it.
  std::vector<double> take_full_step(LinearProblem& problem, const std::string& options) const {
    const auto weighting = testing::make<Weighting>(name(), options, problem.context());
    auto step = problem.step(Train::COUNT, {}, weighting->needs());
    step.draws = Draws(9);
    return testing::take_step(*weighting, step);
  }
  std::string refused_field(const std::string& options, const Weighting::Context& context) const {
    try {
      testing::make<Weighting>(name(), options, context);
    } catch (const OptionError& error) {
      return error.field();
    }
    return "nothing refused";
  }
};

TEST_P(GradientMethods, WalkOncePerObjectiveAndKeepTheGraphButForTheLast) {
  LinearProblem problem(testing::three_tasks(), type());
  EXPECT_EQ(take_step(problem, problem.step()), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(problem.kept_graph, (std::vector<bool>{true, true, false}));
}

TEST_P(GradientMethods, OneObjectiveIsEW) {
  LinearProblem problem(testing::three_tasks(), type());
  for (const std::string options : {"", "scope: SHARED_AND_ROUTES"}) {
    for (const size_t i : {0, 2}) {
      EXPECT_EQ(take_step(problem, problem.step(Train::COUNT, {i}), options),
                std::vector<double>{1});
      EXPECT_TRUE(problem.gradient().equal(problem.rows()[int64_t(i)]));
      EXPECT_EQ(problem.kept_graph, std::vector<bool>{false});
    }
  }
}

TEST_P(GradientMethods, NothingInCommonIsEWInOneWalk) {
  LinearProblem problem(testing::three_tasks(), type());
  auto context = problem.context();
  context.shared.clear();
  auto step = problem.step();
  const auto weighting = testing::make<Weighting>(name(), "scope: SHARED_AND_ROUTES", context);
  testing::take_step(*weighting, step);
  EXPECT_TRUE(is_close(problem.gradient(), problem.rows().sum(0)));
  EXPECT_EQ(problem.kept_graph, std::vector<bool>{false});
}

TEST_P(GradientMethods, OwnPartsAndDecodersGetThePlainSum) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  const auto factors = as_tensor(take_step(problem, problem.step(Train::COUNT)));
  const auto sum = factors.matmul(problem.rows());
  for (const std::string route : {"seg", "depth", "normal"}) {
    EXPECT_TRUE(is_close(problem.own(problem.gradient(), route), problem.own(sum, route)));
  }
  for (const auto& objective : testing::three_tasks_with_transfers()) {
    const auto decoder = problem.decoder(problem.gradient(), objective.name);
    EXPECT_TRUE(is_close(decoder, problem.decoder(sum, objective.name))) << objective.name;
  }
  EXPECT_FALSE(is_close(problem.shared(problem.gradient()), problem.shared(sum)));
}

TEST_P(GradientMethods, FactorsMultiplyTheGradientsBeforeTheyAreCombined) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  const auto reported = take_step(problem, problem.step(Train::COUNT));
  const std::vector<double> expected = {1.0 / 3, 0.5, 1, 1.0 / 3, 1.0 / 3, 0.5};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(reported[i], expected[i], 1e-15) << i;
  const auto combined = problem.gradient().clone();
  problem.set_rows(as_tensor(expected).unsqueeze(1) * problem.rows());
  take_step(problem, problem.step(Train::NONE));
  EXPECT_TRUE(is_close(combined, problem.gradient()));
}

TEST_P(GradientMethods, ObjectivesThatDoNotRunTakeNoPart) {
  LinearProblem all(testing::three_tasks_with_transfers(), type());
  EXPECT_EQ(take_step(all, all.step(Train::NONE, {0, 2, 3})).size(), 3u);
  LinearProblem some({Objective::primary("seg"), Objective::primary("normal"),
                      Objective::transfer("normal", "seg")},
                     type());
  some.set_shared(all.shared(all.rows().index_select(0, torch::tensor({0, 2, 3}))));
  take_step(some, some.step());
  EXPECT_TRUE(is_close(all.shared(all.gradient()), some.shared(some.gradient())));
  for (const std::string objective : {"depth", "depth->seg", "normal->depth"}) {
    EXPECT_EQ(all.decoder(all.gradient(), objective).count_nonzero().item<int64_t>(), 0);
  }
  EXPECT_EQ(all.own(all.gradient(), "depth").count_nonzero().item<int64_t>(), 0);
}

TEST_P(GradientMethods, RoutesOfSeveralObjectivesAreCombinedWhereTheScopeSaysSo) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  auto rows = problem.rows().clone();  // with a conflict on both routes
  problem.own(rows[3], "seg").sub_(3 * problem.own(rows[0], "seg"));
  problem.own(rows[5], "depth").sub_(3 * problem.own(rows[1], "depth"));
  problem.set_rows(rows);
  take_step(problem, problem.step());
  const auto plain = problem.gradient().clone();
  take_step(problem, problem.step(), "scope: SHARED_AND_ROUTES");
  const auto& gradient = problem.gradient();
  EXPECT_TRUE(is_close(problem.shared(gradient), problem.shared(plain)));
  EXPECT_FALSE(is_close(problem.own(gradient, "seg"), problem.own(plain, "seg")));
  EXPECT_FALSE(is_close(problem.own(gradient, "depth"), problem.own(plain, "depth")));
  // One objective alone runs on this route.
  EXPECT_TRUE(is_close(problem.own(gradient, "normal"), problem.own(plain, "normal")));
  for (const auto& objective : testing::three_tasks_with_transfers()) {
    EXPECT_TRUE(is_close(problem.decoder(gradient, objective.name),
                         problem.decoder(plain, objective.name)));
  }
}

// Gradients without a conflict, all above zero: a method that then gives the plain sum.
TEST_P(GradientMethods, ParametersSideBySideAreOnePiece) {
  LinearProblem problem(testing::three_tasks(), type());
  problem.set_rows(problem.rows().abs());
  auto context = problem.context();
  const auto& spans = problem.parameters().segments();
  context.shared = {spans.begin(), spans.begin() + 5};  // all but the decoders
  auto step = problem.step();
  const std::string options = name() == "tasuki/CAGrad" ? "c: 0" : "";
  testing::take_step(*testing::make<Weighting>(name(), options, context), step);
  EXPECT_TRUE(is_close(problem.gradient(), problem.rows().sum(0)));
  EXPECT_EQ(problem.kept_graph.size(), 3u);
}

TEST_P(GradientMethods, RefuseOptionsThatAreNone) {
  const auto context = LinearProblem(testing::three_tasks(), type()).context();
  // Numbers that are no value of an enum are no text of these messages.
  for (const std::string options :
       {"scope: 7", "gradients { scope: 7 }", "gradients { at: 7 }", "gradients { decoders: 7 }"}) {
    EXPECT_ANY_THROW(refused_field(options, context)) << options;
  }
  EXPECT_EQ(refused_field("scope: SHARED gradients { scope: SHARED_AND_ROUTES }", context),
            "scope");
}

TEST_P(GradientMethods, RefuseFeaturesThatAreNotThere) {
  LinearProblem problem(testing::three_tasks(), type());
  auto context = problem.context();
  EXPECT_EQ(refused_field("gradients { at: FEATURES scope: SHARED_AND_ROUTES }", context),
            "gradients.at");
  context.has_cut = false;
  EXPECT_EQ(refused_field("gradients { at: FEATURES }", context), "gradients.at");
}

TEST_P(GradientMethods, TakeTheScopeFromItsOldPlace) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  take_full_step(problem, "scope: SHARED_AND_ROUTES");
  const auto old = problem.gradient().clone();
  take_full_step(problem, "gradients { scope: SHARED_AND_ROUTES }");
  EXPECT_TRUE(problem.gradient().equal(old));
  take_full_step(problem, "scope: SHARED_AND_ROUTES gradients { scope: SHARED_AND_ROUTES }");
  EXPECT_TRUE(problem.gradient().equal(old));
  EXPECT_EQ(
      refused_field("scope: SHARED_AND_ROUTES gradients { scope: SHARED }", problem.context()),
      "scope");
}

// The problem's features are its shared parameters times 1, and so are the gradients.
TEST_P(GradientMethods, CombineOnFeaturesWhatTheyDoOnParameters) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  const auto factors = take_full_step(problem, "");
  const auto gradient = problem.gradient().clone();
  EXPECT_EQ(take_full_step(problem, "gradients { at: FEATURES }"), factors);
  EXPECT_EQ(problem.kept_graph, (std::vector<bool>{true, true, true, true, true, false}));
  EXPECT_TRUE(is_close(problem.gradient(), gradient));
}

TEST_P(GradientMethods, OnFeaturesOneObjectiveIsEW) {
  LinearProblem problem(testing::three_tasks(), type());
  const auto weighting =
      testing::make<Weighting>(name(), "gradients { at: FEATURES }", problem.context());
  auto step = problem.step(Train::COUNT, {1}, weighting->needs());
  EXPECT_EQ(testing::take_step(*weighting, step), std::vector<double>{1});
  EXPECT_TRUE(problem.gradient().equal(problem.rows()[1]));
}

// Everything gets the sum of the gradients with the same weights then, which are reported.
TEST_P(GradientMethods, WeighDecodersAndOwnPartsWhereAskedTo) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  if (name() == "tasuki/GradDrop") {
    EXPECT_EQ(refused_field("gradients { decoders: WEIGHTED }", problem.context()),
              "gradients.decoders");
    return;
  }
  const auto plain = take_full_step(problem, "");
  const auto shared = problem.shared(problem.gradient()).clone();
  for (const std::string at : {"PARAMETERS", "FEATURES"}) {
    const auto weighted =
        take_full_step(problem, "gradients { decoders: WEIGHTED at: " + at + " }");
    EXPECT_NE(weighted, plain);
    EXPECT_TRUE(is_close(problem.gradient(), as_tensor(weighted).matmul(problem.rows()))) << at;
    EXPECT_TRUE(is_close(problem.shared(problem.gradient()), shared)) << at;
  }
}

TEST_P(GradientMethods, WeighDecodersBesideRoutesThatAreCombined) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  if (name() == "tasuki/GradDrop") return;  // has no weights: see above
  take_full_step(problem, "gradients { scope: SHARED_AND_ROUTES }");
  const auto plain = problem.gradient().clone();
  const auto factors =
      take_full_step(problem, "gradients { scope: SHARED_AND_ROUTES decoders: WEIGHTED }");
  const auto& gradient = problem.gradient();
  EXPECT_TRUE(problem.shared(gradient).equal(problem.shared(plain)));
  for (const std::string route : {"seg", "depth", "normal"}) {
    EXPECT_TRUE(problem.own(gradient, route).equal(problem.own(plain, route))) << route;
  }
  const auto sum = as_tensor(factors).matmul(problem.rows());
  for (const auto& objective : testing::three_tasks_with_transfers()) {
    EXPECT_TRUE(
        is_close(problem.decoder(gradient, objective.name), problem.decoder(sum, objective.name)));
  }
}

TEST_P(GradientMethods, ZeroGradientsGiveZeros) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  problem.set_rows(torch::zeros_like(problem.rows()));
  take_step(problem, problem.step(), "scope: SHARED_AND_ROUTES");
  EXPECT_EQ(problem.gradient().count_nonzero().item<int64_t>(), 0);
}

TEST_P(GradientMethods, OneZeroGradientIsNoNaN) {
  LinearProblem problem(testing::three_tasks(), type());
  auto rows = problem.rows().clone();
  rows[1].zero_();
  problem.set_rows(rows);
  take_step(problem, problem.step());
  EXPECT_TRUE(problem.gradient().isfinite().all().item<bool>());
  EXPECT_GT(problem.shared(problem.gradient()).norm().item<double>(), 0);
}

TEST_P(GradientMethods, TheFillingBetweenParametersStaysZero) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  take_step(problem, problem.step(), "scope: SHARED_AND_ROUTES");
  auto rest = problem.gradient().clone();
  for (const auto& span : problem.parameters().segments())
    rest.slice(0, span.begin, span.end).zero_();
  EXPECT_EQ(rest.count_nonzero().item<int64_t>(), 0);
}

TEST_P(GradientMethods, TheSameSeedGivesTheSameBits) {
  LinearProblem problem(testing::three_tasks_with_transfers(), type());
  take_step(problem, problem.step());
  const auto first = problem.gradient().clone();
  take_step(problem, problem.step());
  EXPECT_TRUE(first.equal(problem.gradient()));
}

INSTANTIATE_TEST_SUITE_P(Every, GradientMethods,
                         ::testing::Combine(::testing::Values("tasuki/PCGrad", "tasuki/CAGrad",
                                                              "tasuki/GradDrop"),
                                            ::testing::Values(torch::kFloat64, torch::kFloat32)),
                         [](const auto& info) {
                           const std::string type =
                               std::get<1>(info.param) == torch::kFloat64 ? "float64" : "float32";
                           return std::get<0>(info.param).substr(7) + "_" + type;
                         });

}  // namespace
}  // namespace tasuki
