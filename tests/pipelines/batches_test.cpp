#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "tasuki/loader/batch_transform.h"
#include "tasuki/loader/collate.h"
#include "tests/core/loader/fakes.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using testing::fake_sample;
using testing::kFields;

Batch padded_batch(const std::vector<Sample>& samples, const std::string& options = "") {
  const auto collate = testing::make<Collate>("tasuki/PadCollate", options);
  const auto builder = collate->begin(samples.size(), kFields, {});
  for (size_t i = 0; i < samples.size(); ++i) builder->put(i, samples[i], i);
  return builder->finish();
}

// Pixels of the sample are where they were, those beyond it void.
TEST(PadCollate, PadsLabelsAsInvalidAtTheRightAndTheBottom) {
  const std::vector<Sample> samples = {fake_sample("a", 1, {12, 8}), fake_sample("b", 2, {9, 10})};
  const auto batch = padded_batch(samples);
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto alone = collate({samples[i]}, {i}, kFields);
    const auto size = samples[i].size();
    for (const auto& name : kFields) {
      const auto value = batch.tensor(name)[int64_t(i)];
      EXPECT_EQ(value.size(-2), 10) << name;
      EXPECT_EQ(value.size(-1), 12) << name;
      const auto inside = value.narrow(-2, 0, size.height).narrow(-1, 0, size.width);
      EXPECT_TRUE(inside.equal(alone.tensor(name)[0])) << name;
      if (name == "image" || name == "edge") continue;  // of unsigned pixels
      EXPECT_EQ((value.narrow(-2, size.height, 10 - size.height) + 1).abs().sum().item<double>(), 0)
          << name;
      EXPECT_EQ((value.narrow(-1, size.width, 12 - size.width) + 1).abs().sum().item<double>(), 0)
          << name;
    }
  }
}

TEST(PadCollate, GrowsToMultiplesOfTheDivisor) {
  const auto batch =
      padded_batch({fake_sample("a", 1, {12, 8}), fake_sample("b", 2, {9, 10})}, "divisor: 8");
  EXPECT_EQ(batch.tensor("seg").sizes(), (std::vector<int64_t>{2, 16, 16}));
  EXPECT_THROW(padded_batch({}, "divisor: 0"), OptionError);
}

// Every field of sample i is i + 1 everywhere.
Batch numbered_batch(int64_t n, int64_t height, int64_t width) {
  Batch batch;
  batch.samples.resize(size_t(n));
  const auto number = torch::arange(1, n + 1);
  const auto grow = [&](int64_t channels, torch::ScalarType type) {
    return number.view({n, 1, 1, 1}).expand({n, channels, height, width}).to(type).clone();
  };
  batch.tensors["image"] = grow(3, torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast);
  batch.tensors["depth"] = grow(1, torch::kFloat32);
  batch.tensors["seg"] = grow(1, torch::kInt64).squeeze(1);
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    batch.samples[i].camera = Camera{double(i + 1), 1, 1, 1};
  }
  return batch;
}

// How much of each sample another one has given, and that all fields agree on where and who.
TEST(CutMix, PastesOneRectangleOfAnotherSampleWithAllItsFields) {
  const auto cut_mix = testing::make<BatchTransform>("tasuki/CutMix", "probability: 1");
  double area = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    auto batch = numbered_batch(3, 20, 30);
    cv::RNG random(seed);
    cut_mix->apply(batch, random);
    const auto seg = batch.tensor("seg");
    EXPECT_TRUE(batch.tensor("depth").squeeze(1).equal(seg.to(torch::kFloat32)));
    EXPECT_TRUE(batch.tensor("image").select(1, 2).equal(seg.to(torch::kFloat32)));
    const auto given = seg != torch::arange(1, 4).view({3, 1, 1});
    EXPECT_TRUE(given[0].equal(given[1]) && given[0].equal(given[2]));
    const auto rows = given[0].any(1).sum().item<int64_t>();
    const auto columns = given[0].any(0).sum().item<int64_t>();
    EXPECT_EQ(rows * columns, given[0].sum().item<int64_t>()) << "not a rectangle";
    // Each gives once.
    EXPECT_TRUE(seg.sum(0).eq(6).all().item<bool>());
    if (rows > 0) {
      EXPECT_FALSE(batch.samples[0].camera.has_value());
    } else {
      EXPECT_TRUE(batch.samples[0].camera.has_value());
    }
    area += double(rows * columns) / 600;
  }
  // Half of the area, less what falls outside: about a third.
  EXPECT_GT(area / 200, 0.2);
  EXPECT_LT(area / 200, 0.5);
}

TEST(CutMix, MixesTheShareOfBatchesThatIsAskedFor) {
  const auto share_of = [](const std::string& options) {
    const auto cut_mix = testing::make<BatchTransform>("tasuki/CutMix", options);
    int mixed = 0;
    for (uint64_t seed = 1; seed <= 400; ++seed) {
      auto batch = numbered_batch(2, 40, 40);
      cv::RNG random(mix_seeds({seed}));
      cut_mix->apply(batch, random);
      mixed += batch.tensor("seg")[0].ne(1).any().item<bool>() ? 1 : 0;
    }
    return mixed / 400.0;
  };
  EXPECT_EQ(share_of("probability: 0"), 0);
  EXPECT_NEAR(share_of("probability: 0.3"), 0.3, 0.1);
  EXPECT_GT(share_of("probability: 1"), 0.9);
}

// Sample i has classes 10 i to 10 i + 3, one a row of four, and a row without a label.
Batch classes_batch() {
  auto batch = numbered_batch(3, 5, 6);
  auto& seg = batch.tensors["seg"];
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t y = 0; y < 5; ++y) seg[i][y].fill_(y < 4 ? 10 * i + y : -1);
  }
  return batch;
}

TEST(ClassMix, PastesTheClassesOfHalfOfAnotherSampleWithAllFields) {
  const auto class_mix = testing::make<BatchTransform>("tasuki/ClassMix", "probability: 1");
  std::set<std::vector<int64_t>> seen;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    auto batch = classes_batch();
    cv::RNG random(mix_seeds({seed}));
    class_mix->apply(batch, random);
    const auto seg = batch.tensor("seg"), depth = batch.tensor("depth").to(torch::kInt64);
    EXPECT_TRUE(batch.tensor("image").select(1, 1).equal(batch.tensor("depth").squeeze(1)));
    for (int64_t i = 0; i < 3; ++i) {
      std::vector<int64_t> rows;  // that are another's
      for (int64_t y = 0; y < 5; ++y) {
        const auto label = seg[i][y][0].item<int64_t>();
        EXPECT_TRUE((seg[i][y] == label).all().item<bool>());
        // Image, depth and label are of one sample, and a class of another one lies where it was.
        const auto owner = depth[i][0][y][0].item<int64_t>() - 1;
        EXPECT_TRUE(label == -1 || label == 10 * owner + y) << label << " " << y;
        if (owner != i) rows.push_back(y);
      }
      EXPECT_EQ(rows.size(), 2u) << "not half of four classes";
      for (const auto y : rows) EXPECT_LT(y, 4) << "pixels without a label are of no class";
      seen.insert(rows);
    }
    EXPECT_FALSE(batch.samples[0].camera.has_value());
  }
  EXPECT_EQ(seen.size(), 6u);  // of all pairs of rows
}

TEST(ClassMix, RefusesAFieldWithoutClasses) {
  auto batch = classes_batch();
  cv::RNG random(1);
  for (const std::string field : {"depth", "sge"}) {
    const auto class_mix =
        testing::make<BatchTransform>("tasuki/ClassMix", "probability: 1 field: \"" + field + "\"");
    EXPECT_THROW(class_mix->apply(batch, random), Error) << field;
  }
  EXPECT_THROW(testing::make<BatchTransform>("tasuki/ClassMix", "probability: -1"), OptionError);
}

TEST(CutMix, RefusesOptionsOutOfRange) {
  for (const std::string options : {"probability: 1.1", "alpha: 0", "alpha: 3"}) {
    EXPECT_THROW(testing::make<BatchTransform>("tasuki/CutMix", options), OptionError) << options;
  }
}

}  // namespace
}  // namespace tasuki
