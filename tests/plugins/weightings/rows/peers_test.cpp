// Against second implementations in Python (tests/peers/row_methods.py), over ten steps.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "plugins/weightings/rows/sign_dropout.h"
#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/linear_step.h"
#include "tests/plugins/weightings/matrix_step.h"

namespace tasuki {
namespace {

using testing::to_tensor;

nlohmann::json read_peer(const std::string& name) {
  std::ifstream stream(std::string(TASUKI_TEST_DATA) + "/weightings/" + name);
  return nlohmann::json::parse(stream);
}

double difference(const torch::Tensor& actual, const torch::Tensor& expected) {
  return ((actual - expected).norm() / expected.norm()).item<double>();
}

TEST(RowPeers, SAMGS) {
  for (const auto& entry : read_peer("sam_gs.json")) {
    std::string options;
    for (const auto& [name, value] : entry.at("options").items()) {
      options += name + ": " + value.dump() + " ";
    }
    testing::MatrixStep step("tasuki/SAMGS", options, 3, 12);
    ASSERT_EQ(entry.at("calls").size(), 10u);
    for (const auto& call : entry.at("calls")) {
      step.take(to_tensor(call.at("rows")));
      EXPECT_LT(difference(step.direction(), to_tensor(call.at("direction"))), 1e-9) << options;
    }
  }
}

TEST(RowPeers, GradDropOnFeatures) {
  const auto calls = read_peer("graddrop_on_features.json");
  ASSERT_EQ(calls.size(), 10u);
  for (const auto& call : calls) {
    const auto features = to_tensor(call.at("features"));
    const auto gradients = to_tensor(call.at("gradients")).unbind(0);
    std::vector<torch::Tensor> votes;
    for (const auto& gradient : gradients) {
      votes.push_back(weightings::feature_vote(features, gradient));
    }
    const auto all = torch::stack(votes);
    const auto positive = weightings::draw_signs(all, to_tensor(call.at("uniform")));
    const auto combined =
        weightings::drop_in_features(gradients, all, positive, call.at("leak").get<double>());
    EXPECT_LT(difference(combined, to_tensor(call.at("combined"))), 1e-9);
  }
}

// The whole step: votes of the features' gradients, which are those of the shared parameters here,
// over all of a leaf, as it has no dimension but that of the batch.
TEST(GradDropOnFeatures, DropsWhatTheDrawSays) {
  testing::LinearProblem problem(testing::three_tasks());
  const auto weighting =
      testing::make<Weighting>("tasuki/GradDropOnFeatures", "leak: 0.2", problem.context());
  const auto rows = problem.shared(problem.rows());
  const auto values = problem.shared(problem.parameters().values().detach());
  std::set<double> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto step = problem.step(Train::NONE, {}, weighting->needs());
    step.draws = Draws(seed);
    testing::take_step(*weighting, step);
    Draws draws(seed);
    for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, 13}, {13, 34}}) {
      const auto part = rows.slice(1, begin, end);
      const auto all = (part * values.slice(0, begin, end).sign()).sum(1);
      const auto positive = weightings::draw_signs(all, draws.uniform_like(all[0]));
      const auto expected = weightings::drop_in_features(part.unbind(0), all, positive, 0.2);
      const auto actual = problem.shared(problem.gradient()).slice(0, begin, end);
      EXPECT_TRUE(testing::is_close(actual, expected)) << seed;
      seen.insert(actual.norm().item<double>());
    }
  }
  EXPECT_GT(seen.size(), 2u);  // both signs of some leaf were drawn
}

TEST(GradDropOnFeatures, AllLeakedIsTheSum) {
  testing::LinearProblem problem(testing::three_tasks());
  const auto weighting =
      testing::make<Weighting>("tasuki/GradDropOnFeatures", "leak: 1", problem.context());
  auto step = problem.step(Train::NONE, {}, weighting->needs());
  testing::take_step(*weighting, step);
  EXPECT_TRUE(testing::is_close(problem.gradient(), problem.rows().sum(0)));
}

TEST(GradDropOnFeatures, RefusesAModelWithoutACut) {
  testing::LinearProblem problem(testing::three_tasks());
  auto context = problem.context();
  context.has_cut = false;
  EXPECT_THROW(testing::make<Weighting>("tasuki/GradDropOnFeatures", "", context), OptionError);
}

}  // namespace
}  // namespace tasuki
