#include "tasuki/step/mtl_backward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/config/plugin_builder.h"
#include "tasuki/error/error.h"
#include "tests/plugins/weightings/linear_step.h"
#include "tests/plugins/weightings/matrix_method.h"

namespace tasuki {
namespace {

using Tensors = std::vector<torch::Tensor>;

// A strange model: a trunk and a head for each of three tasks.
struct StrangeModel : torch::nn::Module {
  StrangeModel() {
    torch::manual_seed(3);
    trunk =
        register_module("trunk", torch::nn::Sequential(torch::nn::Linear(4, 6), torch::nn::Tanh()));
    for (int i = 0; i < 3; ++i) {
      heads.push_back(register_module("head" + std::to_string(i), torch::nn::Linear(6, 1)));
    }
    to(torch::kFloat64);
    images = torch::randn({8, 4}, torch::kFloat64);
    targets = torch::randn({3, 8, 1}, torch::kFloat64);
  }

  void forward() {
    features = trunk->forward(images);
    losses.clear();
    for (size_t i = 0; i < 3; ++i) {
      losses.push_back(torch::mse_loss(heads[i](features), targets[int64_t(i)]));
    }
  }
  Tensors shared() const { return trunk->parameters(); }
  std::vector<Tensors> own() const {
    return {heads[0]->parameters(), heads[1]->parameters(), heads[2]->parameters()};
  }
  torch::Tensor step(MtlWeighting& weighting, bool give_features = false) {
    forward();
    const auto given = give_features ? Tensors{features} : Tensors();
    return mtl_backward(losses, given, shared(), own(), weighting);
  }
  // The gradients of the losses on these tensors, [3, P].
  torch::Tensor rows(const Tensors& ends) {
    forward();
    Tensors all;
    for (const auto& loss : losses) {
      all.push_back(flat(torch::autograd::grad({loss}, ends, {}, true)));
    }
    return torch::stack(all);
  }
  static torch::Tensor flat(const Tensors& tensors) {
    Tensors parts;
    for (const auto& tensor : tensors) parts.push_back(tensor.reshape(-1));
    return torch::cat(parts);
  }
  static torch::Tensor gradient(const Tensors& parameters) {
    Tensors parts;
    for (const auto& parameter : parameters) parts.push_back(parameter.grad());
    return flat(parts);
  }

  torch::nn::Sequential trunk{nullptr};
  std::vector<torch::nn::Linear> heads;
  torch::Tensor images, targets, features;
  Tensors losses;
};

constexpr const char* kMethod = "[tasuki/CAGrad] { gradients { scale: MEAN } }";

TEST(MtlBackward, CombinesGradientsOnSharedParameters) {
  StrangeModel model;
  const auto rows = model.rows(model.shared());
  const auto expected = testing::direction("tasuki/CAGrad", "", rows);
  Tensors own;
  for (size_t i = 0; i < 3; ++i) {
    own.push_back(
        StrangeModel::flat(torch::autograd::grad({model.losses[i]}, model.own()[i], {}, true)));
  }
  MtlWeighting weighting(kMethod);
  const auto factors = model.step(weighting);
  EXPECT_TRUE(factors.equal(torch::ones({3}, torch::kFloat64)));
  EXPECT_TRUE(testing::is_close(StrangeModel::gradient(model.shared()), expected));
  EXPECT_FALSE(testing::is_close(rows.mean(0), expected));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(testing::is_close(StrangeModel::gradient(model.own()[i]), own[i])) << i;
  }
}

// A caller that accumulates over several batches.
TEST(MtlBackward, AddsToTheGradientsThatAreThere) {
  StrangeModel model;
  MtlWeighting weighting(kMethod);
  model.step(weighting);
  Tensors once;
  for (const auto& parameter : model.parameters()) once.push_back(parameter.grad().clone());
  model.step(weighting);
  for (size_t k = 0; k < once.size(); ++k) {
    EXPECT_TRUE(testing::is_close(model.parameters()[k].grad(), 2 * once[k]));
  }
}

TEST(MtlBackward, CombinesGradientsOnFeatures) {
  StrangeModel model;
  const auto rows = [&] {
    model.forward();
    Tensors all;
    for (const auto& loss : model.losses) {
      all.push_back(torch::autograd::grad({loss}, {model.features}, {}, true)[0].reshape(-1));
    }
    return torch::stack(all);
  }();
  const auto combined = testing::direction("tasuki/CAGrad", "", rows).view_as(model.features);
  const auto expected =
      StrangeModel::flat(torch::autograd::grad({model.features}, model.shared(), {combined}, true));
  const auto on_parameters = testing::direction("tasuki/CAGrad", "", model.rows(model.shared()));

  MtlWeighting weighting("[tasuki/CAGrad] { gradients { at: FEATURES scale: MEAN } }");
  model.step(weighting, true);
  EXPECT_TRUE(testing::is_close(StrangeModel::gradient(model.shared()), expected));
  EXPECT_FALSE(testing::is_close(on_parameters, expected));
  MtlWeighting without("[tasuki/CAGrad] { gradients { at: FEATURES } }");
  EXPECT_THROW(model.step(without, false), Error);
}

// Of methods that look at losses alone it is the gradient of their weighted sum.
TEST(MtlBackward, EqualWeightsAreTheSum) {
  StrangeModel model, twin;
  MtlWeighting weighting(PluginBuilder("tasuki/EW").any());
  model.step(weighting);
  twin.forward();
  (twin.losses[0] + twin.losses[1] + twin.losses[2]).backward();
  for (size_t k = 0; k < model.parameters().size(); ++k) {
    EXPECT_TRUE(testing::is_close(model.parameters()[k].grad(), twin.parameters()[k].grad()));
  }
}

TEST(MtlBackward, TrainsParametersOfTheMethod) {
  StrangeModel model;
  MtlWeighting without("[tasuki/UW] {}");
  EXPECT_THROW(model.step(without), Error);
  MtlWeighting::Options options;
  options.tasks = {"seg", "depth", "normal"};
  options.optimizer = PluginBuilder("tasuki/SGD").set("lr", 0.1).any();
  MtlWeighting weighting("[tasuki/UW] {}", options);
  const auto first = model.step(weighting), second = model.step(weighting);
  EXPECT_FALSE(first.equal(second));
  EXPECT_EQ(weighting.state().count("depth.log_variance"), 1u);
}

TEST(MtlBackward, GoesOnFromItsStateToTheLastBit) {
  StrangeModel model;
  for (const std::string text : {"[tasuki/PCGrad] {}", "[tasuki/DBMTL] {}"}) {
    MtlWeighting whole(text), resumed(text);
    for (int k = 0; k < 3; ++k) model.step(whole);
    resumed.load_state(whole.state());
    for (int k = 0; k < 2; ++k) {
      model.zero_grad();
      model.step(whole);
      const auto expected = StrangeModel::gradient(model.shared()).clone();
      model.zero_grad();
      model.step(resumed);
      EXPECT_TRUE(StrangeModel::gradient(model.shared()).equal(expected)) << text;
    }
  }
}

// Text of an error of a call.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(MtlBackward, SaysWhatCannotBe) {
  StrangeModel model, other;
  const auto call = [&](const Tensors& losses, const Tensors& shared,
                        const std::vector<Tensors>& own, const std::string& method = kMethod) {
    return error_of([&] {
      MtlWeighting weighting(method);
      mtl_backward(losses, {}, shared, own, weighting);
    });
  };
  using ::testing::HasSubstr;
  model.forward();
  const auto shared = model.shared();
  EXPECT_THAT(call({}, shared, {}), HasSubstr("no losses"));
  EXPECT_THAT(call({model.losses[0], torch::ones({})}, shared, {}), HasSubstr("loss 1"));
  EXPECT_THAT(call(model.losses, shared, {{}}), HasSubstr("parameters of 1 tasks"));
  EXPECT_THAT(call(model.losses, {model.features}, {}), HasSubstr("no leaf"));
  EXPECT_THAT(call(model.losses, shared, {shared, {}, {}}), HasSubstr("listed twice"));
  EXPECT_THAT(call(model.losses, {}, {}), HasSubstr("no parameters"));
  EXPECT_THAT(call(model.losses, shared, {}, "[tasuki/AutoLambda] {}"), HasSubstr("train()"));
  EXPECT_THAT(call(model.losses, shared, {}, "[tasuki/MoDo] {}"), HasSubstr("train()"));
  EXPECT_NE(error_of([] { MtlWeighting weighting("[tasuki/PCGard] {}"); }), "");
  MtlWeighting weighting(kMethod);
  model.step(weighting);
  EXPECT_THAT(error_of([&] { other.step(weighting); }), HasSubstr("other parameters"));
}

// A step that throws leaves the gradients as they were.
TEST(MtlBackward, AnErrorAddsNothing) {
  StrangeModel model;
  MtlWeighting weighting(kMethod);
  model.step(weighting);
  const auto before = StrangeModel::gradient(model.shared()).clone();
  EXPECT_ANY_THROW(mtl_backward(model.losses, {}, model.shared(), model.own(), weighting));
  EXPECT_TRUE(StrangeModel::gradient(model.shared()).equal(before));
  EXPECT_TRUE(model.shared()[0].grad().sizes() == model.shared()[0].sizes());
}

// As torch::optim expects it, by steps of its own.
TEST(MtlBackward, TrainsByAStrangeOptimizer) {
  StrangeModel model;
  torch::optim::Adam adam(model.parameters(), torch::optim::AdamOptions(0.01));
  MtlWeighting weighting("[tasuki/PCGrad] {}");
  model.forward();
  const double before = (model.losses[0] + model.losses[1] + model.losses[2]).item<double>();
  for (int k = 0; k < 60; ++k) {
    adam.zero_grad();
    model.step(weighting);
    adam.step();
  }
  const double after = (model.losses[0] + model.losses[1] + model.losses[2]).item<double>();
  EXPECT_LT(after, 0.8 * before);
}

}  // namespace
}  // namespace tasuki
