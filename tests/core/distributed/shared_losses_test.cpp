#include "tasuki/step/shared_losses.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/model/loss.h"
#include "tests/core/distributed/in_processes.h"

namespace tasuki::testing {
namespace {

constexpr int64_t kIgnored = 255;

// Four images of 9x7 pixels and their labels, of which the first image has 2, the second none.
struct LabelledImages {
  LabelledImages() {
    torch::manual_seed(3);
    images = torch::randn({4, 3, 9, 7}, torch::kFloat64);
    labels = torch::randint(0, 5, {4, 9, 7}, torch::kInt64);
    labels.slice(0, 0, 2).fill_(kIgnored);
    labels[0][4].slice(0, 2, 4).fill_(1);
    labels[3].slice(0, 0, 3).fill_(kIgnored);
  }

  torch::Tensor images, labels;
};

// A convolution, GroupNorm, and another convolution, the same in every process.
torch::nn::Sequential small_net() {
  torch::manual_seed(5);
  torch::nn::Sequential net(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 8, 3).padding(1)),
                            torch::nn::GroupNorm(2, 8), torch::nn::ReLU(),
                            torch::nn::Conv2d(torch::nn::Conv2dOptions(8, 5, 1)));
  net->to(torch::kFloat64);
  return net;
}

// The mean over labelled pixels of the cross entropy, of images [begin, end).
torch::Tensor loss_of(torch::nn::Sequential& net, const LabelledImages& all, int64_t begin,
                      int64_t end) {
  const auto labels = all.labels.slice(0, begin, end);
  const auto valid = labels != kIgnored;
  const auto scores = torch::log_softmax(net->forward(all.images.slice(0, begin, end)), 1);
  const auto target = labels.masked_fill(labels == kIgnored, 0).unsqueeze(1);
  return sum_over(-scores.gather(1, target).squeeze(1), valid).mean();
}

torch::Tensor gradient_of(torch::nn::Sequential& net, const torch::Tensor& loss) {
  net->zero_grad();
  loss.backward();
  std::vector<torch::Tensor> all;
  for (const auto& parameter : net->parameters()) all.push_back(parameter.grad().flatten());
  return torch::cat(all);
}

double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

TEST(SharedLosses, GiveTheGradientOfTheWholeBatch) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  const LabelledImages all;
  auto net = small_net();
  const auto whole = loss_of(net, all, 0, 4);
  const auto expected = gradient_of(net, whole);
  ASSERT_GT(expected.norm().item<double>(), 0);
  for (const int64_t cut : {1, 2, 3}) {  // 2 labelled pixels against all others, twice
    const SharedLosses shared(*group);
    const auto part = group->is_first() ? loss_of(net, all, 0, cut) : loss_of(net, all, cut, 4);
    auto gradient = gradient_of(net, part);
    group->mean(gradient);
    EXPECT_LT(relative_difference(gradient, expected), 1e-12) << cut;
    auto value = part.detach().clone();
    group->mean(value);
    EXPECT_NEAR(value.item<double>(), whole.item<double>(), 1e-12) << cut;
  }
  // The mean of the processes' own means is another gradient: what is above can fail.
  auto own =
      gradient_of(net, group->is_first() ? loss_of(net, all, 0, 2) : loss_of(net, all, 2, 4));
  group->mean(own);
  EXPECT_GT(relative_difference(own, expected), 1e-2);
}

TEST(SharedLosses, LeaveOutAProcessThatDoesNotCount) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  const LabelledImages all;
  auto net = small_net();
  const auto expected = gradient_of(net, loss_of(net, all, 2, 3));
  const SharedLosses shared(*group, /*counts=*/group->is_first());
  auto gradient = gradient_of(net, loss_of(net, all, 2, 3));
  EXPECT_EQ(gradient.norm().item<double>() == 0, !group->is_first());
  group->mean(gradient);
  EXPECT_LT(relative_difference(gradient, expected), 1e-12);
}

TEST(SharedLosses, AreZeroWhereNoProcessHasALabel) {
  TASUKI_IN_PROCESSES(2);
  const auto group = join_team();
  const LabelledImages all;
  auto net = small_net();
  const SharedLosses shared(*group);
  const auto loss = loss_of(net, all, 1, 2);
  EXPECT_EQ(loss.item<double>(), 0);
  EXPECT_EQ(gradient_of(net, loss).norm().item<double>(), 0);
}

// Of one process nothing changes, not a bit; and the innermost one decides.
TEST(SharedLosses, AreThoseOfTheInnermost) {
  const LossSum loss{torch::tensor(7.0, torch::kFloat64), torch::tensor(3)};
  const double expected = (loss.sum / 3).item<double>();
  struct Twice : Collective {
    int64_t size() const override { return 2; }
    void sum(torch::Tensor x) override { x.mul_(2); }
  } twice;
  EXPECT_EQ(SharedLosses::current(), nullptr);
  const SharedLosses alone(Collective::alone());
  EXPECT_EQ(SharedLosses::current(), nullptr);
  EXPECT_EQ(loss.mean().item<double>(), expected);
  {
    const SharedLosses outer(twice);
    EXPECT_EQ(SharedLosses::current(), &outer);
    EXPECT_EQ(loss.mean().item<double>(), 14.0 / 6);
    const SharedLosses inner(Collective::alone());
    EXPECT_EQ(SharedLosses::current(), nullptr);
    EXPECT_EQ(loss.mean().item<double>(), expected);
    const SharedLosses nothing(twice, /*counts=*/false);
    EXPECT_EQ(loss.mean().item<double>(), 0);
  }
  EXPECT_EQ(SharedLosses::current(), nullptr);
}

}  // namespace
}  // namespace tasuki::testing
