#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <tuple>

#include "tasuki/error/error.h"
#include "tasuki/model/parameter_space.h"

namespace tasuki {
namespace {

namespace nn = torch::nn;
using Segment = ParameterSpace::Segment;

struct Node : nn::Module {};

// A random tree of modules: shared modules, tied and frozen parameters, any shape.
class RandomModel {
 public:
  explicit RandomModel(unsigned seed) : random_(seed) {
    torch::manual_seed(seed);
    grow(*root, 3);
    // There is at least one to train.
    root->register_parameter("always", torch::randn({3}));
  }

  int below(int n) { return int(random_() % unsigned(n)); }

  const std::shared_ptr<Node> root = std::make_shared<Node>();

 private:
  void grow(nn::Module& module, int depth) {
    const int parameters = below(4);
    for (int i = 0; i < parameters; ++i) {
      const auto name = std::string(below(2) == 0 ? "weight_" : "bias_") + std::to_string(i);
      if (!tensors_.empty() && below(6) == 0) {
        const auto& tied = tensors_[size_t(below(int(tensors_.size())))];
        module.register_parameter(name, tied, tied.requires_grad());
        continue;
      }
      std::vector<int64_t> sizes(size_t(below(5)));
      for (auto& size : sizes) size = 1 + below(5);
      tensors_.push_back(module.register_parameter(name, torch::randn(sizes), below(5) != 0));
    }
    const int children = depth == 0 ? 0 : below(4);
    for (int i = 0; i < children; ++i) {
      const auto name = "m" + std::to_string(i);
      if (!modules_.empty() && below(6) == 0) {
        module.register_module(name, modules_[size_t(below(int(modules_.size())))]);
        continue;
      }
      // Of finished modules alone, so that none is inside itself.
      const auto child = std::make_shared<Node>();
      grow(*child, depth - 1);
      modules_.push_back(module.register_module(name, child));
    }
  }

  std::mt19937 random_;
  std::vector<torch::Tensor> tensors_;
  std::vector<std::shared_ptr<nn::Module>> modules_;
};

std::map<const c10::TensorImpl*, torch::Tensor> copies_of(const nn::Module& model) {
  std::map<const c10::TensorImpl*, torch::Tensor> copies;
  for (const auto& parameter : model.parameters()) {
    copies[parameter.unsafeGetTensorImpl()] = parameter.detach().clone();
  }
  return copies;
}

// Everyone is in exactly one of the ranges, which are ascending and apart.
void expect_partition(const std::vector<Segment>& segments, std::vector<ParameterRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_LT(ranges[i].begin, ranges[i].end);
    if (i > 0) {
      EXPECT_LE(ranges[i - 1].end, ranges[i].begin);
    }
  }
  for (const auto& segment : segments) {
    const auto holders = std::count_if(ranges.begin(), ranges.end(), [&](const auto& range) {
      return range.begin <= segment.begin && segment.end <= range.end;
    });
    EXPECT_EQ(holders, 1) << segment.name;
  }
}

class RandomSpace : public ::testing::TestWithParam<int> {
 protected:
  // With some multipliers, which split parts.
  std::vector<ParameterInfo> parameters(bool with_multipliers) {
    auto all = list_parameters(*model_.root);
    if (!with_multipliers) return all;
    for (auto& parameter : all) {
      parameter.lr_multiplier = model_.below(2) == 0 ? 1 : 0.1;
      parameter.decay_multiplier = model_.below(2);
      parameter.frozen |= parameter.name != "always" && model_.below(5) == 0;
    }
    return all;
  }
  bool channels_last() const { return GetParam() % 2 == 0; }

  RandomModel model_{unsigned(GetParam())};
};

TEST_P(RandomSpace, HasEveryTrainableParameterOnceAndNoFrozenOne) {
  const auto before = copies_of(*model_.root);
  const auto all = parameters(true);
  const ParameterSpace space(all, channels_last());
  std::map<std::string, const Segment*> found;
  for (const auto& segment : space.segments()) {
    EXPECT_TRUE(found.emplace(segment.name, &segment).second) << segment.name;
  }
  size_t frozen = 0;
  for (const auto& parameter : all) {
    const auto& copy = before.at(parameter.tensor.unsafeGetTensorImpl());
    EXPECT_TRUE(parameter.tensor.equal(copy)) << parameter.name;
    EXPECT_EQ(parameter.tensor.requires_grad(), !parameter.frozen);
    EXPECT_EQ(parameter.tensor.grad().defined(), !parameter.frozen);
    EXPECT_EQ(found.count(parameter.name), parameter.frozen ? 0u : 1u) << parameter.name;
    frozen += parameter.frozen;
    if (parameter.frozen) continue;
    const auto& segment = *found.at(parameter.name);
    EXPECT_TRUE(space.view(space.values(), segment).equal(copy));
    EXPECT_EQ(space.view(space.values(), segment).data_ptr(), parameter.tensor.data_ptr());
    EXPECT_EQ(space.view(space.gradient(), segment).strides(), parameter.tensor.strides());
  }
  EXPECT_EQ(space.segments().size() + frozen, all.size());
  EXPECT_EQ(space.frozen().size(), frozen);
  EXPECT_EQ(space.parameters().size(), all.size());
  space.check();
}

TEST_P(RandomSpace, NamesAllOfItUnderAllNames) {
  const ParameterSpace space(parameters(true), channels_last());
  std::map<std::string, torch::Tensor> named;
  for (const auto& [name, tensor] : space.named(space.values())) named[name] = tensor;
  for (const auto& item : model_.root->named_parameters()) {
    ASSERT_EQ(named.count(item.key()), item.value().requires_grad() ? 1u : 0u) << item.key();
    if (item.value().requires_grad()) {
      EXPECT_TRUE(named.at(item.key()).equal(item.value()));
    }
  }
}

TEST_P(RandomSpace, RangesOfTagsArePartitions) {
  const ParameterSpace space(parameters(true), channels_last());
  const auto& segments = space.segments();
  for (size_t i = 0; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i].begin * 4 % 64, 0);
    EXPECT_EQ(segments[i].end - segments[i].begin, segments[i].tensor.numel());
    if (i > 0) {
      EXPECT_LE(segments[i - 1].end, segments[i].begin);
    }
  }
  expect_partition(segments, space.parts());
  std::vector<ParameterRange> kinds, groups;
  for (const auto kind : {Train::WEIGHT, Train::BIAS, Train::NORM, Train::EMBEDDING}) {
    for (const auto& range : space.ranges([&](const auto& s) { return s.kind == kind; })) {
      kinds.push_back(range);
    }
  }
  expect_partition(segments, kinds);
  for (const auto& group : space.groups()) groups.push_back(group.range);
  expect_partition(segments, groups);
  EXPECT_EQ(space.ranges([](const auto&) { return true; }).size(), 1u);
  EXPECT_TRUE(space.ranges([](const auto&) { return false; }).empty());
}

TEST_P(RandomSpace, GroupsCoverTheVectorsAndHaveTheirParametersMultipliers) {
  const ParameterSpace space(parameters(true), channels_last());
  int64_t covered = 0;
  for (const auto& group : space.groups()) {
    EXPECT_EQ(group.range.begin, covered);
    covered = group.range.end;
    for (const auto& segment : space.segments()) {
      if (segment.begin < group.range.begin || segment.begin >= group.range.end) continue;
      EXPECT_EQ(segment.lr_multiplier, group.lr_multiplier) << segment.name;
      EXPECT_EQ(segment.decay_multiplier, group.decay_multiplier) << segment.name;
    }
  }
  EXPECT_EQ(covered, space.values().numel());
}

// One range of each of the multipliers a part, at most.
TEST_P(RandomSpace, APartsGroupsLieTogether) {
  const ParameterSpace space(parameters(true), channels_last());
  std::set<std::tuple<std::string, double, double>> finished;
  std::optional<std::tuple<std::string, double, double>> last;
  for (const auto& segment : space.segments()) {
    const std::tuple key(segment.part(), segment.lr_multiplier, segment.decay_multiplier);
    if (last && *last != key) finished.insert(*last);
    EXPECT_EQ(finished.count(key), 0u) << segment.name;
    last = key;
  }
}

TEST_P(RandomSpace, WithoutMultipliersThereIsOneGroup) {
  const ParameterSpace space(parameters(false), channels_last());
  ASSERT_EQ(space.groups().size(), 1u);
  EXPECT_EQ(space.groups()[0].range, (ParameterRange{0, space.values().numel()}));
}

TEST_P(RandomSpace, BucketsCoverTheVectorsFromTheEnd) {
  const ParameterSpace space(parameters(true), channels_last());
  for (const int64_t bytes : {int64_t(1), int64_t(256), int64_t(1000), int64_t(1) << 30}) {
    int64_t end = space.values().numel();
    for (const auto& bucket : space.buckets(bytes)) {
      EXPECT_EQ(bucket.end, end);
      EXPECT_LT(bucket.begin, bucket.end);
      end = bucket.begin;
      size_t inside = 0;
      for (const auto& segment : space.segments()) {
        const bool begins = bucket.begin <= segment.begin && segment.begin < bucket.end;
        if (begins) {
          EXPECT_LE(segment.end, bucket.end);
        }
        inside += begins;
      }
      EXPECT_GE(inside, 1u);
      EXPECT_TRUE(inside == 1 || bucket.size() * 4 <= bytes) << bucket.size() << " " << bytes;
    }
    EXPECT_EQ(end, 0);
    // Two neighbours would not fit into one.
    const auto buckets = space.buckets(bytes);
    for (size_t i = 1; i < buckets.size(); ++i) {
      const auto& segments = space.segments();
      const auto first = std::find_if(segments.begin(), segments.end(), [&](const auto& s) {
        return s.end > buckets[i].begin && s.begin < buckets[i].end &&
               (&s == &segments.back() || (&s + 1)->begin >= buckets[i].end);
      });
      ASSERT_NE(first, segments.end());
      EXPECT_GT((buckets[i - 1].end - first->begin) * 4, bytes);
    }
  }
}

// A norm of the whole is that of the parts' norms; none of them is scaled by another's.
TEST_P(RandomSpace, ClipsEachPartByItself) {
  ParameterSpace space(parameters(true), channels_last());
  torch::Tensor gradient = space.gradient();
  for (const auto& segment : space.segments()) {
    space.view(gradient, segment).normal_();
  }
  const auto before = gradient.clone();
  const double norm = space.clip_gradient(1, Train::PART).item<double>();
  EXPECT_NEAR(norm, before.norm().item<double>(), 1e-4 * norm);
  for (const auto& part : space.parts()) {
    const auto was = before.slice(0, part.begin, part.end);
    const double factor = std::min(1.0, 1 / was.norm().item<double>());
    EXPECT_TRUE(gradient.slice(0, part.begin, part.end).allclose(was * factor, 1e-5, 1e-7));
  }
}

TEST_P(RandomSpace, RefusesAnotherType) {
  model_.root->register_parameter("other", torch::randn({2}, torch::kFloat64));
  EXPECT_THROW(ParameterSpace(list_parameters(*model_.root), channels_last()), Error);
}

INSTANTIATE_TEST_SUITE_P(Trees, RandomSpace, ::testing::Range(0, 40));

}  // namespace
}  // namespace tasuki
