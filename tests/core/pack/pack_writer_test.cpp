#include "tasuki/pack/pack_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/pack/header.h"

namespace tasuki {
namespace {

using testing::difference;
using ::testing::HasSubstr;
using testing::put_samples;
using testing::small_header;
using testing::small_sample_at;

class PackWriterTest : public ::testing::Test {
 protected:
  // Why a writer of this header can't begin.
  std::string obstacle(const PackHeader& header) const {
    try {
      PackWriter writer(path_, header);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  std::string why_not_packed(const PackHeader& header) const {
    try {
      return is_packed(path_, header) ? "packed" : "nothing there";
    } catch (const Error& error) {
      return error.what();
    }
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "new" / "rooms.pack";
  std::filesystem::path part_ = folder_ / "new" / "rooms.pack.part";
};

TEST_F(PackWriterTest, TheFileIsThereWholeOrNotAtAll) {
  EXPECT_EQ(why_not_packed(small_header()), "nothing there");
  {
    PackWriter writer(path_, small_header());
    EXPECT_EQ(writer.missing().size(), 8u);
    put_samples(writer);
    EXPECT_FALSE(std::filesystem::exists(path_));
    writer.finish();
  }
  EXPECT_EQ(why_not_packed(small_header()), "packed");
  EXPECT_FALSE(std::filesystem::exists(part_));
}

TEST_F(PackWriterTest, GoesOnBehindWhatWasCommitted) {
  // Large enough that some commits happen on the way; the rest of them is lost.
  const auto large = [](const PackPlace& place) {
    Sample sample = small_sample_at(place);
    sample.fields["image"].value =
        cv::Mat(2000, 4000, CV_8UC3, cv::Scalar(double(place.index), 1, 2));
    return sample;
  };
  {
    PackWriter writer(path_, small_header());
    for (size_t i = 0; i < 5; ++i) writer.put(writer.missing()[i], large(writer.missing()[i]));
  }
  std::filesystem::copy(part_, folder_ / "incomplete");
  try {
    Pack pack(folder_ / "incomplete");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("incomplete: is incomplete"));
  }
  {
    PackWriter writer(path_, small_header());
    EXPECT_EQ(writer.missing().size(), 5u) << "64 MiB are three samples of 24 MB";
    for (const auto& place : writer.missing()) writer.put(place, large(place));
    writer.finish();
  }
  const Pack pack(path_);
  for (uint32_t samples = 0; samples < 2; ++samples) {
    for (uint64_t i = 0; i < (samples == 0 ? 6u : 2u); ++i) {
      EXPECT_EQ(difference(pack.load({samples, i}), large({samples, i})), "") << samples << i;
    }
  }
}

TEST_F(PackWriterTest, EndsWhatOnlyLacksItsName) {
  testing::write_small_pack(path_);
  std::filesystem::rename(path_, part_);
  PackWriter writer(path_, small_header());
  EXPECT_TRUE(writer.missing().empty());
  writer.finish();
  EXPECT_EQ(difference(Pack(path_).load({0, 3}), small_sample_at({0, 3})), "");
}

TEST_F(PackWriterTest, ManyThreadsPut) {
  PackHeader header = small_header();
  auto& ids = *header.mutable_samples(0)->mutable_id();
  for (int i = 6; i < 400; ++i) *ids.Add() = "sample" + std::to_string(i);
  {
    PackWriter writer(path_, header);
    std::atomic<size_t> next = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (size_t i = next++; i < writer.missing().size(); i = next++) {
          Sample sample = small_sample_at(writer.missing()[i]);
          sample.fields["image"].value = cv::Mat(400, 500, CV_8UC3, cv::Scalar(double(i % 256)));
          writer.put(writer.missing()[i], sample);
        }
      });
    }
    threads.clear();
    writer.finish();
  }
  const Pack pack(path_);
  ASSERT_EQ(pack.samples(), 402u);
  for (size_t i = 0; i < 400; ++i) EXPECT_EQ(pack.load({0, i}).id, "sample" + std::to_string(i));
}

TEST_F(PackWriterTest, AnotherPackIsNeitherContinuedNorOverwritten) {
  const auto change = [](const std::function<void(PackHeader&)>& edit) {
    PackHeader header = small_header();
    edit(header);
    return header;
  };
  const std::vector<std::pair<PackHeader, std::string>> others = {
      {change([](auto& h) { h.set_dataset("data {\n  dataset { height: 6 }\n}\n"); }),
       "line 2 of data.dataset was \"dataset { height: 5 }\" and now is \"dataset { height: 6 }\""},
      {change([](auto& h) { h.set_train_prefix("crop\n"); }),
       "line 1 of data.train_pipeline up to its first random transform was nothing and now is "
       "\"crop\""},
      {change([](auto& h) { h.set_eval_prefix(""); }),
       "line 1 of data.eval_pipeline up to its first random transform was \"eval\" and now is "
       "nothing"},
      {change([](auto& h) { h.mutable_samples(0)->add_id("more"); }),
       "split train had 6 samples and now has 7"},
      {change([](auto& h) { h.mutable_samples(1)->set_id(1, "other"); }),
       "sample 1 of split val was sample11 and now is other"},
      {change([](auto& h) { h.mutable_use(1)->set_split("test"); }),
       "its splits were train (train_pipeline), val (eval_pipeline) and now are train "
       "(train_pipeline), test (eval_pipeline)"},
      {change([](auto& h) { h.mutable_classes(0)->set_name(0, "A"); }),
       "the names of classes changed"}};
  {
    PackWriter writer(path_, small_header());
    put_samples(writer, 2);
  }
  for (const auto& [header, what] : others) {
    EXPECT_EQ(obstacle(header), part_.string() + " is the beginning of another pack: " + what +
                                    "; remove it, or give another --output");
  }
  std::filesystem::remove(part_);
  testing::write_small_pack(path_);
  for (const auto& [header, what] : others) {
    EXPECT_EQ(why_not_packed(header), path_.string() + " is a pack of something else: " + what +
                                          "; remove it, or give another --output");
  }
}

TEST_F(PackWriterTest, NothingElseIsOverwritten) {
  write_file_atomically(part_, "an essay");
  EXPECT_THAT(obstacle(small_header()), HasSubstr("rooms.pack.part: "));
  EXPECT_EQ(read_file(part_), "an essay");
  write_file_atomically(path_, "an essay");
  EXPECT_THAT(why_not_packed(small_header()), HasSubstr("rooms.pack: is no LMDB file"));
  std::filesystem::remove(part_);
  LmdbFile(part_, LmdbFile::Mode::kWrite).write({{kPackVersionKey, "tasuki-pack-0"}});
  EXPECT_THAT(obstacle(small_header()), HasSubstr("is a pack of another version"));
}

TEST_F(PackWriterTest, HasItsFileAlone) {
  PackWriter first(path_, small_header());
  EXPECT_THAT(obstacle(small_header()),
              HasSubstr("rooms.pack.part is being written by another process"));
  put_samples(first);
  first.finish();
}

}  // namespace
}  // namespace tasuki
