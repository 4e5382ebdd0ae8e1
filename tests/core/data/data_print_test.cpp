#include "tasuki/data/data_print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Ids = std::vector<std::string>;

// `size` samples of one field; pixel (0, 0) of sample `marked` has another value.
class FakeDataset : public Dataset {
 public:
  explicit FakeDataset(size_t size, int marked = -1, int rows = 4) {
    for (size_t i = 0; i < size; ++i) {
      cv::Mat value(rows, 12 / rows, CV_32FC1, cv::Scalar(double(i)));
      if (int(i) == marked) value.at<float>(0, 0) += 1;
      values_.push_back(value);
    }
  }

  std::vector<std::string> splits() const override { return {"train"}; }
  size_t size(const std::string&) const override { return values_.size(); }
  Sample load(const std::string&, size_t index) const override {
    Sample sample;
    sample.fields["depth"].value = values_[index];
    return sample;
  }
  IdList ids(const std::string&) const override { return Ids(values_.size(), "same"); }

 private:
  std::vector<cv::Mat> values_;
};

TEST(SplitPrint, DependsOnTheOrderAndBoundsOfIds) {
  EXPECT_NE(print_of("s", Ids{"ab", "c"}), print_of("s", Ids{"a", "bc"}));
  EXPECT_NE(print_of("s", Ids{"a", "b"}), print_of("s", Ids{"b", "a"}));
}

TEST(SplitPrint, DependsOnPixelsAndSizes) {
  const auto print = print_of("train", FakeDataset(5));
  EXPECT_EQ(print, print_of("train", FakeDataset(5)));
  for (int marked = 0; marked < 5; ++marked) {
    EXPECT_NE(print, print_of("train", FakeDataset(5, marked))) << marked;
  }
  EXPECT_NE(print, print_of("train", FakeDataset(5, -1, 3)));
}

TEST(SplitPrint, LooksAtSomeSamplesOfALargeSplit) {
  const size_t size = 10 * kPrintedSamples;
  const auto print = print_of("train", FakeDataset(size));
  size_t seen = 0;
  for (int marked = 0; marked < int(size); ++marked) {
    seen += print != print_of("train", FakeDataset(size, marked));
  }
  EXPECT_EQ(seen, kPrintedSamples);
}

TEST(SplitPrint, OfAnEmptySplit) {
  EXPECT_EQ(print_of("train", FakeDataset(0)).samples, 0u);
}

TEST(DataChanges, AreNamedBySplit) {
  const std::vector<SplitPrint> then = {print_of("train", Ids{"a", "b"}),
                                        print_of("val", Ids{"c"})};
  EXPECT_THAT(data_changes(then, then), IsEmpty());
  EXPECT_THAT(data_changes(then, {print_of("train", Ids{"a"})}),
              ElementsAre("split train: 2 samples, now 1", "split val is gone"));
  EXPECT_THAT(data_changes(then, {print_of("train", Ids{"a", "x"}), then[1]}),
              ElementsAre("split train: as many samples as before, but other ids"));
  auto now = then;
  now[1].content_crc32 = 1;
  EXPECT_THAT(data_changes(then, now),
              ElementsAre("split val: the same ids, but other images or labels"));
}

}  // namespace
}  // namespace tasuki
