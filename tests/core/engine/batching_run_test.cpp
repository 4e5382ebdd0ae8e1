#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/look_ahead.h"
#include "tasuki/engine/packed_data.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using testing::TinyRun;

std::vector<std::string> batch_ids(const Batch& batch) {
  std::vector<std::string> ids;
  for (const auto& sample : batch.samples) ids.push_back(sample.id);
  return ids;
}

std::string run_refusal(const std::vector<std::string>& assignments) {
  const testing::TemporaryFolder folder;
  try {
    TinyRun(folder.path(), assignments);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing refused";
}

// The plugins of what a config leaves open change no bit.
TEST(BatchingOfARun, ItsDefaultsByNameAreItsDefaults) {
  const testing::TemporaryFolder folder;
  TinyRun plain(folder / "plain"),
      named(folder / "named",
            {"data.sampler=[tasuki/ShuffledSampler]{}", "data.collate=[tasuki/StackCollate]{}"});
  plain.train();
  named.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(plain.run), testing::weights_of(named.run)),
      "");
}

TEST(BatchingOfARun, ASamplerDecidesTheStepsOfAnEpoch) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), {"data.sampler=[tasuki/RepeatedSampler]{times: 3}"});
  EXPECT_EQ(tiny.run.steps_per_epoch, 9);
  tiny.train();
  EXPECT_EQ(tiny.run.step, 18);
  EXPECT_EQ(tiny.run.evaluation->samples, 3u);  // evaluation sees each once
}

TEST(BatchingOfARun, ATransformOfBatchesIsForTrainingAlone) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path(), {"data.batch_transform=[{[tasuki/CutMix]{probability: 1}}]"});
  const auto& experiment = tiny.run.experiment;
  EXPECT_EQ(experiment.loader_options(Experiment::Pipeline::kTrain).transforms.size(), 1u);
  EXPECT_TRUE(experiment.loader_options(Experiment::Pipeline::kEvaluate).transforms.empty());
  tiny.train();
}

TEST(BatchingOfARun, MistakesAreLocated) {
  EXPECT_THAT(run_refusal({"data.sampler=[tasuki/ShuffledSampler]{}", "data.loader.shuffle=false"}),
              HasSubstr("data.sampler: the sampler decides the order"));
  EXPECT_THAT(run_refusal({"data.sampler=[tasuki/WeightedSampler]{part{name:\"a\"}}"}),
              HasSubstr("data.sampler.part[0].name"));
  EXPECT_THAT(run_refusal({"data.batch_transform=[{[tasuki/CutMix]{alpha: 5}}]"}),
              HasSubstr("data.batch_transform[0].alpha"));
  EXPECT_THAT(run_refusal({"data.collate=[tasuki/CutMix]{}"}),
              HasSubstr("the kind Collate is needed"));
}

// For any place in an epoch, over several rounds of the split.
TEST(ShuffledBatchesOfARun, BeginBehindAnyNumberOfTakenOnes) {
  const testing::TemporaryFolder folder;
  TinyRun tiny(folder.path());
  const auto& experiment = tiny.run.experiment;
  for (const uint64_t stream : {0, 1}) {
    const auto& source = stream == 0 ? *tiny.run.validation_source : *tiny.run.train_source;
    ShuffledBatches whole(experiment, source, stream), other(experiment, source, stream);
    whole.start(3);
    std::vector<Batch> all;
    for (int i = 0; i < 9; ++i) all.push_back(whole.next());
    EXPECT_EQ(whole.taken(), 9);
    for (int taken = 8; taken >= 0; --taken) {
      other.start(3, taken);
      for (int i = taken; i < 9; ++i) {
        const auto batch = other.next();
        EXPECT_EQ(batch_ids(batch), batch_ids(all[size_t(i)])) << stream << " " << taken;
        EXPECT_TRUE(batch.tensor("image").equal(all[size_t(i)].tensor("image")));
      }
    }
  }
}

constexpr const char* kTwoRooms =
    "data.dataset={[tasuki/Concat]{"
    "part{name:\"a\" dataset{[tasuki/Rooms]{height:32 width:40 train_size:6 val_size:3 "
    "test_size:2}}}"
    "part{name:\"b\" dataset{[tasuki/Rooms]{height:32 width:40 train_size:2 val_size:1 test_size:1 "
    "seed:1}} split:\"train\"}}}";

// A run on two data sets whose parts share an epoch equally, from the files and from a pack.
TEST(BatchingOfARun, ConcatenatedDataTrainTheSameFromAPack) {
  const testing::TemporaryFolder folder;
  const std::vector<std::string> settings = {kTwoRooms, "data.sampler=[tasuki/WeightedSampler]{}"};
  TinyRun raw(folder / "raw", settings);
  EXPECT_EQ(raw.run.steps_per_epoch, 4);
  raw.train();

  const auto config = testing::tiny_config(settings);
  const auto dataset = build_raw_dataset(config, "");
  const PackJob job{config, dataset, split_uses(config, *dataset)};
  const auto contents = pack_contents(job);
  {
    PackWriter writer(folder / "rooms.pack", contents);
    write_pack(job, contents, writer, 1);
  }
  auto with_pack = settings;
  with_pack.push_back("data.pack=\"" + (folder / "rooms.pack").string() + "\"");
  TinyRun packed(folder / "packed", with_pack);
  const auto parts = packed.run.experiment.dataset->parts("train");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "a");
  EXPECT_EQ(parts[1].size, 2u);
  packed.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(raw.run), testing::weights_of(packed.run)), "");
}

}  // namespace
}  // namespace tasuki
