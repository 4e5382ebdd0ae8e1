// The example of a loss against the loss that it is with alpha = beta = 1/2.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "acme/tversky_loss.pb.h"
#include "tasuki/model/loss.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

tasuki::TargetInfo classes(int64_t n) {
  tasuki::TargetInfo target;
  target.task = "seg";
  target.field_kind = "tasuki/label_map";
  target.channels = n;
  target.is_index = true;
  target.invalid = -1;
  return target;
}

std::unique_ptr<tasuki::Loss> tversky(double alpha, double beta) {
  options::TverskyLoss options;
  options.set_alpha(alpha);
  options.set_beta(beta);
  google::protobuf::Any any;
  any.set_type_url("acme/TverskyLoss");
  any.set_value(options.SerializeAsString());
  return tasuki::Registry::instance().create<tasuki::Loss>(any, classes(5));
}

TEST(TverskyLoss, OfOneHalfIsDice) {
  torch::manual_seed(1);
  const auto logits = torch::randn({3, 5, 6, 7}, torch::kFloat64);
  auto labels = torch::randint(-1, 5, {3, 6, 7}, torch::kInt64);
  labels[2].fill_(-1);  // an image without a label
  const auto ours = tversky(0.5, 0.5)->compute(logits, labels);
  // TP + (FP + FN) / 2 = (|p| + |g|) / 2, so that the smoothing of 1 is one of 2 there.
  const auto valid = labels.ge(0).unsqueeze(1);
  const auto p = logits.softmax(1) * valid;
  const auto g = torch::zeros_like(p).scatter(1, labels.clamp_min(0).unsqueeze(1), 1.0) * valid;
  const auto dice = (2 * (p * g).sum({2, 3}) + 2) / (p.sum({2, 3}) + g.sum({2, 3}) + 2);
  EXPECT_EQ(ours.count.item<int64_t>(), 2);
  EXPECT_NEAR(ours.sum.item<double>(), (1 - dice.mean(1)).narrow(0, 0, 2).sum().item<double>(),
              1e-12);
}

TEST(TverskyLoss, MissesCostBetaAndExtrasAlpha) {
  const auto labels = torch::tensor({{{0, 0, 0, 1}}}, torch::kInt64);
  const auto logits = torch::tensor({{{{40.0, 40.0, -40.0, -40.0}}, {{-40.0, -40.0, 40.0, 40.0}}}},
                                    torch::kFloat64);
  // Class 0: 2 hits, 1 missed; class 1: 1 hit, 1 extra.
  const double expected = 1 - (3 / (3 + 0.7) + 2 / (2 + 0.2)) / 2;
  EXPECT_NEAR(tversky(0.2, 0.7)->compute(logits, labels).mean().item<double>(), expected, 1e-12);
}

}  // namespace
}  // namespace acme
