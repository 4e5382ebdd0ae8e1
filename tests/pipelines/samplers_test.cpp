#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "tasuki/data/sampler.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::Each;
using ::testing::Eq;
using ::testing::HasSubstr;

// 4 samples of "small", 12 of "large".
Sampler::Context two_parts() {
  Sampler::Context context;
  context.parts = {{"small", 4}, {"large", 12}};
  context.ids = [] {
    std::vector<std::string> ids;
    for (int i = 0; i < 16; ++i) ids.push_back("id" + std::to_string(i));
    return ids;
  };
  return context;
}

std::unique_ptr<Sampler> sampler(const std::string& name, const std::string& options = "") {
  return testing::make<Sampler>("tasuki/" + name + "Sampler", options, two_parts());
}

std::string sampler_refusal(const std::string& name, const std::string& options) {
  try {
    sampler(name, options);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "nothing refused";
}

// How often each sample comes in an epoch.
std::vector<int> counts(const std::vector<size_t>& order) {
  std::vector<int> all(16);
  for (const size_t index : order) ++all[index];
  return all;
}

TEST(Samplers, ShuffledAndSequentialAreTheLoadersOwnOrders) {
  for (uint64_t epoch = 0; epoch < 4; ++epoch) {
    EXPECT_EQ(sampler("Shuffled")->order(7, epoch), epoch_order(16, true, 7, epoch));
    EXPECT_EQ(sampler("Sequential")->order(7, epoch), epoch_order(16, false, 7, epoch));
  }
}

// A split in files of these sizes.
std::unique_ptr<Sampler> windowed(const std::vector<size_t>& files, size_t window) {
  Sampler::Context context;
  context.shards = files;
  context.parts = {{"", std::accumulate(files.begin(), files.end(), size_t{0})}};
  return testing::make<Sampler>("tasuki/ShuffledSampler", "window: " + std::to_string(window),
                                context);
}

const std::vector<std::vector<size_t>> kFiles = {
    {1}, {100}, {10, 10, 10, 10, 10, 10}, {7, 8, 7, 8, 7, 8, 30, 1}, {3, 50, 3}};

TEST(ShuffledSampler, HasEverySampleOnceWithAnyWindow) {
  for (const auto& files : kFiles) {
    for (const size_t window : {1, 2, 9, 25, 40, 1000}) {
      const auto sampler = windowed(files, window);
      for (uint64_t epoch = 0; epoch < 5; ++epoch) {
        auto order = sampler->order(3, epoch);
        EXPECT_EQ(order, windowed(files, window)->order(3, epoch));
        std::sort(order.begin(), order.end());
        EXPECT_EQ(order, epoch_order(sampler->length(), false, 0, 0)) << window;
      }
      if (sampler->length() > 9 && window > 1) {
        EXPECT_NE(sampler->order(3, 0), sampler->order(3, 1));
        EXPECT_NE(sampler->order(3, 0), sampler->order(4, 0));
      }
    }
  }
}

TEST(ShuffledSampler, IsTheLoadersOwnOrderWhereTheWindowHasAll) {
  EXPECT_EQ(windowed({10, 10}, 20)->order(7, 2), epoch_order(20, true, 7, 2));
}

// At any time no more files are half read than lie within two windows.
TEST(ShuffledSampler, ReadsFileByFileWithinItsWindow) {
  const std::vector<size_t> files(40, 10);
  for (const size_t window : {1, 15, 30, 55}) {
    const auto order = windowed(files, window)->order(5, 1);
    std::vector<size_t> first(files.size(), order.size()), last(files.size());
    for (size_t i = 0; i < order.size(); ++i) {
      const size_t file = order[i] / 10;
      first[file] = std::min(first[file], i);
      last[file] = i;
    }
    size_t most = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      size_t open = 0;
      for (size_t file = 0; file < files.size(); ++file)
        open += first[file] <= i && i <= last[file];
      most = std::max(most, open);
    }
    EXPECT_LE(most, 2 * window / 10 + 2) << window;
    EXPECT_GE(most, window / 10) << window;
  }
}

// Whichever sample, and however it lies to the files and windows.
TEST(ShuffledSampler, PutsEverySampleAnywhereInTheEpoch) {
  constexpr size_t kEpochs = 6000, kQuarters = 4;
  for (const auto& files : {std::vector<size_t>{5, 5, 5, 5, 5}, {9, 8, 8}, {25}}) {
    const auto sampler = windowed(files, 6);
    std::vector<std::vector<double>> times(25, std::vector<double>(kQuarters));
    for (uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
      const auto order = sampler->order(9, epoch);
      for (size_t i = 0; i < order.size(); ++i) times[order[i]][i * kQuarters / 25] += 1;
    }
    for (const auto& row : times) {
      for (const double count : row) EXPECT_GT(count, 0.1 * kEpochs / kQuarters);
    }
  }
}

TEST(RepeatedSampler, HasEverySampleSeveralTimes) {
  EXPECT_THAT(counts(sampler("Repeated")->order(1, 2)), Each(Eq(2)));
  const auto three = sampler("Repeated", "times: 3");
  EXPECT_EQ(three->length(), 48u);
  EXPECT_THAT(counts(three->order(1, 2)), Each(Eq(3)));
  EXPECT_NE(three->order(1, 2), three->order(1, 3));
}

TEST(RepeatedSampler, KeepsRepetitionsTogetherWhereAsked) {
  const auto together = sampler("Repeated", "times: 3 together: true");
  const auto order = together->order(1, 2), once = epoch_order(16, true, 1, 2);
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], once[i / 3]) << i;
}

TEST(RepeatedSampler, RepeatsPartsAsOftenAsAsked) {
  const auto all = counts(sampler("Repeated", "part_times: [3, 1]")->order(1, 2));
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i < 4 ? 3 : 1) << i;
}

TEST(RepeatedSampler, RefusesTimesThatGiveNoEpoch) {
  EXPECT_THAT(sampler_refusal("Repeated", "times: 0"), HasSubstr("times: must be at least 1"));
  EXPECT_THAT(sampler_refusal("Repeated", "part_times: [0, 0]"), HasSubstr("part_times: "));
  EXPECT_THAT(sampler_refusal("Repeated", "part_times: [1]"), HasSubstr("has 2 parts, and 1"));
  EXPECT_THAT(sampler_refusal("Repeated", "times: 2 part_times: [1, 1]"), HasSubstr("times: "));
}

// Of many draws, each sample's share within five standard deviations of what it should be.
void expect_shares(const std::string& options, const std::vector<double>& shares) {
  const auto weighted = sampler("Weighted", options + " samples: 20000");
  const auto all = counts(weighted->order(11, 4));
  for (size_t i = 0; i < all.size(); ++i) {
    const double expected = 20000 * shares[i];
    EXPECT_NEAR(all[i], expected, 5 * std::sqrt(expected * (1 - shares[i]))) << options << " " << i;
  }
}

std::vector<double> by_part(double of_small, double of_large) {
  std::vector<double> shares(4, of_small / 4);
  shares.resize(16, of_large / 12);
  return shares;
}

TEST(WeightedSampler, GivesPartsTheirShares) {
  expect_shares("", by_part(0.5, 0.5));
  expect_shares("part { name: \"small\" weight: 3 } part { name: \"large\" }", by_part(0.75, 0.25));
  expect_shares("part { name: \"small\" weight: 0 } part { name: \"large\" weight: 0.1 }",
                by_part(0, 1));
}

TEST(WeightedSampler, DrawsAnewInEachEpochAndAsManyAsTheSplitHas) {
  const auto weighted = sampler("Weighted");
  EXPECT_EQ(weighted->length(), 16u);
  EXPECT_NE(weighted->order(1, 0), weighted->order(1, 1));
  EXPECT_NE(weighted->order(1, 0), weighted->order(2, 0));
}

class WeightTable : public ::testing::Test {
 protected:
  std::string options(const std::string& lines) const {
    const auto file = folder_ / "weights.csv";
    std::ofstream(file) << "id,weight\n" << lines;
    return "table: \"" + file.string() + "\"";
  }
  static std::string line(int i, const std::string& weight) {
    return "id" + std::to_string(i) + "," + weight + "\n";
  }
  // Sample i weighs i.
  static std::string all_lines() {
    std::string lines;
    for (int i = 15; i >= 0; --i) lines += line(i, std::to_string(i));
    return lines;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(WeightTable, GivesSamplesTheirShares) {
  std::vector<double> shares;
  for (int i = 0; i < 16; ++i) shares.push_back(i / 120.0);
  expect_shares(options(all_lines()), shares);
}

TEST_F(WeightTable, SaysWhatIsWrongWithIt) {
  const auto refusal = [&](const std::string& lines) {
    return sampler_refusal("Weighted", options(lines));
  };
  EXPECT_THAT(refusal(line(0, "1")), HasSubstr("has no line for sample id1"));
  EXPECT_THAT(refusal(all_lines() + "id16,1\n"), HasSubstr("has 17 samples, and the split 16"));
  EXPECT_THAT(refusal(all_lines() + line(3, "1")), HasSubstr("sample id3 is listed twice"));
  for (const std::string wrong : {"-1", "nan", "inf", "many", ""}) {
    EXPECT_THAT(refusal(line(0, wrong)), HasSubstr("is no weight of 0 or more")) << wrong;
  }
  EXPECT_THAT(sampler_refusal("Weighted", "table: \"no/such.csv\""), HasSubstr("no/such.csv"));
}

// Ten samples of 100 pixels: all have class 0, samples 3 and 7 also 20 of class 1, sample 5 also
// one of class 2 and 30 without a label.
Sampler::Context classes_of_ten() {
  Sampler::Context context;
  context.parts = {{"", 10}};
  context.load = [](size_t index) {
    cv::Mat label(10, 10, CV_32SC1, cv::Scalar(0));
    if (index == 3 || index == 7) label.rowRange(0, 2) = cv::Scalar(1);
    if (index == 5) {
      label.at<int>(9, 9) = 2;
      label.rowRange(0, 3) = cv::Scalar(-1);
    }
    Sample sample;
    sample.id = "s" + std::to_string(index);
    sample.fields["seg"] = {&field_kind("tasuki/label_map"), label, ""};
    sample.fields["depth"] = {&field_kind("tasuki/depth"), cv::Mat(10, 10, CV_32FC1), ""};
    return sample;
  };
  return context;
}

TEST(RareClassSampler, DrawsClassesByTheirShareAndThenTheSamplesThatShowThem) {
  const auto rare = testing::make<Sampler>("tasuki/RareClassSampler",
                                           "temperature: 0.5 samples: 30000", classes_of_ten());
  // 970 labelled pixels: 40 of class 1, one of class 2.
  std::vector<double> weights;
  for (const double pixels : {929.0, 40.0, 1.0}) {
    weights.push_back(std::exp((1 - pixels / 970) / 0.5));
  }
  const double sum = weights[0] + weights[1] + weights[2];
  std::vector<double> shares(10, weights[0] / sum / 10);
  shares[3] += weights[1] / sum / 2;
  shares[7] += weights[1] / sum / 2;
  shares[5] += weights[2] / sum;
  std::vector<int> all(10);
  for (const size_t index : rare->order(3, 1)) ++all[index];
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(all[i], 30000 * shares[i], 5 * std::sqrt(30000 * shares[i])) << i;
  }
}

TEST(RareClassSampler, LeavesOutClassesThatNoSampleShows) {
  const auto rare = testing::make<Sampler>("tasuki/RareClassSampler",
                                           "least_pixels: 20 temperature: 0.01", classes_of_ten());
  EXPECT_EQ(rare->length(), 10u);
  for (const size_t index : rare->order(3, 1)) EXPECT_TRUE(index == 3 || index == 7) << index;
}

TEST(RareClassSampler, RefusesWhatHasNoClasses) {
  const auto refusal = [](const std::string& options) {
    try {
      testing::make<Sampler>("tasuki/RareClassSampler", options, classes_of_ten());
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_THAT(refusal("field: \"depth\""), HasSubstr("\"depth\" of sample s"));
  EXPECT_THAT(refusal("field: \"edge\""), HasSubstr("edge"));
  EXPECT_THAT(refusal("temperature: 0"), HasSubstr("temperature: "));
  EXPECT_THAT(refusal("least_pixels: 101"), HasSubstr("no sample of the split shows a class"));
}

TEST(WeightedSampler, RefusesWeightsThatCannotBe) {
  EXPECT_THAT(sampler_refusal("Weighted", "part { name: \"smal\" }"),
              HasSubstr("has no part \"smal\"; it has: \"small\", \"large\""));
  EXPECT_THAT(sampler_refusal("Weighted", "part { name: \"small\" }"),
              HasSubstr("no weight is given for part \"large\""));
  EXPECT_THAT(sampler_refusal("Weighted", "part { name: \"small\" weight: -1 }"),
              HasSubstr("part[small].weight: must be at least 0, not -1"));
  EXPECT_THAT(sampler_refusal("Weighted", "part { name: \"small\" } part { name: \"small\" }"),
              HasSubstr("given twice"));
  EXPECT_THAT(sampler_refusal("Weighted",
                              "part { name: \"small\" weight: 0 } "
                              "part { name: \"large\" weight: 0 }"),
              HasSubstr("all weights are 0"));
  EXPECT_THAT(sampler_refusal("Weighted", "samples: 0"), HasSubstr("samples: "));
}

}  // namespace
}  // namespace tasuki
