// Counted operations against closed forms, and what a self-auxiliary costs.
#include "tasuki/model/flops.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/core/model/three_tasks.h"

namespace tasuki {
namespace {

// Multiply-adds of what runs.
template <class Function>
int64_t counted(Function function) {
  FlopCounter counter;
  function();
  const auto flops = total(counter.take());
  EXPECT_EQ(flops % 2, 0);
  return flops / 2;
}

TEST(FlopCounter, CountsConvolutionsByTheirDefinition) {
  const auto x = torch::randn({2, 6, 9, 11});
  const auto weight = torch::randn({4, 3, 3, 3});
  // 2 groups of 3 channels, stride 2, dilation 2, padding 1: outputs of 4x5.
  EXPECT_EQ(counted([&] {
              torch::conv2d(x, weight, {}, /*stride=*/2, /*padding=*/1, /*dilation=*/2,
                            /*groups=*/2);
            }),
            2 * 4 * (4 * 5) * 3 * 9);
  // Transposed: every input element meets every weight of its slice.
  EXPECT_EQ(counted([&] {
              torch::conv_transpose2d(x, torch::randn({6, 5, 2, 2}), {}, 2);
            }),
            2 * 6 * (9 * 11) * 5 * 4);
}

TEST(FlopCounter, CountsEachGradientOnce) {
  const int64_t once = 2 * 4 * (9 * 11) * 6 * 9;
  for (const bool input_too : {false, true}) {
    auto x = torch::randn({2, 6, 9, 11}).requires_grad_(input_too);
    auto weight = torch::randn({4, 6, 3, 3}).requires_grad_();
    torch::Tensor y;
    EXPECT_EQ(counted([&] { y = torch::conv2d(x, weight, {}, 1, 1); }), once);
    EXPECT_EQ(counted([&] { y.sum().backward(); }), (input_too ? 2 : 1) * once);
  }
}

TEST(FlopCounter, CountsMatrixProducts) {
  const auto a = torch::randn({3, 5}), b = torch::randn({5, 7});
  EXPECT_EQ(counted([&] { torch::mm(a, b); }), 3 * 5 * 7);
  EXPECT_EQ(counted([&] { torch::addmm(torch::randn({7}), a, b); }), 3 * 5 * 7);
  EXPECT_EQ(counted([&] {
              torch::bmm(torch::randn({4, 3, 5}), torch::randn({4, 5, 7}));
            }),
            4 * 3 * 5 * 7);
  EXPECT_EQ(counted([&] { torch::relu(a + 1); }), 0);
}

TEST(FlopCounter, SeesNothingBeforeAndAfter) {
  const auto a = torch::randn({3, 3});
  FlopCounter counter;
  torch::mm(a, a);
  EXPECT_EQ(total(counter.take()), 2 * 27);
  EXPECT_EQ(total(counter.take()), 0);
}

TEST(FlopCounter, CountsByTheInnermostScope) {
  const auto a = torch::randn({3, 3});
  FlopCounter counter;
  torch::mm(a, a);
  {
    RECORD_USER_SCOPE("outer");
    torch::mm(a, a);
    {
      RECORD_USER_SCOPE("inner");
      torch::mm(a, a);
    }
    torch::mm(a, a);
  }
  EXPECT_EQ(counter.take(),
            (std::map<std::string, int64_t>{{"", 54}, {"inner", 54}, {"outer", 108}}));
}

std::unique_ptr<MultiTaskModel> all_pairs(const std::vector<std::string>& assignments = {},
                                          Network network = Network::kTraining) {
  auto model = testing::three_tasks("[tasuki/AllPairs] {}", assignments, network);
  model->eval();
  return model;
}

// The sums over torchvision's layers of output elements times kernel elements, classifier left out;
// with its 2048 * 1000 and 512 * 1000 they are the well-known 4.09 and 1.81 GMACs.
TEST(FlopCounter, CountsPublishedEncoders) {
  const auto image = torch::zeros({1, 3, 224, 224});
  for (const auto& [depth, expected] :
       {std::pair<std::string, int64_t>{"50", 4087136256}, {"18", 1813561344}}) {
    const auto model = all_pairs({"model.encoder.depth=" + depth});
    const torch::NoGradGuard no_grad;
    EXPECT_EQ(counted([&] { model->architecture().forward(image, {"seg"}); }), expected);
  }
}

TEST(ATransfer, CostsOneDecoder) {
  const auto model = all_pairs();
  const auto image = torch::zeros({1, 3, 64, 96});
  const auto flops = [&](const std::vector<Objective>& objectives) {
    return counted([&] { model->forward(image, objectives); });
  };
  auto objectives = model->primaries();
  int64_t before = flops(objectives);
  for (const auto& objective : model->objectives()) {
    if (!objective.auxiliary) continue;
    objectives.push_back(objective);
    const int64_t with = flops(objectives);
    const int64_t route = counted([&] { model->architecture().forward(image, {objective.route}); });
    EXPECT_EQ(with - before, flops({objective}) - route) << objective.name;
    EXPECT_GT(with, before);
    before = with;
  }
  EXPECT_EQ(objectives.size(), 9u);
}

// Every part that has convolutions has a scope, and what routes share is counted once.
TEST(ATransfer, LeavesSharedStagesToRunOnce) {
  const auto model = all_pairs();
  const auto image = torch::zeros({1, 3, 64, 96});
  FlopCounter counter;
  model->forward(image, model->primaries());
  const auto without = counter.take();
  model->forward(image, model->objectives());
  auto with = counter.take();
  EXPECT_GT(with.at("encoder.layer2.shared"), 0);
  EXPECT_GT(with.at("encoder.layer4.seg"), 0);
  EXPECT_EQ(
      std::erase_if(with, [](const auto& item) { return is_auxiliary_tensor(item.first + "."); }),
      6u);
  EXPECT_EQ(with, without);
}

TEST(ATransfer, CostsNothingAtInference) {
  const auto inference = all_pairs({}, Network::kInference);
  const auto without = all_pairs({"model.self_auxiliary=[]"});
  const auto image = torch::zeros({1, 3, 64, 96});
  EXPECT_EQ(counted([&] { inference->forward(image, inference->objectives()); }),
            counted([&] { without->forward(image, without->objectives()); }));
}

}  // namespace
}  // namespace tasuki
