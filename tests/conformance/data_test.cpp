#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <thread>

#include "tasuki/data/dataset.h"
#include "tasuki/data/transform.h"
#include "tests/conformance/registered.h"
#include "tests/pipelines/samples.h"

namespace tasuki::conformance {
namespace {

using testing::deep_copy;
using testing::same;

// After a mirror, as RandomFlip does it.
void flip(const FieldKind& kind, cv::Mat& value) {
  cv::Mat mirrored;
  cv::flip(value, mirrored, 1);
  kind.after_flip(mirrored);
  value = mirrored;
}

class FieldKindConformance : public ::testing::TestWithParam<std::string> {
 protected:
  const FieldKind& kind_ = field_kind(GetParam());
  const cv::Size size_{11, 6};
};

TEST_P(FieldKindConformance, MirroredTwiceIsTheSame) {
  const cv::Mat value = random_with_holes(kind_, size_, 1);
  cv::Mat moved = value.clone();
  flip(kind_, moved);
  EXPECT_FALSE(same(moved, value));
  EXPECT_EQ(kind_.range_error(moved), "");
  flip(kind_, moved);
  EXPECT_TRUE(same(moved, value));
}

TEST_P(FieldKindConformance, TheInvalidValueIsInRangeAndNotValid) {
  const cv::Mat nothing(size_, kind_.mat_type(), cv::Scalar::all(kind_.invalid_value()));
  EXPECT_EQ(kind_.range_error(nothing), "");
  const cv::Mat mask = kind_.valid_mask(nothing);
  ASSERT_EQ(mask.type(), CV_8UC1);
  // Images are valid everywhere.
  EXPECT_EQ(cv::countNonZero(mask), kind_.pads_by_reflection() ? int(nothing.total()) : 0);
}

TEST_P(FieldKindConformance, GeometryChangesNoPixelsValidity) {
  const cv::Mat value = random_with_holes(kind_, size_, 2);
  const cv::Mat mask = kind_.valid_mask(value);
  for (const double factor : {0.5, 1.0, 1.5}) {
    cv::Mat zoomed = value.clone(), resized = value.clone();
    kind_.after_zoom(zoomed, factor);
    kind_.after_resize(resized, factor);
    EXPECT_TRUE(same(kind_.valid_mask(zoomed), mask)) << factor;
    EXPECT_TRUE(same(kind_.valid_mask(resized), mask)) << factor;
    EXPECT_EQ(kind_.range_error(zoomed), "") << factor;
    EXPECT_EQ(kind_.range_error(resized), "") << factor;
  }
}

TEST_P(FieldKindConformance, NonsenseIsFoundAndPlaced) {
  cv::Mat value = random_valid(kind_, size_, 3);
  if (kind_.pads_by_reflection()) return;  // every 8-bit colour makes sense
  const cv::Rect pixel(4, 2, 1, 1);
  std::vector<double> nonsense = {-1000};
  if (value.depth() == CV_8U) nonsense = {77};
  if (value.depth() == CV_32F) {
    nonsense.push_back(std::numeric_limits<double>::quiet_NaN());
    nonsense.push_back(std::numeric_limits<double>::infinity());
  }
  for (const double wrong : nonsense) {
    value(pixel).setTo(cv::Scalar::all(wrong));
    EXPECT_THAT(kind_.range_error(value), ::testing::HasSubstr("(x 4, y 2)")) << wrong;
  }
}

TASUKI_CONFORMANCE(FieldKindConformance, FieldKind::kKind);

class TransformConformance : public ::testing::TestWithParam<std::string> {
 protected:
  Sample apply(uint64_t seed) const {
    Sample sample = sample_;
    cv::RNG random(seed);
    transform_->apply(sample, random);
    return sample;
  }

  std::unique_ptr<Transform> transform_ = make_minimal<Transform>(GetParam());
  Sample sample_ = sample_of_every_kind({47, 33}, 1);
};

TEST_P(TransformConformance, KeepsSamplesConsistent) {
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    const Sample sample = apply(seed);
    EXPECT_NO_THROW(check_sample(sample)) << seed;
    for (const auto& item : sample_.fields) EXPECT_EQ(sample.fields.count(item.first), 1u);
    EXPECT_EQ(sample.id, sample_.id);
    EXPECT_EQ(sample.original_size, sample_.original_size);
  }
}

// The padding that a sample comes with stays a part of it, whatever happens to its size.
TEST_P(TransformConformance, KeepsThePaddingWithinThePicture) {
  sample_.padding = {20, 3, 11, 30};
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    const Sample sample = apply(seed);
    const auto& [left, top, right, bottom] = sample.padding;
    EXPECT_GE(std::min({left, top, right, bottom}), 0) << seed;
    EXPECT_GE(sample.content().width, 0) << seed;
    EXPECT_GE(sample.content().height, 0) << seed;
  }
}

TEST_P(TransformConformance, FollowsItsGenerator) {
  for (uint64_t seed = 1; seed <= 8; ++seed) EXPECT_TRUE(same(apply(seed), apply(seed))) << seed;
}

TEST_P(TransformConformance, DoesNotWriteIntoItsInput) {
  const Sample before = deep_copy(sample_);
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    apply(seed);
    ASSERT_TRUE(same(sample_, before)) << seed;
  }
}

TEST_P(TransformConformance, IsRandomExactlyWhereItSaysSo) {
  const Sample first = apply(1);
  bool differs = false, draws = false;
  for (uint64_t seed = 2; seed <= 64; ++seed) {
    differs = differs || !same(apply(seed), first);
    Sample sample = sample_;
    cv::RNG random(seed);
    const auto state = random.state;
    transform_->apply(sample, random);
    draws = draws || random.state != state;
  }
  EXPECT_EQ(differs, transform_->random());
  EXPECT_EQ(draws, transform_->random());
}

TEST_P(TransformConformance, AsksForItsInputs) {
  Sample sample;
  sample.id = "only";
  sample.camera = sample_.camera;
  sample.original_size = sample_.original_size;
  sample.fields["image"] = sample_.field("image");
  for (const auto& name : transform_->inputs()) sample.fields[name] = sample_.field(name);
  cv::RNG random(1);
  EXPECT_NO_THROW(transform_->apply(sample, random));
}

TASUKI_CONFORMANCE(TransformConformance, Transform::kKind);

class DatasetConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Dataset> dataset_ = make_minimal<Dataset>(GetParam(), {folder_root()});
};

TEST_P(DatasetConformance, SamplesAreSound) {
  ASSERT_FALSE(dataset_->splits().empty());
  for (const auto& split : dataset_->splits()) {
    const auto ids = dataset_->ids(split);
    ASSERT_EQ(ids.size(), dataset_->size(split));
    for (size_t i = 0; i < std::min<size_t>(ids.size(), 4); ++i) {
      const Sample sample = dataset_->load(split, i);
      EXPECT_EQ(sample.id, ids[i]);
      EXPECT_EQ(sample.original_size, sample.size());
      EXPECT_NO_THROW(check_sample(sample));
      for (const auto& [name, field] : sample.fields) {
        const auto classes = dataset_->class_names(name);
        if (classes.empty()) continue;
        double least = 0, most = 0;
        cv::minMaxLoc(field.value, &least, &most);
        EXPECT_LT(most, double(classes.size())) << name;
      }
    }
  }
}

// Two splits share nothing, or one is a part of the other ("train" and "val" of "trainval").
TEST_P(DatasetConformance, IdsAreUniqueAndSplitsApart) {
  std::map<std::string, std::set<std::string>> splits;
  for (const auto& split : dataset_->splits()) {
    for (const auto& id : dataset_->ids(split)) {
      EXPECT_TRUE(splits[split].insert(id).second) << split << " " << id;
    }
  }
  for (const auto& [name, ids] : splits) {
    for (const auto& [other, others] : splits) {
      const auto shared = std::count_if(
          ids.begin(), ids.end(), [&](const std::string& id) { return others.count(id) > 0; });
      const bool part = size_t(shared) == ids.size() || size_t(shared) == others.size();
      EXPECT_TRUE(shared == 0 || part) << name << " and " << other << " share " << shared;
    }
  }
}

TEST_P(DatasetConformance, LoadsTheSameFromEveryThread) {
  const auto split = dataset_->splits().front();
  const size_t count = std::min<size_t>(dataset_->size(split), 3);
  std::vector<Sample> here(count), there(count);
  for (size_t i = 0; i < count; ++i) here[i] = dataset_->load(split, i);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { there[i] = dataset_->load(split, i); });
    }
  }
  for (size_t i = 0; i < count; ++i) EXPECT_TRUE(same(here[i], there[i])) << i;
  if (count > 1) {
    EXPECT_FALSE(same(here[0], here[1]));
  }
}

TEST_P(DatasetConformance, AnUnknownSplitListsTheKnown) {
  for (const auto& ask : std::vector<std::function<void()>>{
           [&] { dataset_->size("no_such_split"); }, [&] { dataset_->ids("no_such_split"); },
           [&] { dataset_->load("no_such_split", 0); }}) {
    try {
      ask();
      FAIL() << "no error";
    } catch (const Error& error) {
      const auto expected = unknown_split("no_such_split", dataset_->splits());
      EXPECT_STREQ(error.what(), expected.what());
      EXPECT_EQ(error.kind(), expected.kind());
    }
  }
}

TASUKI_CONFORMANCE(DatasetConformance, Dataset::kKind);

}  // namespace
}  // namespace tasuki::conformance
