#include "tasuki/model/parameter_info.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

#include "tests/core/model/three_tasks.h"

namespace tasuki {
namespace {

namespace nn = torch::nn;

// Modules as a plugin may have them.
struct RMSNorm : nn::Module {
  explicit RMSNorm(int64_t size) { register_parameter("scale", torch::ones({size})); }
};
struct NormalsHead : nn::Module {
  NormalsHead() { register_parameter("weight", torch::ones({3, 4})); }
};
template <class T>
struct Tokens : nn::Module {
  Tokens() {
    register_parameter("cls_token", torch::zeros({1, 1, 4}));
    register_parameter("pos_embed", torch::zeros({1, 9, 4}));
    register_parameter("relative_position_bias_table", torch::zeros({25, 2}));
    register_parameter("in_proj_bias", torch::zeros({4}));
    register_parameter("gamma", torch::ones({4}));
    register_parameter("temperature", torch::ones({}));
    register_parameter("mixing", torch::ones({4, 4}));
  }
};

struct Zoo : nn::Module {
  Zoo() {
    register_module("conv", nn::Conv2d(nn::Conv2dOptions(3, 4, 3)));
    register_module("bn", nn::BatchNorm2d(4));
    register_module("ln", nn::LayerNorm(nn::LayerNormOptions({4})));
    register_module("gn", nn::GroupNorm(nn::GroupNormOptions(2, 4)));
    register_module("in", nn::InstanceNorm2d(nn::InstanceNorm2dOptions(4).affine(true)));
    register_module("words", nn::Embedding(5, 4));
    register_module("rnn", nn::LSTM(nn::LSTMOptions(4, 4)));
    register_module("rms", std::make_shared<RMSNorm>(4));
    register_module("normals", std::make_shared<NormalsHead>());
    register_module("tokens", std::make_shared<Tokens<NormalsHead>>());
  }
};

TEST(ParameterKindOf, FollowsTheModulesTypeAndTheParameter) {
  const std::map<std::string, ParameterKind> expected = {
      {"conv.weight", Train::WEIGHT},
      {"conv.bias", Train::BIAS},
      {"bn.weight", Train::NORM},
      {"bn.bias", Train::NORM},
      {"ln.weight", Train::NORM},
      {"ln.bias", Train::NORM},
      {"gn.weight", Train::NORM},
      {"gn.bias", Train::NORM},
      {"in.weight", Train::NORM},
      {"in.bias", Train::NORM},
      {"words.weight", Train::EMBEDDING},
      {"rnn.weight_ih_l0", Train::WEIGHT},
      {"rnn.weight_hh_l0", Train::WEIGHT},
      {"rnn.bias_ih_l0", Train::BIAS},
      {"rnn.bias_hh_l0", Train::BIAS},
      {"rms.scale", Train::NORM},
      {"normals.weight", Train::WEIGHT},
      {"tokens.cls_token", Train::EMBEDDING},
      {"tokens.pos_embed", Train::EMBEDDING},
      {"tokens.relative_position_bias_table", Train::EMBEDDING},
      {"tokens.in_proj_bias", Train::BIAS},
      {"tokens.gamma", Train::NORM},
      {"tokens.temperature", Train::NORM},
      {"tokens.mixing", Train::WEIGHT}};
  std::map<std::string, ParameterKind> found;
  for (const auto& parameter : list_parameters(Zoo())) found[parameter.name] = parameter.kind;
  EXPECT_EQ(found, expected);
}

TEST(ListParameters, HasEachOnceInTheOrderOfRegistration) {
  Zoo zoo;
  const auto again = zoo.named_children()["conv"];
  zoo.register_module("tied", again);
  const auto parameters = list_parameters(static_cast<const nn::Module&>(zoo));
  const auto named = zoo.named_parameters();
  EXPECT_EQ(parameters.size() + 2, named.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_EQ(parameters[i].name, named[i].key());
    EXPECT_TRUE(parameters[i].tensor.is_same(named[i].value()));
    const bool is_tied = parameters[i].name.starts_with("conv.");
    EXPECT_EQ(parameters[i].other_names.size(), is_tied ? 1u : 0u) << parameters[i].name;
  }
  EXPECT_EQ(parameters[0].other_names, std::vector<std::string>{"tied.weight"});
}

TEST(PartOfParameter, IsAnInstanceOfAStageOrADecoder) {
  EXPECT_EQ(part_of_parameter("encoder.layer3.seg.0.conv1.weight"), "encoder.layer3.seg");
  EXPECT_EQ(part_of_parameter("decoder.normal->seg.classifier.bias"), "decoder.normal->seg");
  EXPECT_EQ(part_of_parameter("encoder.mixing"), "encoder.mixing");
  EXPECT_EQ(part_of_parameter("stem"), "stem");
  EXPECT_EQ(part_of_parameter("stem.conv.weight"), "stem.conv");
}

TEST(ListParameters, TagsAModelsStagesRoutesAndDecoders) {
  const auto model =
      testing::three_tasks("[tasuki/Transfers] { edge { from: \"normal\" to: \"seg\" } }");
  const std::set<std::string> all = {"seg", "depth", "normal"};
  size_t shared = 0, own = 0, decoders = 0;
  for (const auto& parameter : list_parameters(*model)) {
    SCOPED_TRACE(parameter.name);
    if (parameter.name.starts_with("decoder.")) {
      const auto objective = parameter.part().substr(8);
      EXPECT_EQ(parameter.objectives, std::set<std::string>{objective});
      EXPECT_TRUE(parameter.routes.empty() && parameter.owner.empty() && parameter.stage.empty());
      EXPECT_EQ(parameter.stage_index, -1);
      ++decoders;
      continue;
    }
    EXPECT_EQ(parameter.part(), "encoder." + parameter.stage + "." + parameter.instance);
    EXPECT_EQ(model->encoder().stages().at(size_t(parameter.stage_index)).name, parameter.stage);
    EXPECT_TRUE(parameter.objectives.empty());
    const bool is_shared = parameter.stage_index < 3;
    EXPECT_EQ(parameter.routes, is_shared ? all : std::set<std::string>{parameter.instance});
    EXPECT_EQ(parameter.owner, is_shared ? "" : parameter.instance);
    EXPECT_EQ(parameter.is_shared(), is_shared);
    ++(is_shared ? shared : own);
  }
  EXPECT_GT(shared, 0u);
  EXPECT_GT(own, 0u);
  EXPECT_GT(decoders, 0u);
}

// Two of three routes share an instance.
TEST(ListParameters, KnowsTheSetsOfRoutes) {
  const auto model = testing::three_tasks(
      "[tasuki/AllPairs] {}",
      {"model.architecture=[tasuki/Branched]{stage{name:\"layer4\" "
       "instance{name:\"geometry\" task:\"depth\" task:\"normal\"} "
       "instance{name:\"own\" task:\"seg\"}}}",
       "model.self_auxiliary={[tasuki/Transfers]{edge{from:\"normal\" to:\"seg\"}}}"});
  for (const auto& parameter : list_parameters(*model)) {
    if (parameter.stage != "layer4") continue;
    const bool is_own = parameter.instance == "own";
    EXPECT_EQ(parameter.routes,
              is_own ? std::set<std::string>{"seg"} : (std::set<std::string>{"depth", "normal"}));
    EXPECT_EQ(parameter.owner, is_own ? "seg" : "");
  }
}

TEST(FrozenBatchNorms, AreThoseOfFrozenParameters) {
  struct Net : nn::Module {
    Net() {
      register_module("a", nn::BatchNorm2d(4));
      register_module("b", nn::BatchNorm1d(4));
      register_module("ln", nn::LayerNorm(nn::LayerNormOptions({4})));
      auto block = register_module("block", std::make_shared<nn::Module>());
      block->register_module("conv", nn::Conv2d(nn::Conv2dOptions(3, 4, 1)));
      block->register_module("plain", nn::BatchNorm2d(nn::BatchNorm2dOptions(4).affine(false)));
    }
  } net;
  const auto find = [&](const std::vector<std::string>& frozen) {
    auto parameters = list_parameters(static_cast<const nn::Module&>(net));
    for (auto& parameter : parameters) {
      for (const auto& name : frozen) parameter.frozen |= parameter.name.starts_with(name);
    }
    std::set<const nn::Module*> found;
    for (const auto& module : frozen_batch_norms(net, parameters)) found.insert(module.get());
    return found;
  };
  const auto children = net.named_children();
  const auto* a = children["a"].get();
  const auto* b = children["b"].get();
  const auto* plain = children["block"]->named_children()["plain"].get();
  using Modules = std::set<const nn::Module*>;
  EXPECT_EQ(find({}), Modules{});
  EXPECT_EQ(find({"a.", "ln."}), Modules{a});
  EXPECT_EQ(find({"a.weight", "b."}), Modules{b});
  EXPECT_EQ(find({"block.conv.weight"}), Modules{});
  EXPECT_EQ(find({"block."}), Modules{plain});
  EXPECT_EQ(find({""}), (Modules{a, b, plain}));
}

}  // namespace
}  // namespace tasuki
