#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <thread>

#include "tasuki/loader/sample_cache.h"
#include "tests/core/loader/fakes.h"

namespace tasuki::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

SampleSource::Options options(size_t cache_bytes) {
  SampleSource::Options options;
  options.seed = 5;
  options.cache = CacheBudget::of(cache_bytes);
  options.fields = kFields;
  options.verify_cache = true;
  return options;
}

SampleSource source_of(std::shared_ptr<const Dataset> dataset, size_t cache_bytes,
                       Pipeline pipeline = fake_pipeline()) {
  return SampleSource(std::move(dataset), "val", std::move(pipeline), options(cache_bytes));
}

constexpr size_t kPlenty = 1 << 24;

TEST(SampleSource, DependsOnSeedEpochAndIndexAlone) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto source = source_of(dataset, 0);
  const Sample sample = source.get(2, 3);
  source.get(9, 3);
  EXPECT_TRUE(same_pixels(sample, source.get(2, 3)));
  EXPECT_TRUE(same_pixels(sample, source_of(dataset, 0).get(2, 3)));
  size_t alike = 0;
  for (uint64_t epoch = 0; epoch < 10; ++epoch) {
    alike += same_pixels(source.get(epoch, 3).field("depth").value,
                         source.get(epoch + 1, 3).field("depth").value);
  }
  EXPECT_EQ(alike, 0u);
  EXPECT_EQ(source.size(), dataset->samples);
}

TEST(SampleSource, GivesTheSameWithAndWithoutCache) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto plain = source_of(dataset, 0);
  const auto cached = source_of(dataset, kPlenty);
  const size_t loads_before = dataset->loads;
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    for (size_t i = 0; i < dataset->samples; ++i) {
      EXPECT_TRUE(same_pixels(plain.get(epoch, i), cached.get(epoch, i)));
    }
  }
  EXPECT_EQ(dataset->loads - loads_before, 4 * dataset->samples);  // 3 plain epochs, 1 cached
  const auto state = cached.cache_state();
  EXPECT_EQ(state.samples, dataset->samples);
  EXPECT_EQ(state.hits, 2 * dataset->samples);
  EXPECT_EQ(state.misses, dataset->samples);
  EXPECT_EQ(plain.cache_state().bytes, 0u);
}

TEST(SampleSource, KeepsWithinItsBudgetFirstComeFirstKept) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto roomy = source_of(dataset, kPlenty);
  for (size_t i = 0; i < dataset->samples; ++i) roomy.get(0, i);
  const size_t each = roomy.cache_state().bytes / dataset->samples;
  // 12 x 8 pixels of 3 + 4 + 4 + 12 + 1 bytes, and the book-keeping.
  EXPECT_GE(each, 12u * 8 * 24);
  EXPECT_LE(each, 12u * 8 * 24 + 4096);

  const auto tight = source_of(dataset, 4 * each + each / 2);
  for (uint64_t epoch = 0; epoch < 2; ++epoch) {
    for (size_t i = 0; i < dataset->samples; ++i) tight.get(epoch, i);
  }
  const auto state = tight.cache_state();
  EXPECT_EQ(state.samples, 4u);
  EXPECT_LE(state.bytes, 4 * each + each / 2);
  EXPECT_EQ(state.hits, 4u);
}

TEST(SampleSource, SharesABudgetWithOtherSources) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto roomy = source_of(dataset, kPlenty);
  roomy.get(0, 0);
  const size_t each = roomy.cache_state().bytes;

  auto given = options(0);
  given.cache = CacheBudget::of(14 * each);
  const auto source = [&] { return SampleSource(dataset, "val", fake_pipeline(), given); };
  const auto all_of = [](const SampleSource& from) {
    for (size_t i = 0; i < from.size(); ++i) from.get(0, i);
    return from.cache_state().samples;
  };
  const auto second = source();
  {
    const auto first = source();
    EXPECT_EQ(all_of(first), 11u);
    EXPECT_EQ(all_of(second), 3u);
    EXPECT_EQ(first.cache_state().bytes + second.cache_state().bytes + given.cache->left(),
              14 * each);
  }
  // What a source kept is free again when it goes.
  EXPECT_EQ(given.cache->left(), 11 * each);
  EXPECT_EQ(all_of(second), 11u);
}

TEST(SampleSource, NeverTakesMoreThanTheBudgetFromManyThreads) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto roomy = source_of(dataset, kPlenty);
  roomy.get(0, 0);
  auto given = options(0);
  given.cache = CacheBudget::of(9 * roomy.cache_state().bytes + 1);
  const SampleSource a(dataset, "val", fake_pipeline(), given);
  const SampleSource b(dataset, "val", fake_pipeline(), given);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < 2 * dataset->samples; ++i) {
        (i % 2 ? a : b).get(0, i / 2);
        EXPECT_LE(a.cache_state().samples + b.cache_state().samples, 9u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  // Threads that came to one sample at once held memory for a moment that others were refused.
  for (size_t i = 0; i < dataset->samples; ++i) a.get(1, i);
  EXPECT_EQ(a.cache_state().samples + b.cache_state().samples, 9u);
  EXPECT_EQ(given.cache->left(), 1u);
}

TEST(SampleSource, CachesCropsWithoutTheirLargeBuffers) {
  const Sample whole = fake_sample("a", 1, {100, 80});
  Sample crop = whole;
  for (auto& [name, field] : crop.fields) field.value = field.value(cv::Rect(3, 5, 10, 8));
  SampleCache cache(CacheBudget::of(kPlenty));
  cache.keep(0, crop);
  const Sample* kept = cache.find(0);
  ASSERT_NE(kept, nullptr);
  EXPECT_TRUE(same_pixels(*kept, crop));
  for (const auto& [name, field] : kept->fields) {
    EXPECT_EQ(field.value.u->size, field.value.total() * field.value.elemSize()) << name;
    EXPECT_NE(field.value.datastart, whole.field(name).value.datastart) << name;
  }
  EXPECT_LT(cache.state().bytes, 10u * 8 * 24 + 4096);
}

TEST(SampleSource, DropsFieldsNobodyAsksForAfterThePrefix) {
  auto given = options(kPlenty);
  given.fields = {"seg"};
  Pipeline pipeline;
  std::set<std::string> in_prefix, after;
  const auto note = [](std::set<std::string>& names) {
    return [&names](Sample& sample, cv::RNG&) {
      for (const auto& entry : sample.fields) names.insert(entry.first);
    };
  };
  add(pipeline, false, note(in_prefix));
  add(pipeline, true, note(after));
  const SampleSource source(std::make_shared<FakeDataset>(), "val", std::move(pipeline), given);
  source.get(0, 0);
  EXPECT_EQ(in_prefix.size(), kFields.size());
  EXPECT_EQ(after, (std::set<std::string>{"image", "seg"}));
}

TEST(SampleSource, KeepsAllFieldsWhereAsked) {
  auto given = options(0);
  given.fields = {"seg"};
  given.all_fields = true;
  const SampleSource source(std::make_shared<FakeDataset>(), "val", fake_pipeline(), given);
  EXPECT_EQ(source.get(0, 0).fields.size(), kFields.size());
}

TEST(SampleSource, ItsTwoHalvesMakeTheSameSample) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto source = source_of(dataset, kPlenty);
  const size_t before = dataset->loads;
  const Sample prepared = source.prepared(4);
  EXPECT_EQ(prepared.size(), dataset->frame);
  const Sample finished = source.finished(prepared, 3, 4);
  EXPECT_EQ(dataset->loads - before, 1u);
  EXPECT_TRUE(same_pixels(finished, source.get(3, 4)));
}

TEST(SampleSource, RunsAnAllDeterministicPipelineOnce) {
  std::atomic<int> runs{0};
  Pipeline pipeline;
  add(pipeline, false, [&](Sample&, cv::RNG&) { ++runs; });
  const auto source = source_of(std::make_shared<FakeDataset>(), kPlenty, std::move(pipeline));
  for (uint64_t epoch = 0; epoch < 3; ++epoch) source.get(epoch, 4);
  EXPECT_EQ(runs, 1);
}

TEST(SampleSource, NoticesATransformThatWritesIntoTheCache) {
  Pipeline pipeline;
  add(pipeline, true, [](Sample& sample, cv::RNG&) { sample.field("depth").value += 1; });
  const auto source = source_of(std::make_shared<FakeDataset>(), kPlenty, std::move(pipeline));
  source.get(0, 2);
  EXPECT_THAT(message_of([&] { source.get(1, 2); }),
              AllOf(HasSubstr("sample frame2 (split val, index 2)"), HasSubstr("cached sample")));
}

TEST(SampleSource, ErrorsOfLoadNameTheSample) {
  const auto dataset = std::make_shared<FakeDataset>();
  dataset->broken = {3};
  const auto source = source_of(dataset, kPlenty);
  EXPECT_EQ(message_of([&] { source.get(0, 3); }),
            "sample frame3 (split val, index 3): frame.png: truncated");
  // Most data sets name the sample themselves; once is enough.
  dataset->broken_says = "sample frame3: frame.png: truncated";
  EXPECT_EQ(message_of([&] { source.get(0, 3); }),
            "sample frame3 (split val, index 3): frame.png: truncated");
  dataset->broken_says = "sample frame31: frame.png: truncated";
  EXPECT_EQ(message_of([&] { source.get(0, 3); }),
            "sample frame3 (split val, index 3): sample frame31: frame.png: truncated");
  EXPECT_THAT(message_of([&] { source.get(0, 99); }), HasSubstr("no index 99"));
}

// Kind and message of what a transform's exception becomes.
std::pair<ErrorKind, std::string> thrown_by(const Step::Function& function) {
  Pipeline pipeline;
  add(pipeline, false, [](Sample&, cv::RNG&) {});
  add(pipeline, true, function);
  const auto source = source_of(std::make_shared<FakeDataset>(), 0, std::move(pipeline));
  try {
    source.get(0, 1);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  return {ErrorKind::kRun, "nothing thrown"};
}

TEST(SampleSource, WhateverATransformThrowsNamesSampleFileAndStep) {
  const std::string place = "sample frame1 (split val, index 1, frame1.png), transform 2 of 2: ";
  auto [kind, message] =
      thrown_by([](Sample&, cv::RNG&) { throw Error(ErrorKind::kPlugin, "no"); });
  EXPECT_EQ(kind, ErrorKind::kPlugin);
  EXPECT_EQ(message, place + "no");
  std::tie(kind, message) = thrown_by([](Sample& sample, cv::RNG&) {
    sample.field("image").value = sample.field("image").value(cv::Rect(0, 0, 1000, 1000));
  });
  EXPECT_EQ(kind, ErrorKind::kData);
  EXPECT_THAT(message, HasSubstr(place + "OpenCV: "));
  std::tie(kind, message) = thrown_by([](Sample&, cv::RNG&) { throw std::bad_alloc(); });
  EXPECT_EQ(message, place + "out of memory");
  std::tie(kind, message) =
      thrown_by([](Sample&, cv::RNG&) { throw std::out_of_range("a table"); });
  EXPECT_EQ(kind, ErrorKind::kRun);
  EXPECT_EQ(message, place + "a table");
}

TEST(SampleSource, ServesManyThreadsAtOnce) {
  const auto dataset = std::make_shared<FakeDataset>();
  const auto plain = source_of(dataset, 0);
  const auto cached = source_of(dataset, kPlenty);
  std::atomic<size_t> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < 5 * dataset->samples; ++i) {
        const size_t index = i % dataset->samples;
        different += !same_pixels(plain.get(i, index), cached.get(i, index));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(different, 0u);
  EXPECT_EQ(cached.cache_state().samples, dataset->samples);
}

// Behind the whole pipeline, with and without the cache.
TEST(SampleSource, ChecksLabelsAndNamesTheirFiles) {
  const auto dataset = std::make_shared<FakeDataset>();
  for (const size_t bytes : {size_t{0}, kPlenty}) {
    auto with_checks = options(bytes);
    with_checks.label_checks = {
        {"depth", &kDepth, "task depth", [](const cv::Mat&) { return std::string(); }},
        {"seg", &kLabels, "task seg",
         [](const cv::Mat& label) { return std::to_string(label.rows) + " rows are wrong"; }},
        // Of another kind, and of a field that is not there: for others to say.
        {"depth", &kLabels, "task a", [](const cv::Mat&) { return std::string("a"); }},
        {"nowhere", &kLabels, "task b", [](const cv::Mat&) { return std::string("b"); }}};
    const SampleSource source(dataset, "val", fake_pipeline(), with_checks);
    for (uint64_t epoch = 0; epoch < 2; ++epoch) {
      try {
        source.get(epoch, 3);
        FAIL() << "no error";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kData);
        EXPECT_THAT(error.what(),
                    AllOf(HasSubstr("(split val, index 3, "), HasSubstr("rows are wrong"),
                          HasSubstr("_seg.png), task seg: ")));
      }
    }
  }
}

}  // namespace
}  // namespace tasuki::testing
