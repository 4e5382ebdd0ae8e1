#include "tasuki/study/seeds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();

TEST(Seeds, CountUp) {
  EXPECT_THAT(seeds_from(5, 3), ElementsAre(5, 6, 7));
  EXPECT_THAT(seeds_from(5, 0), IsEmpty());
  EXPECT_THAT(verdict_seeds_from(5, 2), ElementsAre(1005, 1006));
  EXPECT_THAT(verdict_seeds_from(5, 0), IsEmpty());
}

TEST(Seeds, NoneThatJudgesEverChooses) {
  const auto choosing = seeds_from(7, kMostSeeds), judging = verdict_seeds_from(7, kMostSeeds);
  ASSERT_EQ(judging.size(), kMostSeeds);
  EXPECT_LT(choosing.back(), judging.front());
}

TEST(Seeds, DoNotWrap) {
  EXPECT_THAT(seeds_from(kLargest - 1, 2), ElementsAre(kLargest - 1, kLargest));
  EXPECT_THAT(seeds_from(kLargest, 1), ElementsAre(kLargest));
  EXPECT_THAT(verdict_seeds_from(kLargest, 0), IsEmpty());
  EXPECT_THROW(verdict_seeds_from(kLargest - kMostSeeds, 2), Error);
  try {
    seeds_from(kLargest, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "18446744073709551615 is too large: there are no 2 seeds from it on; the largest "
                 "is 18446744073709551615");
  }
}

}  // namespace
}  // namespace tasuki
