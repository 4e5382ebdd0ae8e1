#include "tasuki/loader/epoch_draws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "tasuki/data/sampler.h"
#include "tasuki/loader/loader.h"
#include "tests/core/loader/fakes.h"

namespace tasuki::testing {
namespace {

using ::testing::ElementsAre;

TEST(EpochDraws, CountHowOftenASampleCameBefore) {
  const std::vector<size_t> indices = {3, 0, 3, 2, 3, 0};
  const EpochDraws draws(7, indices, 4);
  std::vector<uint64_t> repeats;
  for (const auto& draw : draws.part(0, draws.size())) {
    EXPECT_EQ(draw.epoch, 7u);
    EXPECT_EQ(draw.index, indices[repeats.size()]);
    repeats.push_back(draw.repeat);
  }
  EXPECT_THAT(repeats, ElementsAre(0, 0, 1, 0, 2, 1));
  EXPECT_EQ(draws.part(4, 5).at(0).repeat, 2u);
  EXPECT_TRUE(draws.part(2, 2).empty());
  EXPECT_TRUE(EpochDraws().empty());
}

// Source, cache and loader together.
TEST(EpochDraws, TakeFourBytesASample) {
  const auto taken = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const auto dataset = std::make_shared<FakeDataset>();
  dataset->samples = 2000000;
  const size_t before = taken();
  SampleSource::Options given;
  given.fields = kFields;
  given.cache = CacheBudget::of(1 << 20);
  const SampleSource source(dataset, "val", fake_pipeline(), given);
  Loader::Options options;
  options.workers = 0;
  options.shuffle = true;
  Loader loader(source, options);
  for (uint64_t epoch = 0; epoch < 2; ++epoch) {
    loader.start(epoch);
    EXPECT_LT(taken() - before, 4 * dataset->samples + (size_t{2} << 20));
    ASSERT_TRUE(loader.next());
  }
}

}  // namespace
}  // namespace tasuki::testing
