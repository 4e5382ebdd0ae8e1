#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tasuki/engine/packed_data.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/pack/samples.h"

namespace tasuki {
namespace {

using testing::difference;
using ::testing::ElementsAre;
using testing::tiny_config;
using Pipeline = Experiment::Pipeline;

class ShardedDataTest : public ::testing::Test {
 protected:
  // Of six training samples and some others: how many.
  size_t make_shards(
      size_t samples = 2, const std::function<void()>& on_sample = [] {}) const {
    const auto config = tiny_config();
    const auto dataset = build_raw_dataset(config, "");
    const PackJob job{config, dataset, split_uses(config, *dataset)};
    const auto contents = pack_contents(job);
    ShardWriter writer(path_, contents, shards_of_samples(contents, samples));
    write_pack(job, contents, writer, 2, on_sample);
    return contents.samples();
  }
  std::vector<std::string> sharded(std::vector<std::string> assignments = {}) const {
    assignments.push_back("data.pack=\"" + path_.string() + "\"");
    return assignments;
  }
  // The ids of each batch of an epoch, as all processes together have them.
  std::vector<std::vector<std::string>> batches_of(Experiment& experiment, size_t workers,
                                                   size_t processes) const {
    const auto source = experiment.source("train", Pipeline::kTrain);
    std::vector<std::vector<std::string>> all;
    for (size_t process = 0; process < processes; ++process) {
      experiment.process = process;
      experiment.processes = processes;
      auto options = experiment.loader_options(Pipeline::kTrain);
      options.workers = workers;
      Loader loader(*source, options);
      for (const uint64_t epoch : {0, 1}) {
        loader.start(epoch);
        for (size_t i = epoch * loader.batches(); const auto batch = loader.next(); ++i) {
          if (all.size() <= i) all.resize(i + 1);
          for (const auto& sample : batch->samples) all[i].push_back(sample.id);
        }
      }
    }
    return all;
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "tiny";
};

TEST_F(ShardedDataTest, SamplesAreThoseOfTheRawFilesBitForBit) {
  make_shards();
  const auto raw = build_experiment(tiny_config(), "");
  const auto packed = build_experiment(tiny_config(sharded()), "");
  for (const auto& [split, pipeline] : {std::pair("train", Pipeline::kTrain),
                                        {"val", Pipeline::kEvaluate},
                                        {"test", Pipeline::kEvaluate}}) {
    const auto a = raw.source(split, pipeline), b = packed.source(split, pipeline);
    ASSERT_EQ(a->size(), b->size());
    for (size_t i = 0; i < a->size(); ++i) {
      EXPECT_EQ(difference(a->get(1, i), b->get(1, i)), "") << split << i;
    }
    EXPECT_EQ(packed.dataset->ids(split), raw.dataset->ids(split));
  }
  EXPECT_THAT(packed.dataset->shards("train"), ElementsAre(2, 2, 2));
}

TEST_F(ShardedDataTest, TrainingIsTheSame) {
  make_shards();
  testing::TinyRun raw(folder_ / "raw"), packed(folder_ / "packed", sharded());
  raw.train();
  packed.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(raw.run), testing::weights_of(packed.run)), "");
}

// The order of a window's samples is that of the files; who reads them makes no difference.
TEST_F(ShardedDataTest, AnEpochIsTheSameForAnyNumberOfWorkersAndProcesses) {
  make_shards();
  auto experiment =
      build_experiment(tiny_config(sharded({"data.sampler=[tasuki/ShuffledSampler]{window: 3}",
                                            "data.loader.batch_size=4"})),
                       "");
  const auto one = batches_of(experiment, 0, 1);
  ASSERT_EQ(one.size(), 2u);  // one an epoch
  EXPECT_NE(one[0], one[1]);
  for (const size_t workers : {0, 1, 3}) {
    for (const size_t processes : {1, 2, 4}) {
      EXPECT_EQ(batches_of(experiment, workers, processes), one) << workers << " " << processes;
    }
  }
}

TEST_F(ShardedDataTest, GoesOnAfterAnInterruptionWithoutDoingShardsAgain) {
  size_t done = 0, again = 0;
  std::mutex mutex;
  EXPECT_THROW(make_shards(2,
                           [&] {
                             const std::lock_guard lock(mutex);
                             if (++done == 5) throw Error(ErrorKind::kRun, "interrupted");
                           }),
               Error);
  EXPECT_FALSE(std::filesystem::exists(pack_index_file(path_)));
  const size_t all = make_shards(2, [&] {
    const std::lock_guard lock(mutex);
    ++again;
  });
  EXPECT_LE(again, all - 4);  // two shards were complete
  EXPECT_EQ(Pack(path_).samples(), all);
}

TEST_F(ShardedDataTest, ShardsHaveAboutTheSizeThatIsAskedFor) {
  const auto config = tiny_config();
  const auto dataset = build_raw_dataset(config, "");
  const PackJob job{config, dataset, split_uses(config, *dataset)};
  const auto contents = pack_contents(job);
  make_shards(100);
  const auto whole = std::filesystem::file_size(shard_file(path_, 0));  // the training samples
  const auto shards = shards_of_bytes(job, contents, whole / 3);
  EXPECT_GE(shards.shard_size(), 3);
  EXPECT_EQ(shards_of_bytes(job, contents, 1).shard_size(), int(contents.samples()));
  EXPECT_EQ(shards_of_bytes(job, contents, size_t{1} << 40).shard_size(), int(contents.ids.size()));
}

}  // namespace
}  // namespace tasuki
