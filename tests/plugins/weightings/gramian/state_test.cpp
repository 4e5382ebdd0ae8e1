#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/weightings/gramian/fixture_method.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::context_of;
using testing::make_gramian;

TEST(DualConeOptions, ThatTrainNothingOrDoNothingAreRefused) {
  const auto field_of = [](const std::string& name, const std::string& options) {
    try {
      make_gramian(name, options, 2);
    } catch (const OptionError& error) {
      return error.field();
    }
    return std::string();
  };
  const auto nothing = testing::values_text("preference", {0, 0});
  for (const std::string name : {"tasuki/UPGrad", "tasuki/DualProj"}) {
    EXPECT_EQ(field_of(name, nothing), "preference");
    EXPECT_EQ(field_of(name, "norm_eps: 1e-4"), "norm_eps");
    EXPECT_EQ(field_of(name, "norm_eps: 1e-4 reg_eps: 1e-4"), "");
  }
  EXPECT_EQ(field_of("tasuki/ConFIG", nothing), "preference");
  EXPECT_EQ(field_of("tasuki/AlignedMTL", nothing), "preference");
}

// Methods that keep something from step to step: it belongs to objectives by name, not to rows.
class GramianState : public ::testing::TestWithParam<std::string> {
 protected:
  GramianState() { torch::manual_seed(3); }

  static torch::Tensor weigh(GramianWeighting& method, const torch::Tensor& rows,
                             const std::vector<size_t>& objectives,
                             const std::string& part = "shared", uint64_t seed = 0) {
    Draws draws(seed);
    RowGroup group;
    group.part = part;
    group.objectives = objectives;
    return method.weigh_group(gram_matrix(rows), group, draws);
  }
  static torch::Tensor draw(int64_t n) { return torch::randn({n, 20}, torch::kFloat64); }
};

TEST_P(GramianState, MattersForTheNextStep) {
  const auto method = make_gramian(GetParam(), "", 3), fresh = make_gramian(GetParam(), "", 3);
  auto rows = draw(3);
  rows[1] -= 2 * rows[0];
  weigh(*method, 5 * draw(3).abs() * torch::tensor({{1.0}, {2.0}, {3.0}}), {0, 1, 2});
  EXPECT_FALSE(weigh(*method, rows, {0, 1, 2}).equal(weigh(*fresh, rows, {0, 1, 2})));
}

TEST_P(GramianState, IsThatOfTheObjectivesThatRun) {
  const auto all = make_gramian(GetParam(), "", 4), some = make_gramian(GetParam(), "", 4);
  const auto first = draw(4), second = draw(2);
  weigh(*all, first, {0, 1, 2, 3});
  for (const auto& [name, tensor] : all->method_state()) {
    // Objective 2 is away for a step.
    if (name.find("t2") == std::string::npos) continue;
    const auto before = tensor.clone();
    weigh(*all, second, {0, 3});
    EXPECT_TRUE(all->method_state().at(name).equal(before)) << name;
  }
  some->load_method_state(all->method_state());
  const auto rows = draw(3);
  EXPECT_TRUE(weigh(*some, rows, {1, 2, 3}).equal(weigh(*all, rows, {1, 2, 3})));
}

TEST_P(GramianState, IsOfEachPartByItself) {
  const auto both = make_gramian(GetParam(), "", 3), one = make_gramian(GetParam(), "", 3);
  const auto shared = draw(3);
  weigh(*both, shared, {0, 1, 2});
  weigh(*one, shared, {0, 1, 2});
  weigh(*both, draw(3).abs(), {0, 1, 2}, "seg");
  const auto rows = draw(3);
  EXPECT_TRUE(weigh(*both, rows, {0, 1, 2}).equal(weigh(*one, rows, {0, 1, 2})));
}

TEST_P(GramianState, StaysAsItIsWhereGradientsAreNotFinite) {
  const auto method = make_gramian(GetParam(), "", 3);
  weigh(*method, draw(3), {0, 1, 2});
  const auto before = method->method_state();
  auto rows = draw(3);
  rows[1][2] = std::nan("");
  weigh(*method, rows, {0, 1, 2});
  for (const auto& [name, tensor] : method->method_state()) {
    EXPECT_TRUE(tensor.equal(before.at(name))) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, GramianState, ::testing::Values("tasuki/PCD", "tasuki/GradVac"),
                         [](const auto& info) { return info.param.substr(7); });

std::string refused(const std::string& name, const std::string& options) {
  try {
    testing::make<Weighting>(name, options, context_of(3));
  } catch (const OptionError& error) {
    return error.field() + ": " + error.what();
  }
  return "nothing refused";
}

TEST(ObjectiveValues, AreRefusedWhereTheyMakeNoSense) {
  using ::testing::HasSubstr;
  for (const std::string name : {"UPGrad", "DualProj", "AlignedMTL", "ConFIG", "PIVRG"}) {
    const std::string field = name == "PIVRG" ? "score" : "preference";
    const auto one = [&](const std::string& objective, const std::string& value) {
      return field + " { objective: \"" + objective + "\" value: " + value + " } ";
    };
    EXPECT_THAT(refused("tasuki/" + name, one("t7", "1")), HasSubstr("t0, t1, t2"));
    EXPECT_THAT(refused("tasuki/" + name, one("t1", "1") + one("t1", "2")), HasSubstr("twice"));
    EXPECT_THAT(refused("tasuki/" + name, one("t1", "nan")), HasSubstr("finite"));
    EXPECT_EQ(refused("tasuki/" + name, one("t1", "0.5")), "nothing refused");
  }
  EXPECT_THAT(refused("tasuki/UPGrad", "preference { objective: \"t0\" value: -1 }"),
              HasSubstr("at least 0"));
}

TEST(FairGrad, RefusesPowersThatDoubleDoesNotReach) {
  for (const std::string alpha : {"0.2", "-1", "31", "nan"}) {
    EXPECT_THAT(refused("tasuki/FairGrad", "alpha: " + alpha), ::testing::HasSubstr("alpha"));
  }
  EXPECT_EQ(refused("tasuki/FairGrad", "alpha: 0"), "nothing refused");
}

// Of objectives that are not in the step, or not named.
TEST(ObjectiveValues, BelongToTheirObjectives) {
  torch::manual_seed(4);
  const auto rows = torch::randn({2, 20}, torch::kFloat64).abs();
  const auto method =
      make_gramian("tasuki/DualProj", "preference { objective: \"t2\" value: 3 }", 3);
  Draws draws(0);
  RowGroup group;
  group.part = "shared";
  group.objectives = {1, 2};
  const auto weights = method->weigh_group(gram_matrix(rows), group, draws);
  EXPECT_TRUE(testing::is_close(weights, torch::tensor({0.5, 1.5}, torch::kFloat64)));
}

TEST(RuleScales, MultiplyOrDivideByTheNumberOfRows) {
  torch::manual_seed(5);
  for (const std::string name :
       {"MGDA", "UPGrad", "DualProj", "NashMTL", "FairGrad", "PIVRG", "IMTLG", "AlignedMTL",
        "ConFIG", "CAGrad", "IMGrad", "PCD", "PCGrad", "GradVac"}) {
    testing::LinearProblem problem(testing::three_tasks());
    const auto combined = [&](const std::string& scale) {
      auto step = problem.step();
      step.draws = Draws(1);
      const auto options = "gradients { decoders: PLAIN scale: " + scale + " }";
      testing::take_step(*testing::make<Weighting>("tasuki/" + name, options, problem.context()),
                         step);
      return problem.shared(problem.gradient()).clone();
    };
    const auto sum = combined("SUM"), mean = combined("MEAN");
    EXPECT_TRUE(testing::is_close(sum, 3 * mean)) << name;
    Draws draws(1);
    const auto rows = problem.shared(problem.rows());
    const auto method = testing::make<Weighting>("tasuki/" + name, "", problem.context());
    auto& gramian = dynamic_cast<GramianWeighting&>(*method);
    const auto rule = gramian.weigh(gram_matrix(rows), draws).matmul(rows);
    const bool is_mean = gramian.rule_scale() == options::GradientOptions::MEAN;
    EXPECT_TRUE(testing::is_close(is_mean ? mean : sum, rule)) << name;
  }
}

}  // namespace
}  // namespace tasuki
