#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "tasuki/data/sampler.h"
#include "tasuki/loader/batch_transform.h"
#include "tasuki/loader/collate.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

class SamplerConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Sampler> make() const {
    Sampler::Context context;
    context.parts = {{"a", 5}, {"b", 8}};
    context.ids = [] { return std::vector<std::string>(13, "id"); };
    context.load = [](size_t index) { return sample_of_every_kind({16, 12}, index); };
    return make_minimal<Sampler>(GetParam(), context);
  }
  std::unique_ptr<Sampler> sampler_ = make();
};

TEST_P(SamplerConformance, EveryEpochHasItsLengthOfSamplesOfTheSplit) {
  ASSERT_GT(sampler_->length(), 0u);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    const auto order = sampler_->order(3, epoch);
    EXPECT_EQ(order.size(), sampler_->length()) << epoch;
    for (const size_t index : order) EXPECT_LT(index, 13u) << epoch;
  }
}

// A run goes on in any epoch, and another process draws the same.
TEST_P(SamplerConformance, AnOrderIsAFunctionOfSeedAndEpoch) {
  const auto other = make();
  for (const uint64_t epoch : {7, 0, 7, 3}) {
    EXPECT_EQ(sampler_->order(5, epoch), other->order(5, epoch)) << epoch;
    EXPECT_EQ(sampler_->order(5, epoch), sampler_->order(5, epoch)) << epoch;
  }
}

TEST_P(SamplerConformance, AnEmptySplitIsNoCrash) {
  Sampler::Context context;
  context.parts = {{"", 0}};
  const auto sampler = make_minimal<Sampler>(GetParam(), context);
  if (sampler->length() == 0) {
    EXPECT_TRUE(sampler->order(1, 1).empty());
  }
}

TASUKI_CONFORMANCE(SamplerConformance, Sampler::kKind);

std::vector<Sample> alike(size_t count) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < count; ++i) samples.push_back(sample_of_every_kind({20, 14}, i + 1));
  return samples;
}

std::vector<std::string> field_names(const Sample& sample) {
  std::vector<std::string> names;
  for (const auto& item : sample.fields) names.push_back(item.first);
  return names;
}

// "" where two batches are the same bit by bit, else what differs.
std::string batch_difference(const Batch& a, const Batch& b) {
  if (a.tensors.size() != b.tensors.size()) return "their fields";
  for (const auto& [name, tensor] : a.tensors) {
    if (!tensor.equal(b.tensor(name)) || tensor.strides() != b.tensor(name).strides()) return name;
  }
  if (a.size() != b.size()) return "their sizes";
  for (size_t i = 0; i < a.samples.size(); ++i) {
    if (a.samples[i].id != b.samples[i].id || a.samples[i].index != b.samples[i].index)
      return "ids";
  }
  return "";
}

class CollateConformance : public ::testing::TestWithParam<std::string> {
 protected:
  Batch batch_of(const std::vector<Sample>& samples, const std::vector<size_t>& arrivals,
                 const BatchMemory& memory = {}) const {
    const auto builder = collate_->begin(samples.size(), field_names(samples.front()), memory);
    for (const size_t i : arrivals) builder->put(i, samples[i], 10 + i);
    return builder->finish();
  }

  std::unique_ptr<Collate> collate_ = make_minimal<Collate>(GetParam());
};

TEST_P(CollateConformance, SamplesOfOneSizeAreStacked) {
  const auto samples = alike(3);
  for (const bool channels_last : {true, false}) {
    const auto expected =
        collate(samples, {10, 11, 12}, field_names(samples[0]), false, channels_last);
    const auto batch = batch_of(samples, {0, 1, 2}, {false, channels_last, nullptr});
    EXPECT_EQ(batch_difference(batch, expected), "") << channels_last;
  }
}

TEST_P(CollateConformance, TheOrderOfArrivalChangesNothing) {
  const auto samples = alike(3);
  const auto first = batch_of(samples, {0, 1, 2});
  for (const auto& arrivals : {std::vector<size_t>{2, 0, 1}, {1, 2, 0}, {2, 1, 0}}) {
    EXPECT_EQ(batch_difference(batch_of(samples, arrivals), first), "");
  }
}

TEST_P(CollateConformance, SamplesOfOtherSizesAreABatchOfOneSizeOrAnError) {
  auto samples = alike(2);
  samples.push_back(sample_of_every_kind({13, 19}, 9));
  try {
    const auto batch = batch_of(samples, {0, 1, 2});
    EXPECT_EQ(batch.size(), 3);
    const auto& image = batch.tensor("image");
    for (const auto& [name, tensor] : batch.tensors) {
      EXPECT_EQ(tensor.size(0), 3) << name;
      EXPECT_EQ(tensor.size(-2), image.size(-2)) << name;
      EXPECT_EQ(tensor.size(-1), image.size(-1)) << name;
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData) << error.what();
  }
}

TEST_P(CollateConformance, InputsStayAsTheyAre) {
  auto samples = alike(2);
  samples.push_back(sample_of_every_kind({13, 19}, 9));
  std::vector<cv::Mat> kept;
  for (const auto& sample : samples) kept.push_back(sample.field("image").value.clone());
  try {
    batch_of(samples, {0, 1, 2});
  } catch (const Error&) {  // of different sizes
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(cv::norm(kept[i], samples[i].field("image").value, cv::NORM_INF), 0) << i;
  }
}

TEST_P(CollateConformance, AMissingFieldIsAnErrorThatNamesTheSample) {
  auto samples = alike(2);
  const auto builder = collate_->begin(2, field_names(samples[0]), {});
  samples[1].fields.erase("depth");
  builder->put(0, samples[0], 0);
  try {
    builder->put(1, samples[1], 1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(samples[1].id), std::string::npos) << error.what();
  }
}

TASUKI_CONFORMANCE(CollateConformance, Collate::kKind);

class BatchTransformConformance : public ::testing::TestWithParam<std::string> {
 protected:
  Batch apply(uint64_t seed) const {
    auto batch = collate(samples_, {0, 1, 2, 3}, field_names(samples_[0]));
    cv::RNG random(seed);
    transform_->apply(batch, random);
    return batch;
  }

  std::vector<Sample> samples_ = alike(4);
  std::unique_ptr<BatchTransform> transform_ = make_minimal<BatchTransform>(GetParam());
};

TEST_P(BatchTransformConformance, KeepsFieldsTypesAndValuesThatTheirKindsAllow) {
  const auto before = collate(samples_, {0, 1, 2, 3}, field_names(samples_[0]));
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    const auto batch = apply(seed);
    ASSERT_EQ(batch.size(), 4) << seed;
    ASSERT_EQ(batch.tensors.size(), before.tensors.size()) << seed;
    for (const auto& [name, tensor] : batch.tensors) {
      EXPECT_EQ(tensor.scalar_type(), before.tensor(name).scalar_type()) << name;
      EXPECT_EQ(tensor.size(0), 4) << name;
      const auto& kind = *samples_[0].field(name).kind;
      for (int64_t i = 0; i < 4; ++i) {
        EXPECT_EQ(kind.range_error(to_mat(tensor[i], kind)), "") << name << " " << seed;
      }
    }
  }
}

TEST_P(BatchTransformConformance, FollowsItsGenerator) {
  bool differs = false;
  for (uint64_t seed = 1; seed <= 32; ++seed) {
    EXPECT_EQ(batch_difference(apply(seed), apply(seed)), "") << seed;
    differs = differs || batch_difference(apply(seed), apply(seed + 1)) != "";
  }
  EXPECT_TRUE(differs);
}

TEST_P(BatchTransformConformance, ABatchOfOneIsNoCrash) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    auto batch = collate({samples_[0]}, {0}, field_names(samples_[0]));
    cv::RNG random(seed);
    EXPECT_NO_THROW(transform_->apply(batch, random)) << seed;
    EXPECT_EQ(batch.size(), 1);
  }
}

TASUKI_CONFORMANCE(BatchTransformConformance, BatchTransform::kKind);

}  // namespace
}  // namespace tasuki::conformance
