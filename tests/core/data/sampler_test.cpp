#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tasuki/data/sampler.h"

namespace tasuki {
namespace {

TEST(EpochOrder, KeepsTheOrderWithoutShuffle) {
  EXPECT_EQ(epoch_order(4, false, 7, 3), (std::vector<size_t>{0, 1, 2, 3}));
  EXPECT_TRUE(epoch_order(0, true, 7, 3).empty());
  EXPECT_EQ(epoch_order(1, true, 7, 3), std::vector<size_t>{0});
}

TEST(EpochOrder, IsAPermutationBySeedAndEpoch) {
  const auto order = epoch_order(500, true, 7, 3);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, epoch_order(500, false, 0, 0));
  EXPECT_NE(order, sorted);
  EXPECT_EQ(order, epoch_order(500, true, 7, 3));
  EXPECT_NE(order, epoch_order(500, true, 7, 4));
  EXPECT_NE(order, epoch_order(500, true, 8, 3));
  EXPECT_NE(epoch_order(500, true, 1, 2), epoch_order(500, true, 2, 1));
}

// Chi-square of the 24 orders of four samples over many epochs: 23 degrees of freedom, the 0.1 %
// quantile is 49.7.
TEST(EpochOrder, EveryOrderIsEquallyLikely) {
  constexpr int kEpochs = 24000;
  std::map<std::vector<size_t>, int> seen;
  for (int epoch = 0; epoch < kEpochs; ++epoch) ++seen[epoch_order(4, true, 1, epoch)];
  ASSERT_EQ(seen.size(), 24u);
  double chi_square = 0;
  for (const auto& [order, count] : seen) {
    chi_square += (count - kEpochs / 24.0) * (count - kEpochs / 24.0) / (kEpochs / 24.0);
  }
  EXPECT_LT(chi_square, 49.7);
}

TEST(MixSeeds, TellsValuesPlacesAndCountsApart) {
  std::set<uint64_t> seen;
  for (uint64_t a = 0; a < 30; ++a) {
    seen.insert(mix_seeds({a}));
    for (uint64_t b = 0; b < 30; ++b) {
      seen.insert(mix_seeds({a, b}));
      for (uint64_t c = 0; c < 30; ++c) seen.insert(mix_seeds({a, b, c}));
    }
  }
  EXPECT_EQ(seen.size(), 30u + 30 * 30 + 30 * 30 * 30);
}

// About half of the 64 bits change when any bit of an input does.
TEST(MixSeeds, EveryInputBitReachesTheOutput) {
  for (int bit = 0; bit < 64; ++bit) {
    double flipped = 0;
    for (uint64_t i = 0; i < 200; ++i) {
      flipped += __builtin_popcountll(mix_seeds({5, i, 9}) ^ mix_seeds({5, i ^ (1ull << bit), 9}));
    }
    EXPECT_NEAR(flipped / 200, 32, 2) << "bit " << bit;
  }
}

// The first numbers of the published generator (Vigna's splitmix64.c) from the state 1234567.
TEST(SeededDraws, AreThoseOfSplitMix64) {
  SeededDraws draws(1234567);
  for (const uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u}) {
    EXPECT_EQ(draws.next(), expected);
  }
}

TEST(SeededDraws, AreUniform) {
  SeededDraws draws(5);
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = draws.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  // Five standard deviations of the means of u and u^2.
  EXPECT_NEAR(sum / kDraws, 1.0 / 2, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kDraws));
}

}  // namespace
}  // namespace tasuki
