#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/step/gradient_rows.h"
#include "tests/plugins/weightings/linear_step.h"

// Classes that a plugin might bring, on the interfaces alone.
namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;
using testing::take_step;

const options::GradientOptions& no_options() {
  return options::GradientOptions::default_instance();
}

// Weights that sum_i L_i^2 / 2 has, the second half of which is an extra term.
class Squares : public LossWeighting {
 public:
  LossWeights weigh(const LossStep& step) override {
    const auto& losses = step.differentiable_losses();
    return {step.losses / 2, losses.square().sum() / 4};
  }
};

TEST(LossWeighting, AnExtraTermOfTheLossesTrainsTheModel) {
  LinearProblem problem(testing::three_tasks());
  Squares squares;
  squares.set_up(no_options(), problem.context());
  auto step = problem.step();
  const auto losses = to_vector(step.loss_values());
  EXPECT_EQ(take_step(squares, step), losses);
  const auto expected = torch::tensor(losses, torch::kFloat64).matmul(problem.rows());
  EXPECT_TRUE(is_close(problem.gradient(), expected));
  EXPECT_TRUE(squares.state().empty());
}

// One number for each objective, trained on extra = sum_i (s_i - L_i)^2.
class Followers : public LossWeighting {
 public:
  std::optional<OwnParameter> own_parameter() const override { return {{"follower", 1}}; }
  LossWeights weigh(const LossStep& step) override {
    seen = step;
    return {torch::ones_like(step.losses), (step.parameters - step.losses).square().sum()};
  }
  LossStep seen;
};

TEST(LossWeighting, ItsParametersAreThoseOfTheObjectivesThatRun) {
  LinearProblem problem(testing::three_tasks());
  Followers followers;
  auto context = problem.context();
  context.make_optimizer = [](const Optimizer::Context& own) {
    return testing::make<Optimizer>("tasuki/SGD", "momentum: 0 weight_decay: 0", own);
  };
  followers.set_up(no_options(), context);
  auto step = problem.step(Train::NONE, {0, 2});
  step.epoch = 4;
  step.step = 17;
  step.coefficients = torch::tensor({1.0, 0.5}, torch::kFloat64);
  EXPECT_EQ(take_step(followers, step), (std::vector<double>{1, 0.5}));
  EXPECT_EQ(followers.seen.epoch, 4);
  EXPECT_EQ(followers.seen.step, 17);
  EXPECT_TRUE(followers.seen.index.equal(torch::tensor({0, 2}, torch::kInt64)));
  EXPECT_TRUE(followers.seen.losses.equal(step.loss_values()));
  EXPECT_FALSE(followers.seen.losses.requires_grad());
  const auto losses = to_vector(step.loss_values());
  // s - lr d/ds [ f L + (s - L)^2 ], where f does not depend on s
  const auto state = followers.state();
  EXPECT_NEAR(state.at("seg.follower").item<double>(), 1 - 0.1 * 2 * (1 - losses[0]), 1e-14);
  EXPECT_NEAR(state.at("normal.follower").item<double>(), 1 - 0.1 * 2 * (1 - losses[1]), 1e-14);
  EXPECT_EQ(state.at("depth.follower").item<double>(), 1);
}

// The sum, and what it was asked.
class Asked : public GramianWeighting {
 public:
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return torch::ones({gramian.size(0)}, torch::kFloat64);
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group,
                            Draws& draws) override {
    groups.push_back(group);
    gramians.push_back(gramian);
    return weigh(gramian, draws);
  }
  std::vector<RowGroup> groups;
  std::vector<torch::Tensor> gramians;
};

TEST(GramianWeighting, KnowsWhoseRowsItWeighs) {
  torch::manual_seed(1);
  LinearProblem problem(testing::three_tasks_with_transfers());
  Asked asked;
  options::GradientOptions options;
  options.set_scope(options::GradientOptions::SHARED_AND_ROUTES);
  asked.set_up(options, problem.context());
  auto step = problem.step(Train::NONE, {0, 2, 3, 4});
  step.epoch = 2;
  step.step = 9;
  take_step(asked, step);
  ASSERT_EQ(asked.groups.size(), 2u);
  EXPECT_EQ(asked.groups[0].part, "shared");
  EXPECT_EQ(asked.groups[0].objectives, (std::vector<size_t>{0, 2, 3, 4}));
  EXPECT_TRUE(asked.groups[0].losses.equal(step.loss_values()));
  EXPECT_EQ(asked.groups[1].part, "seg");
  EXPECT_EQ(asked.groups[1].objectives, (std::vector<size_t>{0, 3, 4}));
  EXPECT_TRUE(asked.groups[1].losses.equal(
      step.loss_values().index_select(0, torch::tensor({0, 2, 3}, torch::kInt64))));
  EXPECT_EQ(asked.groups[1].epoch, 2);
  EXPECT_EQ(asked.groups[1].step, 9);
  const auto rows = problem.shared(problem.rows().index_select(0, torch::tensor({0, 2, 3, 4})));
  EXPECT_TRUE(is_close(asked.gramians[0], rows.matmul(rows.t())));
  EXPECT_TRUE(is_close(problem.gradient(),
                       problem.rows().index_select(0, torch::tensor({0, 2, 3, 4})).sum(0)));
}

// Decoders' gradients are weighed unless the config says otherwise.
class Weighty : public GramianWeighting {
 public:
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return torch::arange(1, gramian.size(0) + 1, torch::kFloat64);
  }

 protected:
  options::GradientOptions::Decoders default_decoders() const override {
    return options::GradientOptions::WEIGHTED;
  }
};

TEST(GramianWeighting, SaysWhatDecodersGetByDefault) {
  LinearProblem problem(testing::three_tasks());
  for (const bool plain : {false, true}) {
    Weighty weighty;
    options::GradientOptions options;
    if (plain) options.set_decoders(options::GradientOptions::PLAIN);
    weighty.set_up(options, problem.context());
    auto step = problem.step();
    const std::vector<double> expected = {1, plain ? 1.0 : 2.0, plain ? 1.0 : 3.0};
    EXPECT_EQ(take_step(weighty, step), expected);
    const auto tasks = testing::three_tasks();
    for (int64_t i = 0; i < 3; ++i) {
      const auto& name = tasks[size_t(i)].name;
      EXPECT_TRUE(is_close(problem.decoder(problem.gradient(), name),
                           expected[size_t(i)] * problem.decoder(problem.rows()[i], name)));
    }
  }
}

// The largest gradient of each element; as a whole, or by columns.
class Largest : public RowWeighting {
 public:
  explicit Largest(bool by_column) : by_column_(by_column) {}
  bool by_column() const override { return by_column_; }
  torch::Tensor combine(const torch::Tensor& rows, Draws&) override {
    widths.push_back(rows.size(1));
    return std::get<0>(rows.max(0));
  }
  // What the machinery does with rows of a group.
  torch::Tensor combine_all(const torch::Tensor& rows, StepContext& step) {
    auto out = torch::empty({rows.size(1)}, rows.options());
    EXPECT_FALSE(combine_rows(rows, {}, step, out).defined());
    return out;
  }
  std::vector<int64_t> widths;

 private:
  bool by_column_;
};

TEST(RowWeighting, ByColumnWorksOnBlocks) {
  torch::manual_seed(2);
  const auto rows = torch::randn({3, 600000});
  StepContext step;
  Largest whole(false), blocks(true);
  EXPECT_TRUE(blocks.combine_all(rows, step).equal(whole.combine_all(rows, step)));
  EXPECT_EQ(whole.widths, std::vector<int64_t>{600000});
  EXPECT_GT(blocks.widths.size(), 1u);
}

TEST(GramMatrix, IsTheMatrixOfInnerProductsAcrossBlocks) {
  torch::manual_seed(3);
  const auto rows = torch::randn({3, 600000});
  const auto expected = rows.to(torch::kFloat64).matmul(rows.to(torch::kFloat64).t());
  EXPECT_TRUE(gram_matrix(rows).allclose(expected, 1e-12, 1e-9));
}

TEST(WeightingContext, HasPartsByRoutesAndDecoders) {
  LinearProblem problem(testing::three_tasks());
  auto context = problem.context();
  context.by_routes[{"seg", "depth"}] = context.shared;
  EXPECT_EQ(context.shared_by({"seg", "depth"}).size(), context.part(context.shared).size());
  EXPECT_TRUE(context.shared_by({"seg"}).empty());
  EXPECT_EQ(context.decoder("seg").leaves().size(), 1u);
  EXPECT_TRUE(context.decoder("edge").empty());
  // Gradients of any part, without a look at the flat gradient.
  auto step = problem.step();
  const auto rows = context.decoder("seg").gradient_rows(step.losses, false);
  EXPECT_TRUE(rows[0].equal(problem.decoder(problem.rows()[0], "seg")));
  EXPECT_EQ(rows[1].count_nonzero().item<int64_t>(), 0);
}

}  // namespace
}  // namespace tasuki
