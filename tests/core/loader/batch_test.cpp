#include "tasuki/loader/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/core/loader/fakes.h"

namespace tasuki::testing {
namespace {

using ::testing::HasSubstr;

// The convention of each kind, one pixel at a time.
double expected(const Sample& sample, const std::string& field, int c, int y, int x) {
  const cv::Mat& mat = sample.field(field).value;
  if (field == "image") {
    const double value =
        mat.depth() == CV_8U ? mat.at<cv::Vec3b>(y, x)[2 - c] : mat.at<cv::Vec3f>(y, x)[2 - c];
    return (value / 255 - sample.normalization.mean[c]) /
           sample.normalization.standard_deviation[c];
  }
  if (field == "seg") return mat.at<int>(y, x);
  if (field == "depth") return mat.at<float>(y, x);
  if (field == "edge") return mat.at<uchar>(y, x);
  return mat.at<cv::Vec3f>(y, x)[c];
}

void expect_batch(const Batch& batch, const std::vector<Sample>& samples) {
  for (const auto& [name, stored] : batch.tensors) {
    const auto tensor = (stored.dim() == 3 ? stored.unsqueeze(1) : stored).to(torch::kDouble);
    ASSERT_EQ(tensor.size(0), static_cast<int64_t>(samples.size()));
    const auto at = tensor.contiguous();
    const auto value = at.accessor<double, 4>();
    double worst = 0;
    for (int n = 0; n < value.size(0); ++n) {
      for (int c = 0; c < value.size(1); ++c) {
        for (int y = 0; y < value.size(2); ++y) {
          for (int x = 0; x < value.size(3); ++x) {
            const double difference = value[n][c][y][x] - expected(samples[n], name, c, y, x);
            worst = std::max(worst, std::abs(difference));
          }
        }
      }
    }
    EXPECT_LT(worst, name == "image" ? 1e-6 : 1e-12) << name;
  }
}

std::vector<Sample> three_samples() {
  return {fake_sample("a", 1, {7, 5}), fake_sample("b", 2, {7, 5}), fake_sample("c", 3, {7, 5})};
}

TEST(Collate, KeepsWhereSamplesLie) {
  const Batch batch = collate(three_samples(), {4, 9, 2}, {"image", "seg", "depth"});
  EXPECT_EQ(place_of(batch.samples[1], "seg", "val"), "sample b (split val, index 9, b_seg.png)");
  EXPECT_EQ(place_of(batch.samples[1], "depth"), "sample b (index 9, b.png)");
  EXPECT_EQ(place_of({"c", 2, {}, {}, {}, {}}, "seg"), "sample c (index 2)");
}

TEST(Collate, AgreesWithTheConventionPixelByPixel) {
  auto samples = three_samples();
  samples[1].normalization = {{0, 0, 0}, {1, 1, 1}};
  const Batch batch = collate(samples, {4, 9, 2}, kFields);
  ASSERT_EQ(batch.tensors.size(), kFields.size());
  expect_batch(batch, samples);
  EXPECT_EQ(batch.size(), 3);
  EXPECT_EQ(batch.samples[1].id, "b");
  EXPECT_EQ(batch.samples[1].index, 9u);
  EXPECT_EQ(batch.samples[1].original_size, cv::Size(7, 5));
  EXPECT_EQ(batch.samples[0].normalization.mean, samples[0].normalization.mean);
}

TEST(Collate, HasTheDocumentedTypesShapesAndMemory) {
  const Batch batch = collate(three_samples(), {0, 1, 2}, kFields);
  const auto channels_last = at::MemoryFormat::ChannelsLast;
  EXPECT_EQ(batch.tensor("image").sizes(), (std::vector<int64_t>{3, 3, 5, 7}));
  EXPECT_TRUE(batch.tensor("image").is_contiguous(channels_last));
  EXPECT_TRUE(batch.tensor("normal").is_contiguous(channels_last));
  EXPECT_EQ(batch.tensor("depth").sizes(), (std::vector<int64_t>{3, 1, 5, 7}));
  EXPECT_EQ(batch.tensor("edge").sizes(), (std::vector<int64_t>{3, 1, 5, 7}));
  EXPECT_EQ(batch.tensor("seg").sizes(), (std::vector<int64_t>{3, 5, 7}));
  EXPECT_TRUE(batch.tensor("seg").is_contiguous());
  EXPECT_EQ(batch.tensor("seg").dtype(), torch::kLong);
  EXPECT_EQ(batch.tensor("edge").dtype(), torch::kFloat);
}

TEST(Collate, ReadsCropsRowByRow) {
  auto samples = three_samples();
  for (auto& sample : samples) {
    for (auto& [name, field] : sample.fields) field.value = field.value(cv::Rect(2, 1, 4, 3));
  }
  ASSERT_FALSE(samples[0].field("image").value.isContinuous());
  const Batch batch = collate(samples, {0, 1, 2}, kFields);
  EXPECT_EQ(batch.tensor("image").size(3), 4);
  expect_batch(batch, samples);
}

TEST(Collate, TakesFloatImagesOnTheSameScale) {
  auto samples = three_samples();
  const Batch bytes = collate(samples, {0, 1, 2}, {"image"});
  for (auto& sample : samples) {
    sample.field("image").value.convertTo(sample.field("image").value, CV_32F);
  }
  const Batch floats = collate(samples, {0, 1, 2}, {"image"});
  EXPECT_TRUE(torch::equal(bytes.tensor("image"), floats.tensor("image")));
  samples[0].field("image").value += 0.25;
  expect_batch(collate(samples, {0, 1, 2}, {"image"}), samples);
}

// The same values as plane after plane: of whole images and of crops, of 8 bit and of floats.
TEST(Collate, StoresPlanesWhereAskedTo) {
  auto samples = three_samples();
  const auto crop = [](cv::Mat& value) { value = value(cv::Rect(2, 1, 4, 3)); };
  const auto to_float = [](cv::Mat& value) {
    if (value.type() == CV_8UC3) value.convertTo(value, CV_32F);
  };
  for (const std::function<void(cv::Mat&)>& change :
       {std::function<void(cv::Mat&)>([](cv::Mat&) {}), {crop}, {to_float}}) {
    for (auto& sample : samples) {
      for (auto& [name, field] : sample.fields) change(field.value);
    }
    const Batch last = collate(samples, {0, 1, 2}, kFields);
    const Batch first = collate(samples, {0, 1, 2}, kFields, false, false);
    for (const auto& name : kFields) {
      EXPECT_TRUE(first.tensor(name).is_contiguous()) << name;
      EXPECT_TRUE(torch::equal(first.tensor(name), last.tensor(name))) << name;
    }
    EXPECT_FALSE(first.tensor("image").is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_FALSE(first.tensor("normal").is_contiguous(at::MemoryFormat::ChannelsLast));
    expect_batch(first, samples);
  }
}

TEST(Collate, TakesOnlyTheFieldsAskedFor) {
  auto samples = three_samples();
  samples[2].fields.erase("edge");
  const Batch batch = collate(samples, {0, 1, 2}, {"image", "depth"});
  EXPECT_EQ(batch.tensors.size(), 2u);
  EXPECT_THAT(message_of([&] { batch.tensor("dept"); }), HasSubstr("did you mean \"depth\"?"));
  EXPECT_THAT(message_of([&] {
                collate(samples, {0, 1, 2}, kFields);
              }),
              HasSubstr("sample c has no field \"edge\""));
}

TEST(Collate, RefusesMixedSizesNamingBoth) {
  auto samples = three_samples();
  samples[2] = fake_sample("late", 3, {9, 6});
  const std::string message = message_of([&] { collate(samples, {0, 1, 2}, kFields); });
  EXPECT_THAT(message, HasSubstr("sample a is 5x7 and sample late is 6x9"));
}

TEST(Collate, RefusesFieldsThatDoNotFit) {
  auto samples = three_samples();
  samples[1].field("depth").value = cv::Mat(5, 6, CV_32FC1, cv::Scalar(0));
  EXPECT_THAT(message_of([&] {
                collate(samples, {0, 1, 2}, kFields);
              }),
              HasSubstr("sample b, field depth: size 5x6, but other fields are 5x7"));
  samples[1].field("depth").value = cv::Mat(5, 7, CV_64FC1, cv::Scalar(0));
  EXPECT_THAT(message_of([&] {
                collate(samples, {0, 1, 2}, kFields);
              }),
              HasSubstr("sample b, field depth: pixel type CV_64FC1 where CV_32FC1 is expected"));
}

TEST(Collate, OfNothingIsEmpty) {
  EXPECT_EQ(collate({}, {}, kFields).size(), 0);
}

TEST(Tensors, AndMatsConvertBothWaysWithoutLoss) {
  const Sample sample = fake_sample("a", 5, {6, 4});
  for (const auto& [name, field] : sample.fields) {
    const auto tensor = to_tensor(field, sample.normalization);
    EXPECT_EQ(tensor.size(-1), 6) << name;
    EXPECT_EQ(tensor.size(-2), 4) << name;
    EXPECT_TRUE(same_pixels(to_mat(tensor, *field.kind, sample.normalization), field.value))
        << name;
  }
}

TEST(Tensors, OfOneFieldAreARowOfTheBatch) {
  const auto samples = three_samples();
  const Batch batch = collate(samples, {0, 1, 2}, kFields);
  for (const auto& [name, field] : samples[1].fields) {
    EXPECT_TRUE(torch::equal(to_tensor(field, samples[1].normalization), batch.tensor(name)[1]))
        << name;
  }
}

TEST(Tensors, OfOtherTypesAndLayoutsBecomeTheKindsMat) {
  const auto normals = torch::rand({3, 4, 6}, torch::kDouble);
  const cv::Mat mat = to_mat(normals.flip({2}), kNormals);
  ASSERT_EQ(mat.type(), CV_32FC3);
  EXPECT_FLOAT_EQ(mat.at<cv::Vec3f>(1, 2)[0], normals[0][1][3].item<float>());
  EXPECT_EQ(to_mat(torch::full({1, 2, 2}, 300.0), kMask).at<uchar>(0, 0), 255);
  EXPECT_EQ(to_mat(torch::full({2, 2}, -1, torch::kLong), kLabels).at<int>(1, 1), -1);
}

}  // namespace
}  // namespace tasuki::testing
