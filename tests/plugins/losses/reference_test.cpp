// Losses and their gradients against those that make_reference.py computed with PyTorch.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/plugins/losses/losses.h"

namespace tasuki::tests {
namespace {

const nlohmann::json& reference() {
  static const auto cases = [] {
    std::ifstream in(TASUKI_SOURCE_DIR "/tests/plugins/losses/reference.json");
    return nlohmann::json::parse(in);
  }();
  return cases;
}

class Reference : public ::testing::TestWithParam<size_t> {};

TEST_P(Reference, ValueAndGradientAreThose) {
  const auto& one = reference().at(GetParam());
  const auto shape = one["shape"].get<std::vector<int64_t>>();
  const auto target = one["target"].get<std::vector<double>>();
  const bool is_index = target.size() < one["prediction"].size();
  const auto info = is_index ? classes(shape[1]) : shape[1] == 3 ? normals() : depths();
  const auto loss =
      testing::make<Loss>(one["loss"].get<std::string>(), one["options"].get<std::string>(), info);
  const auto x = doubles(one["prediction"].get<std::vector<double>>(), shape).requires_grad_();
  const auto y = is_index ? doubles(target, {shape[0], shape[2], shape[3]}).to(torch::kLong)
                          : doubles(target, shape);
  const auto value = loss->compute(x, y).mean();
  value.backward();
  EXPECT_NEAR(value.item<double>(), one["value"].get<double>(), 1e-9);
  const auto gradient = doubles(one["gradient"].get<std::vector<double>>(), shape);
  EXPECT_LT((x.grad() - gradient).abs().max().item<double>(), 1e-9);
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
}

// "tasuki/DiceLoss" -> "DiceLoss_6"
std::string case_name(const ::testing::TestParamInfo<size_t>& info) {
  const auto name = reference().at(info.param)["loss"].get<std::string>();
  return name.substr(name.find('/') + 1) + "_" + std::to_string(info.param);
}

INSTANTIATE_TEST_SUITE_P(All, Reference, ::testing::Range(size_t{0}, reference().size()),
                         case_name);

}  // namespace
}  // namespace tasuki::tests
