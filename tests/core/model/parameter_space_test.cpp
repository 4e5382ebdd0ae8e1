#include "tasuki/model/parameter_space.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <map>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

struct Net : torch::nn::Module {
  Net() {
    torch::manual_seed(1);
    first = register_module("first", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 5, 3)));
    norm = register_module("norm", torch::nn::BatchNorm2d(5));
    last = register_module("last", torch::nn::Conv2d(torch::nn::Conv2dOptions(5, 2, 1)));
  }
  torch::Tensor forward(const torch::Tensor& x) { return last(torch::relu(norm(first(x)))); }

  torch::nn::Conv2d first{nullptr}, last{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
};

class ParameterSpaceTest : public ::testing::TestWithParam<bool> {
 protected:
  torch::Tensor image() const {
    torch::manual_seed(2);
    return torch::randn({2, 3, 9, 8});
  }
  // Weights and gradients of a net that was never flattened.
  static std::map<std::string, torch::Tensor> plain_gradients(const torch::Tensor& x) {
    Net net;
    net.forward(x).square().sum().backward();
    std::map<std::string, torch::Tensor> all;
    for (const auto& item : net.named_parameters()) all[item.key()] = item.value().grad();
    return all;
  }

  Net net_;
};

int64_t parameter_count_of(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

TEST_P(ParameterSpaceTest, ParametersAreViewsOfTheVector) {
  const Net untouched;
  ParameterSpace flat(net_, GetParam());
  for (const auto& item : untouched.named_parameters()) {
    EXPECT_TRUE(net_.named_parameters()[item.key()].equal(item.value())) << item.key();
  }
  {
    const torch::NoGradGuard no_grad;
    torch::Tensor values = flat.values();
    values.mul_(2);
  }
  for (const auto& item : untouched.named_parameters()) {
    EXPECT_TRUE(net_.named_parameters()[item.key()].equal(item.value() * 2)) << item.key();
  }
}

TEST_P(ParameterSpaceTest, SpansNameAlignedPartsAndTheRestIsZero) {
  ParameterSpace flat(net_, GetParam());
  const auto parameters = net_.named_parameters();
  ASSERT_EQ(flat.segments().size(), parameters.size());
  auto rest = flat.values().detach().clone();
  int64_t count = 0, last = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto& span = flat.segments()[i];
    const auto& parameter = parameters[i].value();
    EXPECT_EQ(span.name, parameters[i].key());
    EXPECT_EQ(span.end - span.begin, parameter.numel());
    EXPECT_GE(span.begin, last);
    EXPECT_EQ(span.begin * 4 % 64, 0);
    EXPECT_EQ(parameter.data_ptr<float>(), flat.values().data_ptr<float>() + span.begin);
    rest.narrow(0, span.begin, span.end - span.begin).zero_();
    count += parameter.numel();
    last = span.end;
  }
  EXPECT_EQ(flat.count(), count);
  EXPECT_EQ(rest.count_nonzero().item<int64_t>(), 0);
}

TEST_P(ParameterSpaceTest, WeightsAreStoredAsAskedFor) {
  ParameterSpace flat(net_, GetParam());
  const auto& weight = net_.first->weight;
  EXPECT_EQ(weight.is_contiguous(torch::MemoryFormat::ChannelsLast), GetParam());
  EXPECT_EQ(weight.is_contiguous(), !GetParam());
  EXPECT_EQ(weight.sizes(), (std::vector<int64_t>{5, 3, 3, 3}));
  EXPECT_EQ(weight.grad().strides(), weight.strides());
}

TEST_P(ParameterSpaceTest, TheModelComputesTheSame) {
  const auto x = image();
  Net untouched;
  const auto expected = untouched.forward(x);
  ParameterSpace flat(net_, GetParam());
  EXPECT_TRUE(net_.forward(x).allclose(expected, 1e-5, 1e-6));
}

TEST_P(ParameterSpaceTest, GradientsAccumulateInPlace) {
  const auto x = image();
  const auto expected = plain_gradients(x);
  ParameterSpace flat(net_, GetParam());
  const auto* memory = flat.gradient().data_ptr<float>();
  const auto check = [&](double times) {
    for (const auto& item : net_.named_parameters()) {
      EXPECT_TRUE(item.value().grad().allclose(expected.at(item.key()) * times, 1e-4, 1e-4))
          << item.key();
    }
  };
  net_.forward(x).square().sum().backward();
  check(1);
  net_.norm->reset_running_stats();
  net_.forward(x).square().sum().backward();
  check(2);
  EXPECT_EQ(flat.gradient().data_ptr<float>(), memory);
  EXPECT_EQ(flat.values().grad().data_ptr<float>(), memory);
  for (size_t i = 0; i < flat.segments().size(); ++i) {
    const auto gradient = net_.named_parameters()[i].value().grad();
    EXPECT_EQ(gradient.data_ptr<float>(), memory + flat.segments()[i].begin);
  }
  flat.zero_gradient();
  check(0);
}

TEST_P(ParameterSpaceTest, ClipsTheNormOfTheWholeGradient) {
  ParameterSpace flat(net_, GetParam());
  torch::Tensor gradient = flat.gradient();
  gradient[0] = 3;
  gradient[flat.segments().back().begin] = 4;
  EXPECT_EQ(flat.clip_gradient(10).item<double>(), 5);
  EXPECT_EQ(gradient[0].item<float>(), 3);
  EXPECT_EQ(flat.clip_gradient(1).item<double>(), 5);
  EXPECT_NEAR(gradient[0].item<double>(), 0.6, 1e-7);
  EXPECT_NEAR(gradient[flat.segments().back().begin].item<double>(), 0.8, 1e-7);
  EXPECT_NEAR(flat.clip_gradient(1).item<double>(), 1, 1e-6);
}

TEST_P(ParameterSpaceTest, SeesWhatIsNotFinite) {
  ParameterSpace flat(net_, GetParam());
  torch::Tensor gradient = flat.gradient();
  torch::manual_seed(3);
  for (const auto& span : flat.segments()) gradient.slice(0, span.begin, span.end).normal_();
  gradient[flat.segments()[1].begin] = 3e38;  // whose square is too large
  EXPECT_TRUE(flat.gradient_is_finite().item<bool>());
  for (const double wrong : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    for (const int64_t at : {flat.segments().front().begin, flat.segments().back().end - 1}) {
      const auto kept = gradient[at].clone();
      gradient[at] = wrong;
      EXPECT_FALSE(flat.gradient_is_finite().item<bool>()) << wrong << " at " << at;
      gradient[at] = kept;
    }
  }
  EXPECT_TRUE(flat.gradient_is_finite().item<bool>());
}

// The net's first convolution under a second name, as tied weights are.
TEST_P(ParameterSpaceTest, AParameterOfTwoNamesIsThereOnce) {
  const auto x = image();
  const auto expected = plain_gradients(x);
  const size_t before = net_.named_parameters().size();
  net_.register_module("again", net_.first.ptr());
  ASSERT_EQ(net_.named_parameters().size(), before + 2);
  ParameterSpace flat(net_, GetParam());
  ASSERT_EQ(flat.segments().size(), before);
  EXPECT_EQ(flat.segments()[0].name, "first.weight");
  EXPECT_EQ(flat.segments()[0].other_names, std::vector<std::string>{"again.weight"});
  EXPECT_EQ(flat.count(), parameter_count_of(Net()));
  net_.forward(x).square().sum().backward();
  const auto& span = flat.segments()[0];
  EXPECT_TRUE(net_.first->weight.grad().allclose(expected.at("first.weight"), 1e-4, 1e-4));
  EXPECT_EQ(net_.first->weight.grad().data_ptr<float>(),
            flat.gradient().data_ptr<float>() + span.begin);
  EXPECT_EQ(net_.first->weight.data_ptr<float>(), flat.values().data_ptr<float>() + span.begin);
  flat.check();
}

TEST_P(ParameterSpaceTest, AFrozenParameterIsLeftAlone) {
  const auto x = image();
  const auto expected = plain_gradients(x);
  net_.last->weight.set_requires_grad(false);
  net_.first->bias.set_requires_grad(false);
  const auto kept = net_.last->weight.clone();
  ParameterSpace flat(net_, GetParam());
  for (const auto& span : flat.segments()) {
    EXPECT_NE(span.name, "last.weight");
    EXPECT_NE(span.name, "first.bias");
  }
  EXPECT_EQ(flat.segments().size(), net_.named_parameters().size() - 2);
  net_.forward(x).square().sum().backward();
  {
    const torch::NoGradGuard no_grad;
    torch::Tensor values = flat.values();
    values.mul_(0.5);
  }
  EXPECT_TRUE(net_.last->weight.equal(kept));
  EXPECT_FALSE(net_.last->weight.grad().defined());
  EXPECT_TRUE(net_.norm->weight.grad().allclose(expected.at("norm.weight"), 1e-4, 1e-4));
  flat.check();
}

TEST_P(ParameterSpaceTest, GradientsThatWereTakenAwayAreViewsAgain) {
  const auto x = image();
  const auto expected = plain_gradients(x);
  ParameterSpace flat(net_, GetParam());
  for (auto& parameter : net_.parameters())
    parameter.mutable_grad() = torch::Tensor();  // as zero_grad() does
  torch::Tensor values = flat.values();
  values.mutable_grad() = torch::Tensor();
  flat.check();
  flat.zero_gradient();
  net_.forward(x).square().sum().backward();
  flat.check();
  for (const auto& span : flat.segments()) {
    const auto part = flat.gradient().slice(0, span.begin, span.end);
    EXPECT_NEAR(part.norm().item<double>(), expected.at(span.name).norm().item<double>(), 1e-3);
  }
  EXPECT_EQ(flat.values().grad().data_ptr<float>(), flat.gradient().data_ptr<float>());
}

std::string complaint(const ParameterSpace& flat) {
  try {
    flat.check();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
    return error.what();
  }
  return "";
}

TEST_P(ParameterSpaceTest, SaysWhichParameterIsNoLongerAView) {
  {
    ParameterSpace flat(net_, GetParam());
    EXPECT_EQ(complaint(flat), "");
    net_.norm->bias.set_data(net_.norm->bias.clone());
    EXPECT_EQ(complaint(flat).find("parameter norm.bias is no longer part of the vector"), 0u);
  }
  {
    ParameterSpace flat(net_, GetParam());
    net_.last->weight.mutable_grad() = net_.last->weight.grad().clone();
    EXPECT_EQ(complaint(flat).find("the gradient of parameter last.weight is no longer"), 0u);
  }
  ParameterSpace flat(net_, GetParam());
  net_.forward(image()).square().sum().backward({}, true, /*create_graph=*/true);
  EXPECT_EQ(complaint(flat).find("the gradient of parameter first.weight is no longer"), 0u);
}

TEST_P(ParameterSpaceTest, RefusesParametersOfTwoTypes) {
  net_.last->to(torch::kFloat64);
  try {
    ParameterSpace flat(net_, GetParam());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPlugin);
    EXPECT_NE(std::string(error.what()).find("parameter last.weight is double on cpu"),
              std::string::npos)
        << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, ParameterSpaceTest, ::testing::Bool(), [](const auto& info) {
  return info.param ? std::string("ChannelsLast") : std::string("Contiguous");
});

}  // namespace
}  // namespace tasuki
