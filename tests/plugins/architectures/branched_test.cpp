#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "tasuki/model/architecture.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

// A convolution with a normalisation, so that stages have parameters and buffers.
class PlainStage final : public GridStage {
 public:
  PlainStage()
      : convolution_(register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 3, 1)))),
        norm_(register_module("bn", torch::nn::BatchNorm2d(3))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return norm_(convolution_(x)); }

 private:
  torch::nn::Conv2d convolution_;
  torch::nn::BatchNorm2d norm_;
};

class PlainEncoder final : public Encoder {
 public:
  const std::vector<StageInfo>& stages() const override { return stages_; }
  std::shared_ptr<Stage> make_stage(size_t) const override {
    return std::make_shared<PlainStage>();
  }

 private:
  std::vector<StageInfo> stages_ = {
      {"stem", "", 3, 1}, {"layer1", "layer1.", 3, 1}, {"layer2", "layer2.", 3, 1}};
};

class BranchedTest : public ::testing::Test {
 protected:
  std::unique_ptr<Architecture> make(const std::string& options,
                                     const std::string& name = "tasuki/Branched") const {
    torch::manual_seed(1);
    return testing::make<Architecture>(name, options, {&encoder_, routes_});
  }
  // Instances as "stage.name", in order.
  static std::vector<std::string> instances(const Architecture& model) {
    std::vector<std::string> found;
    for (const auto& item : model.named_parameters()) {
      const auto suffix = item.key().rfind(".conv.weight");
      if (suffix != std::string::npos) found.push_back(item.key().substr(0, suffix));
    }
    return found;
  }
  std::string refusal(const std::string& options) const {
    try {
      make(options);
    } catch (const OptionError& error) {
      return error.what();
    }
    return "nothing refused";
  }
  static size_t own(const Architecture& model, const std::string& route) {
    return model.own_parameters(route).size() / 4;  // a stage has four parameters
  }

  PlainEncoder encoder_;
  std::vector<std::string> routes_{"seg", "depth", "normal"};
};

using Names = std::vector<std::string>;

TEST_F(BranchedTest, SharesTheFirstStages) {
  EXPECT_EQ(instances(*make("shared_stages: 1")),
            (Names{"stem.shared", "layer1.seg", "layer1.depth", "layer1.normal", "layer2.seg",
                   "layer2.depth", "layer2.normal"}));
  EXPECT_EQ(instances(*make("")), (Names{"stem.shared", "layer1.shared", "layer2.shared"}));
  EXPECT_EQ(instances(*make("shared_stages: 0")).size(), 9u);
  EXPECT_EQ(own(*make("shared_stages: 1"), "depth"), 2u);
  EXPECT_EQ(own(*make("shared_stages: 3"), "depth"), 0u);
}

TEST_F(BranchedTest, FollowsATable) {
  const auto model = make(R"(
      stage { name: "layer1" instance { name: "geometry" task: "depth" task: "normal" }
                             instance { name: "seg" task: "seg" } }
      stage { name: "layer2" instance { name: "a" task: "depth" }
                             instance { name: "b" task: "normal" }
                             instance { name: "c" task: "seg" } })");
  EXPECT_EQ(instances(*model), (Names{"stem.shared", "layer1.seg", "layer1.geometry", "layer2.c",
                                      "layer2.a", "layer2.b"}));
  EXPECT_EQ(own(*model, "seg"), 2u);
  EXPECT_EQ(own(*model, "depth"), 1u);
  EXPECT_EQ(own(*model, "normal"), 1u);
}

// A stage behind separate ones may be shared again: the same weights on different inputs.
TEST_F(BranchedTest, RoutesThatMeetAgainShareWeightsButNotFeatures) {
  const auto model = make(R"(
      copies: INDEPENDENT
      stage { name: "layer1" instance { name: "s" task: "seg" }
                             instance { name: "d" task: "depth" task: "normal" } })");
  const auto features = model->forward(torch::randn({2, 3, 4, 4}), routes_);
  EXPECT_TRUE(features.at("depth")[2][0].tensor.is_same(features.at("normal")[2][0].tensor));
  EXPECT_FALSE(features.at("seg")[2][0].tensor.equal(features.at("depth")[2][0].tensor));
  EXPECT_EQ(instances(*model).back(), "layer2.shared");
}

// For each route the stages that it has in common with another one, as far as they go.
TEST_F(BranchedTest, NamesTheFeaturesWhereRoutesPart) {
  const auto cut_names = [&](Architecture& model) {
    FeatureCut cut;
    model.set_cut(&cut);
    model.forward(torch::randn({2, 3, 4, 4}), routes_);
    model.set_cut(nullptr);
    return cut.names();
  };
  const auto table = make(R"(
      stage { name: "layer1" instance { name: "geometry" task: "depth" task: "normal" }
                             instance { name: "s" task: "seg" } }
      stage { name: "layer2" instance { name: "a" task: "depth" }
                             instance { name: "b" task: "normal" }
                             instance { name: "c" task: "seg" } })");
  EXPECT_TRUE(table->names_cut());
  EXPECT_EQ(cut_names(*table), (Names{"stem.shared", "layer1.geometry"}));
  EXPECT_EQ(table->routes_of("layer1.geometry.conv.weight"),
            (std::set<std::string>{"depth", "normal"}));
  EXPECT_EQ(table->routes_of("layer2.b.bn.bias"), std::set<std::string>{"normal"});
  EXPECT_EQ(cut_names(*make("shared_stages: 0")), Names{});
  EXPECT_EQ(cut_names(*make("", "tasuki/HardSharing")),
            (Names{"stem.shared", "layer1.shared", "layer2.shared"}));
  // What is shared again behind separate stages lies beyond any such cut.
  EXPECT_FALSE(make(R"(stage { name: "layer1" instance { name: "s" task: "seg" }
                               instance { name: "d" task: "depth" task: "normal" } })")
                   ->names_cut());
}

TEST_F(BranchedTest, CopiesStartIdenticalOrIndependent) {
  const auto weight = [](const Architecture& model, const std::string& instance) {
    return model.named_parameters()[instance + ".conv.weight"];
  };
  const auto same = make("shared_stages: 1"),
             own_draw = make("shared_stages: 1 copies: INDEPENDENT");
  EXPECT_TRUE(weight(*same, "layer1.seg").equal(weight(*same, "layer1.normal")));
  EXPECT_FALSE(weight(*same, "layer1.seg").is_same(weight(*same, "layer1.normal")));
  EXPECT_FALSE(weight(*own_draw, "layer1.seg").equal(weight(*own_draw, "layer1.normal")));
}

TEST_F(BranchedTest, HardSharingHasNoCopies) {
  EXPECT_EQ(instances(*make("", "tasuki/HardSharing")),
            (Names{"stem.shared", "layer1.shared", "layer2.shared"}));
}

TEST_F(BranchedTest, RefusesTablesThatAreNone) {
  EXPECT_THAT(refusal("shared_stages: 4"),
              HasSubstr("shared_stages: 4 is more than the encoder's 3 stages"));
  EXPECT_THAT(refusal("shared_stages: 1 stage { name: \"layer1\" }"), HasSubstr("not both"));
  EXPECT_THAT(refusal("stage { name: \"layr1\" }"),
              HasSubstr("stage[layr1]: the encoder has no such stage (did you mean \"layer1\"?)"));
  EXPECT_THAT(refusal("stage { name: \"layer1\" instance { task: \"seg\" } }"),
              HasSubstr("stage[layer1].instance[0].name: is required"));
  EXPECT_THAT(refusal("stage { name: \"layer1\" instance { name: \"a.b\" task: \"seg\" } }"),
              HasSubstr("without dots"));
  EXPECT_THAT(refusal("stage { name: \"layer1\" instance { name: \"a\" task: \"dept\" } }"),
              HasSubstr("stage[layer1].instance[a].task: there is no task \"dept\" (did you mean "
                        "\"depth\"?)"));
  EXPECT_THAT(refusal("stage { name: \"layer1\" instance { name: \"a\" task: \"seg\" task: "
                      "\"depth\" } instance { name: \"b\" task: \"seg\" task: \"normal\" } }"),
              HasSubstr("instance[b].task: task \"seg\" has two instances"));
  EXPECT_THAT(refusal("stage { name: \"layer2\" instance { name: \"a\" task: \"seg\" } }"),
              HasSubstr("stage[layer2].instance: task \"depth\" has no instance of this stage"));
}

}  // namespace
}  // namespace tasuki
