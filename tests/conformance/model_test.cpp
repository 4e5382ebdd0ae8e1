#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <map>
#include <set>

#include "tasuki/model/decoder.h"
#include "tasuki/model/encoder.h"
#include "tasuki/model/model.h"
#include "tasuki/model/parameter_info.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

using Sizes = std::vector<int64_t>;

// Every tensor of `model`, bit for bit.
bool same_tensors(const torch::nn::Module& a, const torch::nn::Module& b) {
  const auto left = named_tensors(a), right = named_tensors(b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].first != right[i].first || !left[i].second.equal(right[i].second)) return false;
  }
  return true;
}

class EncoderConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<Stage> stage(size_t index, uint64_t seed) const {
    torch::manual_seed(seed);
    auto made = encoder_->make_stage(index);
    made->eval();
    return made;
  }

  std::unique_ptr<Encoder> encoder_ = make_minimal<Encoder>(GetParam());
};

// run_stage() is an error where a stage makes something else than it declares.
TEST_P(EncoderConformance, StagesAreAsDeclared) {
  const torch::NoGradGuard no_grad;
  ASSERT_FALSE(encoder_->stages().empty());
  FeatureMaps maps = {FeatureMap{torch::randn({1, 3, 64, 96})}};
  std::set<std::string> names;
  for (size_t i = 0; i < encoder_->stages().size(); ++i) {
    const auto& info = encoder_->stages()[i];
    ASSERT_FALSE(info.maps.empty()) << info.name;
    maps = run_stage(info, *stage(i, 1), maps);
    for (size_t k = 0; k < maps.size(); ++k) {
      const auto& map = info.maps[k];
      EXPECT_EQ(maps[k].as_grid().sizes(),
                (Sizes{1, map.channels, 64 / map.stride, 96 / map.stride}))
          << info.name;
      EXPECT_TRUE(maps[k].tensor.isfinite().all().item<bool>()) << info.name;
      if (map.kind != FeatureMap::Kind::kTokens) continue;
      EXPECT_EQ(maps[k].tensor.size(1), maps[k].prefix + maps[k].height * maps[k].width);
    }
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.find('.'), std::string::npos) << info.name;
  }
}

// What overhangs is a pixel of its own or left out, as the encoder likes it.
TEST_P(EncoderConformance, TakesSizesThatNoStrideDivides) {
  const torch::NoGradGuard no_grad;
  FeatureMaps maps = {FeatureMap{torch::randn({1, 3, 45, 61})}};
  for (size_t i = 0; i < encoder_->stages().size(); ++i) {
    maps = run_stage(encoder_->stages()[i], *stage(i, 1), maps);
    for (const auto& map : maps) {
      const auto grid = map.as_grid();
      EXPECT_LT(std::abs(double(grid.size(2)) - 45.0 / double(map.stride)), 1);
      EXPECT_LT(std::abs(double(grid.size(3)) - 61.0 / double(map.stride)), 1);
    }
  }
}

TEST_P(EncoderConformance, WeightsFollowTheSeed) {
  for (size_t i = 0; i < encoder_->stages().size(); ++i) {
    EXPECT_TRUE(same_tensors(*stage(i, 1), *stage(i, 1))) << i;
    EXPECT_FALSE(same_tensors(*stage(i, 1), *stage(i, 2))) << i;
  }
}

TASUKI_CONFORMANCE(EncoderConformance, Encoder::kKind);

// Encoders that a decoder may be made for: it takes one of them at least.
std::vector<std::vector<StageInfo>> encoder_designs() {
  constexpr auto kTokens = FeatureMap::Kind::kTokens;
  return {{{"stem", "", 8, 4},
           {"layer1", "layer1.", 12, 4},
           {"layer2", "layer2.", 16, 8},
           {"layer3", "layer3.", 24, 8},
           {"layer4", "layer4.", 32, 8}},
          {{"embed", "", {{12, 8, kTokens}}}, {"block", "block.", {{12, 8, kTokens}}}},
          {{"stem", "", {{8, 4}, {16, 8}}}, {"fuse", "fuse.", {{8, 4}, {16, 8}}}}};
}

// Of images of 64 x 96 pixels.
RouteFeatures random_features(const std::vector<StageInfo>& stages, int64_t images) {
  RouteFeatures features;
  for (const auto& stage : stages) {
    features.emplace_back();
    for (const auto& map : stage.maps) {
      const int64_t h = 64 / map.stride, w = 96 / map.stride;
      features.back().push_back(
          map.kind == FeatureMap::Kind::kGrid
              ? FeatureMap{torch::randn({images, map.channels, h, w}), map.stride}
              : FeatureMap::tokens(torch::randn({images, 1 + h * w, map.channels}), h, w, 1,
                                   map.stride));
    }
  }
  return features;
}

class DecoderConformance : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr int64_t kOut = 5;

  void SetUp() override {
    for (auto& stages : encoder_designs()) {
      try {
        make_minimal<Decoder>(GetParam(), {stages, kOut});
        stages_ = stages;
        return;
      } catch (const OptionError& refusal) {
        EXPECT_EQ(refusal.field(), "") << "what it can't use is no option's mistake";
      }
    }
    FAIL() << "no encoder is one that it can use";
  }
  std::unique_ptr<Decoder> decoder(uint64_t seed, bool training = true) const {
    torch::manual_seed(seed);
    Decoder::Context context{stages_, kOut};
    context.training = training;
    return make_minimal<Decoder>(GetParam(), context);
  }
  RouteFeatures features(int64_t images) const {
    torch::manual_seed(9);
    return random_features(stages_, images);
  }
  // Its logits, and what supervises it besides.
  static std::vector<torch::Tensor> everything(Decoder& made, const RouteFeatures& features) {
    std::vector<DecoderOutput> further;
    made.keep_supervised(&further);
    std::vector<torch::Tensor> all = {made.forward(features)};
    made.keep_supervised(nullptr);
    for (const auto& output : further) all.push_back(output.logits);
    return all;
  }

  std::vector<StageInfo> stages_;
};

TEST_P(DecoderConformance, MakesAsManyChannelsAsAskedFor) {
  for (const auto& logits : everything(*decoder(1), features(2))) {
    ASSERT_EQ(logits.dim(), 4);
    EXPECT_EQ(logits.size(0), 2);
    EXPECT_EQ(logits.size(1), kOut);
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
  }
}

TEST_P(DecoderConformance, EvaluatesASingleImageAsInABatch) {
  const torch::NoGradGuard no_grad;
  const auto made = decoder(1);
  made->eval();
  const auto both = features(2);
  RouteFeatures first = both;
  for (auto& maps : first) {
    for (auto& map : maps) map.tensor = map.tensor.narrow(0, 0, 1);
  }
  const auto alone = made->forward(first), batched = made->forward(both).narrow(0, 0, 1);
  EXPECT_TRUE(alone.allclose(batched, 1e-4, 1e-5));
}

TEST_P(DecoderConformance, EveryParameterTrains) {
  const auto made = decoder(1);
  torch::Tensor sum = torch::zeros({});
  for (const auto& logits : everything(*made, features(2))) sum = sum + logits.square().sum();
  sum.backward();
  ASSERT_FALSE(made->parameters().empty());
  for (const auto& item : made->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << item.key();
  }
}

TEST_P(DecoderConformance, WeightsAndLogitsFollowTheSeed) {
  const auto logits = [&](Decoder& made) {
    const auto x = features(2);
    torch::manual_seed(3);
    return made.forward(x);
  };
  const auto a = decoder(1), b = decoder(1), c = decoder(2);
  EXPECT_TRUE(same_tensors(*a, *b));
  EXPECT_FALSE(same_tensors(*a, *c));
  EXPECT_TRUE(logits(*a).equal(logits(*b)));
}

// The names of the tensors that a module is to have at inference.
std::set<std::string> names_at_inference(const torch::nn::Module& module) {
  std::set<std::string> names;
  for (const auto& item : named_tensors(module)) {
    if (!is_training_only_tensor("decoder.x." + item.first)) names.insert(item.first);
  }
  return names;
}

TEST_P(DecoderConformance, LeavesOutAtInferenceWhatSupervises) {
  const auto made = decoder(1), inference = decoder(1, false);
  EXPECT_EQ(names_at_inference(*made), names_at_inference(*inference));
  EXPECT_EQ(names_at_inference(*inference).size(), named_tensors(*inference).size());
  made->eval();
  EXPECT_EQ(everything(*made, features(2)).size(), 1u);
}

TASUKI_CONFORMANCE(DecoderConformance, Decoder::kKind);

class CrossTaskDecoderConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<CrossTaskDecoder> decoder(bool training = true, uint64_t seed = 1) {
    torch::manual_seed(seed);
    CrossTaskDecoder::Context context{stages_, tasks_};
    context.training = training;
    return make_minimal<CrossTaskDecoder>(GetParam(), context);
  }
  TaskFeatures features() const {
    torch::manual_seed(9);
    TaskFeatures all;
    for (const auto& task : tasks_) all[task.name] = random_features(stages_, 2);
    return all;
  }
  int64_t channels_of(const std::string& name) const {
    for (const auto& task : tasks_) {
      if (task.name == name) return task.channels;
    }
    ADD_FAILURE() << name << " is none of its tasks";
    return 0;
  }

  std::vector<StageInfo> stages_ = encoder_designs().front();
  std::vector<CrossTaskDecoder::ServedTask> tasks_ = {{"seg", 5}, {"depth", 1}, {"normal", 3}};
};

TEST_P(CrossTaskDecoderConformance, MakesTheLogitsOfEveryTask) {
  for (const size_t count : {size_t(3), size_t(2), size_t(1)}) {
    tasks_.resize(count);
    std::map<std::string, int> own;
    for (const auto& output : decoder()->forward(features())) {
      EXPECT_EQ(output.logits.dim(), 4);
      EXPECT_EQ(output.logits.size(1), channels_of(output.objective));
      if (!output.training_only) ++own[output.objective];
    }
    EXPECT_EQ(own.size(), count);
    for (const auto& [name, outputs] : own) EXPECT_EQ(outputs, 1) << name;
  }
}

// Where tasks_of() says something, it is exactly the tasks whose outputs train the parameter.
TEST_P(CrossTaskDecoderConformance, SaysWhichTasksTrainAParameter) {
  const auto made = decoder();
  std::map<std::string, std::set<std::string>> reached;
  for (const auto& task : tasks_) {
    for (auto& parameter : made->parameters()) parameter.mutable_grad() = torch::Tensor();
    torch::Tensor sum = torch::zeros({});
    for (const auto& output : made->forward(features())) {
      if (output.objective == task.name) sum = sum + output.logits.square().sum();
    }
    sum.backward();
    for (const auto& item : made->named_parameters()) {
      const auto& gradient = item.value().grad();
      if (gradient.defined() && gradient.count_nonzero().item<int64_t>() > 0) {
        reached[item.key()].insert(task.name);
      }
    }
  }
  for (const auto& item : made->named_parameters()) {
    EXPECT_FALSE(reached[item.key()].empty()) << item.key() << " is not trained";
    const auto said = made->tasks_of(item.key());
    if (!said.empty()) {
      EXPECT_EQ(said, reached[item.key()]) << item.key();
    }
  }
}

TEST_P(CrossTaskDecoderConformance, LeavesOutAtInferenceWhatSupervises) {
  const auto made = decoder(), inference = decoder(false);
  EXPECT_EQ(names_at_inference(*made), names_at_inference(*inference));
  EXPECT_EQ(names_at_inference(*inference).size(), named_tensors(*inference).size());
  inference->eval();
  for (const auto& output : inference->forward(features())) EXPECT_FALSE(output.training_only);
}

TEST_P(CrossTaskDecoderConformance, WeightsFollowTheSeed) {
  EXPECT_TRUE(same_tensors(*decoder(), *decoder()));
  EXPECT_FALSE(same_tensors(*decoder(), *decoder(true, 2)));
}

TASUKI_CONFORMANCE(CrossTaskDecoderConformance, CrossTaskDecoder::kKind);

class NormConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Norm> norm_ = make_minimal<Norm>(GetParam());
  torch::Tensor x_ = torch::randn({4, 64, 6, 7}) * 3 + 2;
};

TEST_P(NormConformance, KeepsTheShapeAndStoragesOrder) {
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    auto layer = norm_->make(64);
    const auto y = layer.forward(x_.contiguous(format));
    EXPECT_EQ(y.sizes(), x_.sizes());
    EXPECT_TRUE(y.is_contiguous(format));
    EXPECT_TRUE(y.isfinite().all().item<bool>());
  }
}

// An image's values don't depend on what else is in its batch.
TEST_P(NormConformance, EvaluatesASingleImageAsInABatch) {
  auto layer = norm_->make(64);
  layer.forward(x_);
  layer.ptr()->eval();
  const auto alone = layer.forward(x_.narrow(0, 1, 1));
  EXPECT_TRUE(alone.allclose(layer.forward(x_).narrow(0, 1, 1), 1e-5, 1e-6));
}

TEST_P(NormConformance, SaysWhetherItUsesTheBatch) {
  auto layer = norm_->make(64);
  const auto alone = layer.forward(x_.narrow(0, 1, 1));
  const bool same = alone.allclose(layer.forward(x_).narrow(0, 1, 1), 1e-5, 1e-6);
  EXPECT_EQ(norm_->uses_batch(), !same);
}

// Weight decay leaves them alone where it is told to leave norms alone.
TEST_P(NormConformance, HasNothingButNormParameters) {
  auto layer = norm_->make(64);
  for (const auto& parameter : list_parameters(*layer.ptr())) {
    EXPECT_EQ(parameter.kind, Train::NORM) << parameter.name;
  }
}

TASUKI_CONFORMANCE(NormConformance, Norm::kKind);

}  // namespace
}  // namespace tasuki::conformance
