#include "tasuki/engine/packed_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/engine/evaluate.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/pack/samples.h"

namespace tasuki {
namespace {

using testing::difference;
using ::testing::HasSubstr;
using testing::tiny_config;
using Pipeline = Experiment::Pipeline;

// A prefix of one transform before the random ones, and one of two.
const std::vector<std::string> kResized = {
    "data.train_pipeline=[{[tasuki/Resize]{height:24 width:30}}, {[tasuki/RandomFlip]{}}, "
    "{[tasuki/Normalize]{}}]",
    "data.eval_pipeline=[{[tasuki/Resize]{height:24 width:30}}, {[tasuki/Normalize]{mean:[0.5,0.4,"
    "0.3]}}]"};

std::vector<std::string> together(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

PackHeader make_pack(
    const ResolvedConfig& config, const std::filesystem::path& file,
    const std::function<void()>& on_sample = [] {}) {
  const auto dataset = build_raw_dataset(config, "");
  const PackJob job{config, dataset, split_uses(config, *dataset)};
  const auto contents = pack_contents(job);
  PackWriter writer(file, contents);
  write_pack(job, contents, writer, 2, on_sample);
  return contents.header;
}

class PackedDataTest : public ::testing::Test {
 protected:
  std::string from_pack() const { return "data.pack=\"" + file_.string() + "\""; }
  // What opening the pack with these assignments gives.
  std::string problem(const std::vector<std::string>& assignments) const {
    try {
      open_pack(tiny_config(together(assignments, {from_pack()})));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "tiny.pack";
};

TEST_F(PackedDataTest, SamplesAreThoseOfTheRawFilesBitForBit) {
  for (const auto& assignments : {std::vector<std::string>(), kResized}) {
    const auto raw = build_experiment(tiny_config(assignments), "");
    make_pack(raw.config, file_);
    const auto packed = build_experiment(tiny_config(together(assignments, {from_pack()})), "");
    for (const auto& [split, pipeline] : {std::pair("train", Pipeline::kTrain),
                                          {"val", Pipeline::kEvaluate},
                                          {"test", Pipeline::kEvaluate}}) {
      const auto a = raw.source(split, pipeline), b = packed.source(split, pipeline);
      ASSERT_EQ(a->size(), b->size());
      for (size_t i = 0; i < a->size(); ++i) {
        EXPECT_EQ(difference(a->prepared(i), b->prepared(i)), "") << split << i;
        for (uint64_t epoch = 0; epoch < 3; ++epoch) {  // from the cache as well
          EXPECT_EQ(difference(a->get(epoch, i), b->get(epoch, i)), "") << split << i;
        }
      }
    }
    EXPECT_EQ(packed.dataset->class_names("seg"), raw.dataset->class_names("seg"));
    EXPECT_EQ(packed.dataset->ids("test"), raw.dataset->ids("test"));
    std::filesystem::remove(file_);
  }
}

// As a search keeps its config.
TEST_F(PackedDataTest, IsTheSameForAConfigWithItsDefaultsWrittenOut) {
  make_pack(tiny_config(), file_);
  const auto kept = parse_config(tiny_config({from_pack()}).text(), "kept.pbtxt");
  EXPECT_EQ(open_pack(kept)->size("train"), 6u);
  const auto header = make_pack(parse_config(tiny_config().text(), "kept.pbtxt"), folder_ / "b");
  EXPECT_EQ(header.dataset().find("image"), std::string::npos);
  EXPECT_THAT(problem({"data.image.ignore_orientation=true"}),
              HasSubstr("is a pack of something else"));
}

TEST_F(PackedDataTest, TrainingIsTheSame) {
  make_pack(tiny_config(), file_);
  testing::TinyRun raw(folder_ / "raw"), packed(folder_ / "packed", {from_pack()});
  raw.train();
  packed.train();
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(raw.run), testing::weights_of(packed.run)), "");
  EXPECT_EQ(testing::history_of(folder_ / "raw"), testing::history_of(folder_ / "packed"));
}

TEST_F(PackedDataTest, EvaluationIsTheSame) {
  make_pack(tiny_config(), file_);
  const auto figures = [&](const std::vector<std::string>& assignments) {
    const auto experiment = build_evaluation(tiny_config(assignments), "");
    return evaluate(experiment, *experiment.source("test", Pipeline::kEvaluate)).flat();
  };
  EXPECT_EQ(figures({}), figures({from_pack()}));
}

TEST_F(PackedDataTest, SameSamplesAreStoredOnce) {
  const auto header = make_pack(tiny_config(kResized), file_);
  EXPECT_EQ(header.samples_size(), 3);
  const std::string plain = "[{[tasuki/Normalize]{}}]";
  const std::vector<std::string> equal = {
      "data.train_pipeline=" + plain, "data.eval_pipeline=" + plain, "data.validation_split=train"};
  std::filesystem::remove(file_);
  const auto shared = make_pack(tiny_config(equal), file_);
  EXPECT_EQ(shared.use_size(), 3);
  EXPECT_EQ(shared.samples_size(), 2);
  EXPECT_EQ(Pack(file_).samples(), 8u);
  const auto packed = open_pack(tiny_config(together(equal, {from_pack()})));
  EXPECT_EQ(packed->behind(true)->size("train"), 6u);
  EXPECT_EQ(packed->behind(false)->size("train"), 6u);
}

// One split behind two prefixes is stored behind both.
TEST_F(PackedDataTest, PrefixesAreKeptApart) {
  auto assignments = kResized;
  assignments.push_back("data.validation_split=train");
  const auto raw = tiny_config(assignments);
  make_pack(raw, file_);
  const auto packed = build_experiment(tiny_config(together(assignments, {from_pack()})), "");
  const auto plain = build_experiment(raw, "");
  for (const auto pipeline : {Pipeline::kTrain, Pipeline::kEvaluate}) {
    const auto a = plain.source("train", pipeline), b = packed.source("train", pipeline);
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(difference(a->get(1, i), b->get(1, i)), "") << i;
  }
}

TEST_F(PackedDataTest, GoesOnAfterAnInterruption) {
  size_t done = 0;
  std::mutex mutex;
  const auto stop = [&] {
    const std::lock_guard lock(mutex);
    if (++done == 4) throw Error(ErrorKind::kRun, "interrupted");
  };
  EXPECT_THROW(make_pack(tiny_config(kResized), file_, stop), Error);
  EXPECT_FALSE(std::filesystem::exists(file_));
  make_pack(tiny_config(kResized), file_);
  EXPECT_EQ(problem(kResized), "no error");
}

TEST_F(PackedDataTest, AnotherConfigIsAnErrorThatSaysWhatDiffers) {
  make_pack(tiny_config(kResized), file_);
  EXPECT_EQ(problem(kResized), "no error");
  EXPECT_EQ(problem(together(kResized, {"train.seed=7", "data.loader.batch_size=3"})), "no error");

  const auto height = problem(together(kResized, {"data.dataset.height=48"}));
  EXPECT_THAT(height,
              HasSubstr("data.pack: " + file_.string() + " is a pack of something else: line "));
  EXPECT_THAT(height, HasSubstr(" of data.dataset was \"height: 32\" and now is \"height: 48\""));
  EXPECT_THAT(height, HasSubstr("; `tasuki data pack tiny.pbtxt -o NEW_FILE` makes a pack of this "
                                "config"));
  auto other = kResized;
  other[0] = "data.train_pipeline=[{[tasuki/Resize]{height:24 width:32}}, {[tasuki/RandomFlip]{}}]";
  EXPECT_THAT(problem(other), HasSubstr("of data.train_pipeline up to its first random transform "
                                        "was \"width: 30\" and now is \"width: 32\""));
  other = kResized;
  other[1] = "data.eval_pipeline=[{[tasuki/Resize]{height:24 width:30}}]";
  EXPECT_THAT(problem(other), HasSubstr("of data.eval_pipeline up to its first random transform "
                                        "was "));
  // What comes after the first random transform may change.
  other = kResized;
  other[0] =
      "data.train_pipeline=[{[tasuki/Resize]{height:24 width:30}}, {[tasuki/RandomScaleCrop]{}}]";
  EXPECT_EQ(problem(other), "no error");
}

TEST_F(PackedDataTest, AMissingFileIsLocatedInTheConfig) {
  EXPECT_THAT(problem({}), HasSubstr("data.pack: " + file_.string() +
                                     ": there is no such file; "
                                     "`tasuki data pack tiny.pbtxt -o NEW_FILE` makes"));
}

TEST_F(PackedDataTest, ASplitThatIsNotInItIsAnError) {
  make_pack(tiny_config(), file_);
  const auto config = tiny_config({from_pack()});
  try {
    build_evaluation(config, "", "train");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("the pack has no split \"train\" behind eval_pipeline; it "
                                        "has: val, test"));
  }
}

TEST_F(PackedDataTest, AnEmptyNameIsNoPack) {
  EXPECT_NO_THROW(build_experiment(tiny_config({"data.pack=\"\""}), ""));
}

}  // namespace
}  // namespace tasuki
