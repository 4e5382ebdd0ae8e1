#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "tasuki/model/architecture.h"
#include "tasuki/model/model.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

// One run of one stage's module.
struct Call {
  size_t stage;
  const void* module;
  torch::Tensor input;
};
using Calls = std::vector<Call>;

// A 1x1 convolution that writes down when it runs.
class CountedStage final : public GridStage {
 public:
  CountedStage(size_t index, int64_t in, int64_t out, std::shared_ptr<Calls> calls)
      : index_(index),
        convolution_(
            register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1)))),
        calls_(std::move(calls)) {}

  torch::Tensor forward(const torch::Tensor& x) override {
    calls_->push_back({index_, this, x});
    return torch::tanh(convolution_(x));
  }

 private:
  size_t index_;
  torch::nn::Conv2d convolution_;
  std::shared_ptr<Calls> calls_;
};

class CountedEncoder final : public Encoder {
 public:
  const std::vector<StageInfo>& stages() const override { return stages_; }
  std::shared_ptr<Stage> make_stage(size_t index) const override {
    const int64_t in = index == 0 ? 3 : stages_[index - 1].channels();
    return std::make_shared<CountedStage>(index, in, stages_[index].channels(), calls);
  }

  std::shared_ptr<Calls> calls = std::make_shared<Calls>();

 private:
  std::vector<StageInfo> stages_ = {{"stem", "", 4, 1},
                                    {"layer1", "layer1.", 5, 1},
                                    {"layer2", "layer2.", 6, 1},
                                    {"layer3", "layer3.", 7, 1},
                                    {"layer4", "layer4.", 8, 1}};
};

class ArchitectureConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Architecture> make(uint64_t seed = 1) {
    torch::manual_seed(seed);
    return make_minimal<Architecture>(GetParam(), {&encoder_, routes_});
  }

  // Names of the parameters that a gradient of this route's features reaches.
  std::set<std::string> reached(Architecture& model, const std::string& route) {
    for (auto& parameter : model.parameters()) parameter.mutable_grad() = torch::Tensor();
    torch::Tensor sum = torch::zeros({});
    const auto features = model.forward(image_, {route});
    for (const auto& x : tensors(features.at(route))) sum = sum + x.square().sum();
    sum.backward();
    std::set<std::string> names;
    for (const auto& item : model.named_parameters()) {
      const auto& gradient = item.value().grad();
      if (gradient.defined() && gradient.count_nonzero().item<int64_t>() > 0) {
        names.insert(item.key());
      }
    }
    return names;
  }

  // All maps of all stages, in order.
  static std::vector<torch::Tensor> tensors(const RouteFeatures& features) {
    std::vector<torch::Tensor> all;
    for (const auto& maps : features) {
      for (const auto& map : maps) all.push_back(map.tensor);
    }
    return all;
  }

  // A number that depends on all features of a route, on each route in another way.
  torch::Tensor loss_of(const std::map<std::string, RouteFeatures>& features,
                        const std::string& route) const {
    torch::Tensor sum = torch::zeros({});
    double factor = 1 + double(std::find(routes_.begin(), routes_.end(), route) - routes_.begin());
    for (const auto& x : tensors(features.at(route))) {
      sum = sum + (x * factor).cos().mean() * factor;
      factor += 1;
    }
    return sum;
  }
  // Gradients of the model by name, zero where there is none; takes them away.
  static std::map<std::string, torch::Tensor> take_gradients(Architecture& model) {
    std::map<std::string, torch::Tensor> all;
    for (auto& item : model.named_parameters()) {
      auto& gradient = item.value().mutable_grad();
      all[item.key()] = gradient.defined() ? gradient : torch::zeros_like(item.value());
      gradient = torch::Tensor();
    }
    return all;
  }

  static std::set<std::string> own(const Architecture& model, const std::string& route) {
    std::set<std::string> names;
    for (const auto& item : model.own_parameters(route)) names.insert(item.first);
    return names;
  }

  CountedEncoder encoder_;
  std::vector<std::string> routes_{"seg", "depth", "normal"};
  torch::Tensor image_ = torch::randn({2, 3, 5, 6});
};

TEST_P(ArchitectureConformance, GivesEveryRouteTheFeaturesOfAllStages) {
  const auto features = make()->forward(image_, routes_);
  ASSERT_EQ(features.size(), routes_.size());
  for (const auto& route : routes_) {
    const auto& stages = features.at(route);
    ASSERT_EQ(stages.size(), encoder_.stages().size());
    for (size_t i = 0; i < stages.size(); ++i) {
      ASSERT_EQ(stages[i].size(), 1u);
      EXPECT_EQ(stages[i][0].tensor.sizes(),
                (std::vector<int64_t>{2, encoder_.stages()[i].channels(), 5, 6}));
      EXPECT_EQ(stages[i][0].stride, encoder_.stages()[i].stride());
    }
  }
}

TEST_P(ArchitectureConformance, OneRouteAloneIsTheSameAndRunsNothingElse) {
  const auto model = make();
  model->eval();
  const auto all = model->forward(image_, routes_);
  for (const auto& route : routes_) {
    encoder_.calls->clear();
    const auto alone = model->forward(image_, {route});
    ASSERT_EQ(alone.size(), 1u);
    for (size_t i = 0; i < encoder_.stages().size(); ++i) {
      EXPECT_TRUE(alone.at(route)[i].at(0).tensor.equal(all.at(route)[i].at(0).tensor))
          << route << " stage " << i;
      const auto runs = std::count_if(encoder_.calls->begin(), encoder_.calls->end(),
                                      [&](const Call& call) { return call.stage == i; });
      // Where routes mix features, a route needs the others' columns.
      if (model->one_way_transfer_possible(route)) {
        EXPECT_EQ(runs, 1) << route << " stage " << i;
      }
    }
  }
}

TEST_P(ArchitectureConformance, NothingRunsTwiceOnTheSameInput) {
  const auto model = make();
  encoder_.calls->clear();
  model->forward(image_, routes_);
  std::set<std::pair<const void*, const void*>> seen;
  for (const auto& call : *encoder_.calls) {
    EXPECT_TRUE(seen.insert({call.module, call.input.unsafeGetTensorImpl()}).second)
        << "stage " << call.stage;
  }
}

// own_parameters says exactly which parameters no other route trains.
TEST_P(ArchitectureConformance, OwnParametersAreThoseThatOnlyTheirRouteTrains) {
  const auto model = make();
  std::map<std::string, std::set<std::string>> reach;
  for (const auto& route : routes_) reach[route] = reached(*model, route);
  for (const auto& route : routes_) {
    std::set<std::string> only = reach[route];
    for (const auto& other : routes_) {
      if (other == route) continue;
      for (const auto& name : reach[other]) only.erase(name);
    }
    EXPECT_EQ(own(*model, route), only) << route;
  }
}

// Where routes_of says something, it is exactly the routes that train the parameter.
TEST_P(ArchitectureConformance, SaysWhichRoutesTrainAParameter) {
  const auto model = make();
  std::map<std::string, std::set<std::string>> reach;
  for (const auto& route : routes_) {
    for (const auto& name : reached(*model, route)) reach[name].insert(route);
  }
  for (const auto& item : model->named_parameters()) {
    const auto said = model->routes_of(item.key());
    if (!said.empty()) {
      EXPECT_EQ(said, reach[item.key()]) << item.key();
    }
  }
  EXPECT_TRUE(model->routes_of("no.such.parameter").empty());
}

// No gradient gets past the cut into what several routes train, and what is walked on from it is
// what an uncut pass would have given.
TEST_P(ArchitectureConformance, NothingSharedIsTrainedButThroughTheCut) {
  const auto model = make();
  if (!model->names_cut()) return;
  std::set<std::string> not_shared;
  for (const auto& route : routes_) not_shared.merge(own(*model, route));
  torch::Tensor whole = torch::zeros({});
  const auto uncut = model->forward(image_, routes_);
  for (const auto& route : routes_) whole = whole + loss_of(uncut, route);
  whole.backward();
  const auto expected = take_gradients(*model);

  FeatureCut cut;
  model->set_cut(&cut);
  const auto features = model->forward(image_, routes_);
  model->set_cut(nullptr);
  std::set<std::string> names(cut.names().begin(), cut.names().end());
  EXPECT_EQ(names.size(), cut.names().size()) << "a name of the cut comes twice";
  for (const auto& route : routes_) {
    const auto whole_maps = tensors(uncut.at(route)), maps = tensors(features.at(route));
    for (size_t i = 0; i < maps.size(); ++i) {
      EXPECT_TRUE(maps[i].equal(whole_maps[i])) << route << " map " << i;
    }
    loss_of(features, route).backward({}, true);
  }
  for (const auto& [name, gradient] : take_gradients(*model)) {
    if (not_shared.count(name) > 0) {
      EXPECT_TRUE(gradient.allclose(expected.at(name), 1e-4, 1e-7)) << name;
    } else {
      EXPECT_EQ(gradient.count_nonzero().item<int64_t>(), 0) << name;
    }
  }
  cut.backward(cut.take_gradients());
  for (const auto& [name, gradient] : take_gradients(*model)) {
    if (not_shared.count(name) > 0) continue;
    EXPECT_TRUE(gradient.allclose(expected.at(name), 1e-4, 1e-7)) << name;
    EXPECT_GT(expected.at(name).count_nonzero().item<int64_t>(), 0) << name;
  }
}

TEST_P(ArchitectureConformance, OwnParametersAreTheModelsOwn) {
  const auto model = make();
  const auto all = model->named_parameters();
  for (const auto& route : routes_) {
    for (const auto& [name, tensor] : model->own_parameters(route)) {
      const auto* found = all.find(name);
      ASSERT_NE(found, nullptr) << name;
      EXPECT_TRUE(found->is_same(tensor)) << name;
    }
  }
}

TEST_P(ArchitectureConformance, AllRoutesTogetherTrainEverything) {
  const auto model = make();
  std::set<std::string> trained, all;
  for (const auto& route : routes_) trained.merge(reached(*model, route));
  for (const auto& item : model->named_parameters()) all.insert(item.key());
  EXPECT_EQ(trained, all);
}

TEST_P(ArchitectureConformance, NamesTheModulesOfEveryStage) {
  const auto model = make();
  std::set<size_t> stages;
  std::set<Stage*> modules;
  for (const auto& [stage, module] : model->stage_modules()) {
    stages.insert(stage);
    EXPECT_TRUE(modules.insert(module).second) << "stage " << stage << " has a module twice";
  }
  EXPECT_EQ(stages.size(), encoder_.stages().size());
  size_t parameters = 0;
  for (auto* module : modules) parameters += module->parameters().size();
  EXPECT_LE(parameters, model->parameters().size());
}

TEST_P(ArchitectureConformance, WorksWithOneTask) {
  routes_ = {"depth"};
  const auto model = make();
  encoder_.calls->clear();
  EXPECT_EQ(model->forward(image_, routes_).at("depth").size(), encoder_.stages().size());
  EXPECT_EQ(encoder_.calls->size(), encoder_.stages().size());
}

TEST_P(ArchitectureConformance, WeightsFollowTheSeed) {
  const auto a = named_tensors(*make(1)), b = named_tensors(*make(1)), c = named_tensors(*make(2));
  ASSERT_EQ(a.size(), b.size());
  bool differ = false;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].second.equal(b[i].second)) << a[i].first;
    differ = differ || !a[i].second.equal(c[i].second);
  }
  EXPECT_TRUE(differ);
}

TASUKI_CONFORMANCE(ArchitectureConformance, Architecture::kKind);

}  // namespace
}  // namespace tasuki::conformance
