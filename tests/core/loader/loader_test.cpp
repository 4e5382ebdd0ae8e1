#include "tasuki/loader/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "tests/core/loader/fakes.h"

namespace tasuki::testing {
namespace {

using ::testing::HasSubstr;

struct Bench {
  std::shared_ptr<FakeDataset> dataset = std::make_shared<FakeDataset>();
  size_t cache_bytes = 0;
  Loader::Options options;

  SampleSource source(Pipeline pipeline = fake_pipeline()) const {
    SampleSource::Options given;
    given.seed = 3;
    given.cache = CacheBudget::of(cache_bytes);
    given.fields = kFields;
    return SampleSource(dataset, "val", std::move(pipeline), given);
  }
};

Loader::Options with(size_t batch_size, size_t workers, size_t prefetch = 2) {
  Loader::Options options;
  options.batch_size = batch_size;
  options.workers = workers;
  options.prefetch = prefetch;
  options.shuffle = true;
  options.seed = 3;
  return options;
}

// Waits for what other threads do; false where it has not come after a minute.
bool eventually(const std::function<bool()>& holds) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::string epoch_bits(Loader& loader, uint64_t epoch) {
  loader.start(epoch);
  std::string all;
  while (const auto batch = loader.next()) all += bits(*batch);
  return all;
}

TEST(Loader, IsBitIdenticalForAnyNumberOfWorkers) {
  Bench bench;
  for (const size_t batch_size : {1, 2, 4, 20}) {
    const auto source = bench.source();
    Loader alone(source, with(batch_size, 0));
    const std::string first = epoch_bits(alone, 0), second = epoch_bits(alone, 1);
    EXPECT_NE(first, second);
    for (const size_t workers : {1, 2, 5}) {
      bench.cache_bytes = workers == 2 ? 1 << 24 : 6000;
      const auto other = bench.source();
      Loader loader(other, with(batch_size, workers, workers == 5 ? 1 : 3));
      EXPECT_EQ(epoch_bits(loader, 0), first) << batch_size << " " << workers;
      EXPECT_EQ(epoch_bits(loader, 1), second) << batch_size << " " << workers;
      EXPECT_EQ(epoch_bits(loader, 0), first) << batch_size << " " << workers;
    }
  }
}

// Every sample one to three times an epoch, in an order of its own for each.
class UnevenSampler final : public Sampler {
 public:
  size_t length() const override { return 22; }
  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    std::vector<size_t> order = epoch_order(11, true, seed, epoch);
    for (size_t i = 0; i < 11; ++i) order.insert(order.begin() + 2 * i, order[i % 4]);
    return order;
  }
};

// Adds a number that it draws.
class AddDraw final : public BatchTransform {
 public:
  void apply(Batch& batch, cv::RNG& random) const override {
    batch.tensors.at("depth") += random.uniform(0.0, 1.0);
  }
};

// Each batch of an epoch, begun at one of them.
std::vector<std::string> batches_from(Loader& loader, uint64_t epoch, size_t first) {
  loader.start(epoch, first);
  std::vector<std::string> all;
  while (const auto batch = loader.next()) all.push_back(bits(*batch));
  return all;
}

TEST(Loader, BeginsAtAnyBatchOfAnyEpoch) {
  Bench bench;
  const auto source = bench.source();
  auto options = with(3, 0);
  for (const bool uneven : {false, true}) {
    if (uneven) {
      options.sampler = std::make_shared<UnevenSampler>();
      options.transforms = {std::make_shared<AddDraw>(), std::make_shared<AddDraw>()};
    }
    for (const bool drop_last : {false, true}) {
      options.drop_last = drop_last;
      options.workers = 0;
      Loader alone(source, options);
      EXPECT_EQ(alone.batches(), uneven ? (drop_last ? 7u : 8u) : (drop_last ? 3u : 4u));
      const auto whole = batches_from(alone, 5, 0);
      for (const size_t workers : {0, 1, 3}) {
        options.workers = workers;
        Loader loader(source, options);
        for (size_t first = 0; first <= loader.batches(); ++first) {
          const auto rest = batches_from(loader, 5, first);
          EXPECT_EQ(rest, std::vector<std::string>(whole.begin() + first, whole.end()))
              << workers << " " << first;
        }
        EXPECT_THROW(loader.start(5, loader.batches() + 1), Error);
      }
    }
  }
}

// Samples of a batch, each with what its random transforms drew.
std::vector<std::string> samples_of(const Batch& batch) {
  std::vector<std::string> all;
  for (int64_t i = 0; batch.counts && i < batch.size(); ++i) {
    Batch one;
    for (const auto& [name, tensor] : batch.tensors) one.tensors[name] = tensor.slice(0, i, i + 1);
    one.samples = {batch.samples[size_t(i)]};
    all.push_back(bits(one));
  }
  return all;
}

TEST(Loader, SplitsEachBatchOverProcesses) {
  Bench bench;
  const auto source = bench.source();
  for (const size_t batch_size : {4, 6, 12}) {
    for (const size_t processes : {1, 2, 3, 4}) {
      auto options = with(batch_size, 1);
      options.sampler = std::make_shared<UnevenSampler>();  // repeats some: 22 samples
      Loader alone(source, options);
      alone.start(3);
      std::vector<std::unique_ptr<Loader>> loaders;
      options.processes = processes;
      for (options.process = 0; options.process < processes; ++options.process) {
        loaders.push_back(std::make_unique<Loader>(source, options));
        EXPECT_EQ(loaders.back()->batches(), alone.batches());
        loaders.back()->start(3);
      }
      while (const auto whole = alone.next()) {
        std::vector<std::string> together;
        for (auto& loader : loaders) {
          const auto part = loader->next();
          ASSERT_TRUE(part);
          ASSERT_GT(part->size(), 0);
          const auto own = samples_of(*part);
          EXPECT_LE(own.size(), (size_t(whole->size()) + processes - 1) / processes);
          together.insert(together.end(), own.begin(), own.end());
        }
        EXPECT_EQ(together, samples_of(*whole)) << batch_size << " " << processes;
      }
      for (auto& loader : loaders) EXPECT_FALSE(loader->next());
    }
  }
}

// The first process always has a sample: its statistics are kept.
TEST(Loader, GivesAProcessWithoutAPartASampleThatDoesNotCount) {
  Bench bench;
  const auto source = bench.source();
  auto options = with(7, 0);  // 11 samples: 7, and 4 for 7 processes
  options.processes = 7;
  int counting = 0;
  for (options.process = 0; options.process < options.processes; ++options.process) {
    Loader loader(source, options);
    loader.start(0, 1);
    const auto part = loader.next();
    ASSERT_TRUE(part);
    EXPECT_EQ(part->size(), 1);
    EXPECT_TRUE(part->counts || options.process != 0);
    counting += part->counts ? 1 : 0;
    EXPECT_EQ(part->to(torch::kCPU).counts, part->counts);
  }
  EXPECT_EQ(counting, 4);
}

// What mixes samples draws other numbers in each process.
TEST(Loader, TransformsOfBatchesDifferByProcess) {
  Bench bench;
  const auto source = bench.source();
  auto options = with(2, 0);
  options.shuffle = false;
  options.transforms = {std::make_shared<AddDraw>()};
  options.processes = 2;
  std::vector<double> drawn;
  for (options.process = 0; options.process < 2; ++options.process) {
    Loader with_draw(source, options);
    auto plain_options = options;
    plain_options.transforms.clear();
    Loader plain(source, plain_options);
    with_draw.start(0);
    plain.start(0);
    const auto difference = with_draw.next()->tensor("depth") - plain.next()->tensor("depth");
    drawn.push_back(difference.flatten()[0].item<double>());
  }
  EXPECT_NE(drawn[0], drawn[1]);
}

TEST(Loader, RefusesAProcessThatIsNone) {
  Bench bench;
  const auto source = bench.source();
  auto options = with(2, 0);
  options.process = options.processes = 2;
  EXPECT_THROW(Loader(source, options), Error);
}

TEST(Loader, ReadsNoSampleBeforeTheBatchThatItBeginsAt) {
  Bench bench;
  const auto source = bench.source();
  Loader loader(source, with(2, 2));
  loader.start(0, 4);
  while (loader.next()) {
  }
  EXPECT_EQ(bench.dataset->loads, 3u);  // of 11
}

// A sample that comes again in an epoch is another one behind the random transforms, and the first
// time what it is without a sampler.
TEST(Loader, RepetitionsOfASampleDrawAnew) {
  Bench bench;
  const auto source = bench.source();
  auto options = with(1, 0);
  options.sampler = std::make_shared<UnevenSampler>();
  Loader loader(source, options);
  loader.start(2);
  std::map<size_t, std::set<std::string>> by_index;
  std::map<size_t, size_t> times;
  while (const auto batch = loader.next()) {
    const size_t index = batch->samples[0].index;
    if (times[index]++ == 0) {
      EXPECT_EQ(bits(*batch), bits(collate({source.get(2, index)}, {index}, kFields)));
    }
    by_index[index].insert(bits(*batch));
  }
  for (const auto& [index, different] : by_index) EXPECT_EQ(different.size(), times[index]);
  EXPECT_EQ(by_index.size(), 11u);
}

TEST(Loader, RefusesASamplerThatBreaksItsPromise) {
  class Wrong final : public Sampler {
   public:
    explicit Wrong(std::vector<size_t> order) : order_(std::move(order)) {}
    size_t length() const override { return 2; }
    std::vector<size_t> order(uint64_t, uint64_t) const override { return order_; }

   private:
    std::vector<size_t> order_;
  };
  Bench bench;
  const auto source = bench.source();
  const auto refusal = [&](std::vector<size_t> order) {
    auto options = with(1, 0);
    options.sampler = std::make_shared<Wrong>(std::move(order));
    Loader loader(source, options);
    return message_of([&] { loader.start(0); });
  };
  EXPECT_EQ(refusal({3, 10}), "nothing thrown");
  EXPECT_THAT(refusal({3}), HasSubstr("gives 1 samples, and not the 2 that it promises"));
  EXPECT_THAT(refusal({3, 11}), HasSubstr("one of them beyond the split's 11"));
}

// Who shows how long batches take may not wait until one is made.
TEST(Loader, AnswersWhileNextMakesABatch) {
  Bench bench;
  Loader* loader = nullptr;
  bench.dataset->on_load = [&] { std::thread([&] { EXPECT_GE(loader->waited(), 0); }).join(); };
  const auto source = bench.source();
  Loader without_workers(source, with(4, 0));
  loader = &without_workers;
  without_workers.start(0);
  EXPECT_TRUE(without_workers.next().has_value());
}

TEST(Loader, DeliversTheEpochsOrderInBatches) {
  Bench bench;
  const auto source = bench.source();
  for (const bool drop_last : {false, true}) {
    auto options = with(4, 2);
    options.drop_last = drop_last;
    Loader loader(source, options);
    EXPECT_EQ(loader.batches(), drop_last ? 2u : 3u);
    loader.start(6);
    std::vector<size_t> seen;
    size_t batches = 0;
    for (; const auto batch = loader.next(); ++batches) {
      for (const auto& info : batch->samples) seen.push_back(info.index);
    }
    auto order = epoch_order(11, true, 3, 6);
    if (drop_last) order.resize(8);
    EXPECT_EQ(seen, order);
    EXPECT_EQ(batches, loader.batches());
    EXPECT_FALSE(loader.next().has_value());
  }
}

TEST(Loader, SamplesAreThoseOfItsSource) {
  Bench bench;
  const auto source = bench.source();
  Loader loader(source, with(3, 2));
  loader.start(2);
  while (const auto batch = loader.next()) {
    std::vector<Sample> samples;
    std::vector<size_t> indices;
    for (const auto& info : batch->samples) {
      samples.push_back(source.get(2, info.index));
      indices.push_back(info.index);
    }
    EXPECT_EQ(bits(*batch), bits(collate(samples, indices, kFields)));
  }
}

// Messages of all batches of an epoch, "" where a batch came.
std::vector<std::string> messages(Loader& loader) {
  std::vector<std::string> all;
  for (size_t i = 0; i < loader.batches(); ++i) {
    try {
      all.push_back(loader.next() ? "" : "the epoch ended early");
    } catch (const Error& error) {
      all.push_back(error.what());
    }
  }
  return all;
}

TEST(Loader, ErrorsComeWithTheirBatchAndTheNextOnesFollow) {
  Bench bench;
  bench.dataset->broken = {4, 5, 10};
  const auto source = bench.source();
  for (const size_t workers : {0, 1, 2, 5}) {
    auto options = with(3, workers);
    options.shuffle = false;
    Loader loader(source, options);
    for (uint64_t epoch = 0; epoch < 2; ++epoch) {
      loader.start(epoch);
      const auto seen = messages(loader);
      ASSERT_EQ(seen.size(), 4u);
      EXPECT_EQ(seen[0], "");
      EXPECT_EQ(seen[1], "sample frame4 (split val, index 4): frame.png: truncated");
      EXPECT_EQ(seen[2], "");
      EXPECT_EQ(seen[3], "sample frame10 (split val, index 10): frame.png: truncated");
    }
  }
}

TEST(Loader, MixedSizesNameTheSamePairForAnyNumberOfWorkers) {
  Bench bench;
  bench.dataset->overgrown = {3, 4};
  Pipeline none;
  const auto source = bench.source(std::move(none));
  for (const size_t workers : {0, 2, 5}) {
    auto options = with(3, workers);
    options.shuffle = false;
    Loader loader(source, options);
    loader.start(0);
    const auto seen = messages(loader);
    EXPECT_EQ(seen[0], "");
    EXPECT_THAT(seen[1], HasSubstr("sample frame3 is 16x24 and sample frame5 is 8x12"));
    EXPECT_EQ(seen[2], "");
  }
}

TEST(Loader, CanBeLeftAndStartedAnewAtAnyPoint) {
  Bench bench;
  bench.dataset->broken = {7};
  const auto source = bench.source();
  for (size_t taken = 0; taken < 5; ++taken) {
    for (const size_t workers : {0, 1, 5}) {
      Loader loader(source, with(2, workers, 4));
      for (uint64_t epoch = 0; epoch < 4; ++epoch) {
        loader.start(epoch);
        for (size_t i = 0; i < taken; ++i) message_of([&] { loader.next(); });
      }
    }
  }
  bench.dataset->broken.clear();
  Loader fresh(source, with(2, 0));
  const std::string expected = epoch_bits(fresh, 1);
  Loader left(source, with(2, 3, 4));
  left.start(0);
  left.next();
  EXPECT_EQ(epoch_bits(left, 1), expected);
}

TEST(Loader, MakesNoMoreThanItsPrefetchAhead) {
  Bench bench;
  const auto source = bench.source();
  Loader loader(source, with(2, 3, 2));
  loader.start(0);
  loader.next();
  EXPECT_TRUE(eventually([&] { return bench.dataset->loads >= 6u; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(bench.dataset->loads, 6u);  // the batch taken, and two that wait
}

TEST(Loader, WorkersShareTheSamplesOfOneBatch) {
  Bench bench;
  std::atomic<int> inside{0};
  std::atomic<bool> met{false};
  Pipeline pipeline;
  add(pipeline, true, [&](Sample&, cv::RNG&) {
    if (++inside == 2) met = true;
    eventually([&] { return met.load(); });
    --inside;
  });
  const auto source = bench.source(std::move(pipeline));
  Loader loader(source, with(2, 2, 1));
  loader.start(0);
  loader.next();
  EXPECT_TRUE(met);
}

TEST(Loader, TellsHowLongItWasWaitedFor) {
  Bench bench;
  Pipeline pipeline;
  add(pipeline, true,
      [](Sample&, cv::RNG&) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
  const auto source = bench.source(std::move(pipeline));
  Loader loader(source, with(2, 0));
  loader.start(0);
  loader.next();
  EXPECT_GE(loader.waited(), 0.04);
  loader.start(1);
  EXPECT_EQ(loader.waited(), 0);
}

TEST(Loader, ReusesMemoryOfBatchesThatAreGoneAndOfNoOthers) {
  Bench bench;
  const auto source = bench.source();
  Batch kept;
  std::string before;
  {
    Loader loader(source, with(4, 0));
    loader.start(0);
    kept = *loader.next();
    before = bits(kept);
    std::set<const void*> gone;
    {
      const Batch second = *loader.next();
      for (const auto& [name, tensor] : second.tensors) gone.insert(tensor.data_ptr());
    }
    loader.start(1);
    const Batch next = *loader.next();
    for (const auto& [name, tensor] : next.tensors) EXPECT_EQ(gone.count(tensor.data_ptr()), 1u);
    const auto view = kept.tensor("image").slice(0, 1, 2);
    kept.tensors.erase("image");
    while (const auto batch = loader.next()) {
      EXPECT_NE(batch->tensor("image").storage().data(), view.storage().data());
    }
    kept.tensors["image"] = torch::as_strided(view, {4, 3, 6, 8}, {144, 1, 24, 3}, 0);
  }
  EXPECT_EQ(bits(kept), before);
}

TEST(Loader, HandlesAnEmptySplitAndNoStart) {
  Bench bench;
  bench.dataset->samples = 0;
  const auto source = bench.source();
  Loader loader(source, with(2, 2));
  EXPECT_FALSE(loader.next().has_value());
  loader.start(0);
  EXPECT_EQ(loader.batches(), 0u);
  EXPECT_FALSE(loader.next().has_value());
}

TEST(Loader, RefusesOptionsThatCannotWork) {
  Bench bench;
  const auto source = bench.source();
  EXPECT_THAT(message_of([&] { Loader(source, with(0, 1)); }), HasSubstr("batch_size"));
  EXPECT_THAT(message_of([&] { Loader(source, with(1, 1, 0)); }), HasSubstr("prefetch"));
}

}  // namespace
}  // namespace tasuki::testing
