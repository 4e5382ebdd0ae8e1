#include "tasuki/pack/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/pack/header.h"

namespace tasuki {
namespace {

using testing::difference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::larger_sample_at;
using testing::small_sample;

class PackTest : public ::testing::Test {
 protected:
  PackTest() { testing::write_small_pack(path_); }

  std::string problem() const {
    try {
      Pack pack(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "rooms.pack";
};

TEST_F(PackTest, IsADataSet) {
  const PackedDataset dataset(std::make_shared<const Pack>(path_));
  EXPECT_THAT(dataset.splits(), ElementsAre("train", "val"));
  EXPECT_EQ(dataset.size("train"), 6u);
  EXPECT_THAT(dataset.ids("val"), ElementsAre("sample10", "sample11"));
  EXPECT_THAT(dataset.class_names("seg"), ElementsAre("a", "b", "c", "d"));
  EXPECT_TRUE(dataset.class_names("image").empty());
  EXPECT_EQ(dataset.pack().samples(), 8u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(difference(dataset.load("train", i), small_sample(int(i))), "") << i;
  }
  EXPECT_EQ(difference(dataset.load("val", 1), small_sample(11)), "");
}

TEST_F(PackTest, KeepsThePipelinesApart) {
  const PackedDataset dataset(std::make_shared<const Pack>(path_));
  const auto training = dataset.behind(true), evaluation = dataset.behind(false);
  EXPECT_THAT(training->splits(), ElementsAre("train"));
  EXPECT_THAT(evaluation->splits(), ElementsAre("val"));
  try {
    evaluation->size("train");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("rooms.pack: the pack has no split \"train\" behind "
                                        "eval_pipeline; it has: val; read the raw files instead"));
  }
}

TEST_F(PackTest, UnknownSplitsAndIndicesAreErrors) {
  const PackedDataset dataset(std::make_shared<const Pack>(path_));
  for (const auto& ask : std::vector<std::function<void()>>{[&] { dataset.size("trian"); },
                                                            [&] { dataset.ids("trian"); },
                                                            [&] { dataset.load("trian", 0); }}) {
    try {
      ask();
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("no split \"trian\" (did you mean \"train\"?)"));
    }
  }
  EXPECT_THROW(dataset.load("train", 6), Error);
}

TEST_F(PackTest, ADamagedSampleIsAnError) {
  std::filesystem::remove(path_);
  testing::write_larger_pack(path_);
  auto bytes = read_file(path_);
  const std::string pixels = {2, 1, 2, 2, 1, 2, 2, 1, 2};  // of the third sample's image
  const auto at = bytes.find(pixels);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 3;
  write_file_atomically(path_, bytes);
  const PackedDataset dataset(std::make_shared<const Pack>(path_));
  EXPECT_EQ(difference(dataset.load("train", 4), larger_sample_at({0, 4})), "");
  try {
    dataset.load("train", 2);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(),
                HasSubstr("rooms.pack: sample 2 of split train is damaged: its checksum is wrong; "
                          "remove the file and make it anew with `tasuki data pack`"));
  }
}

TEST_F(PackTest, ADamagedHeaderIsAnError) {
  auto bytes = read_file(path_);
  const auto at = bytes.find("height: 5");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 8] = '6';
  write_file_atomically(path_, bytes);
  EXPECT_THAT(problem(), HasSubstr("rooms.pack: is damaged: its tree has a wrong checksum"));
}

TEST_F(PackTest, OtherFilesAreErrors) {
  std::filesystem::remove(path_);
  EXPECT_THAT(problem(), HasSubstr("rooms.pack: there is no such file"));
  write_file_atomically(path_, "an essay about packs, long enough to be read as one");
  EXPECT_THAT(problem(), HasSubstr("rooms.pack: is no LMDB file, or a damaged one"));
  std::filesystem::remove(path_);
  LmdbFile(path_, LmdbFile::Mode::kWrite).write({{"something", "else"}});
  EXPECT_THAT(problem(), HasSubstr("rooms.pack: is incomplete: it was cut off, or never came to "
                                   "its end"));
  testing::write_sealed(path_, {});
  EXPECT_THAT(problem(), HasSubstr("rooms.pack: is an LMDB file, but no pack of Tasuki"));
  testing::write_sealed(path_, {{kPackVersionKey, "tasuki-pack-0"}});
  EXPECT_THAT(problem(), HasSubstr("is a pack of another version than tasuki-pack-1"));
}

TEST_F(PackTest, ATruncatedFileIsAnError) {
  const auto bytes = read_file(path_);
  for (size_t size = 4096; size < bytes.size(); size += 999) {
    write_file_atomically(path_, bytes.substr(0, size));
    EXPECT_THAT(problem(), HasSubstr("rooms.pack: is incomplete: it was cut off")) << size;
  }
  for (const size_t size : {0, 1, 15, 100, 1000}) {
    write_file_atomically(path_, bytes.substr(0, size));
    EXPECT_THAT(problem(), HasSubstr("rooms.pack: is ")) << size;
  }
}

// Whatever is damaged: an error, or the very samples. Images of more than a page, so that there are
// pages of both sorts.
TEST_F(PackTest, NoDamageGoesUnseen) {
  std::filesystem::remove(path_);
  testing::write_larger_pack(path_);
  const auto bytes = read_file(path_);
  size_t errors = 0, rounds = 0;
  for (size_t at = 0; at < bytes.size(); at += 37, ++rounds) {
    auto damaged = bytes;
    damaged[at] = char(damaged[at] ^ (1 << (at % 8)));
    write_file_atomically(path_, damaged);
    try {
      const Pack pack(path_);
      for (uint64_t i = 0; i < 6; ++i) {
        EXPECT_EQ(difference(pack.load({0, i}), larger_sample_at({0, i})), "") << at;
      }
      for (uint64_t i = 0; i < 2; ++i) {
        EXPECT_EQ(difference(pack.load({1, i}), larger_sample_at({1, i})), "") << at;
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      ++errors;
    }
  }
  // What is left between the end of a value and that of its last page means nothing.
  EXPECT_GT(errors, rounds / 2);
}

TEST_F(PackTest, AMissingSampleIsAnError) {
  const PackHeader header = testing::small_header();
  std::filesystem::remove(path_);
  testing::write_sealed(path_,
                        {{kPackVersionKey, kPackVersion},
                         {kPackHeaderKey, seal(kPackHeaderKey, header.SerializeAsString())},
                         {kPackKindsKey, seal(kPackKindsKey, PackKinds().SerializeAsString())},
                         {kPackCompleteKey, "complete"}});
  const PackedDataset dataset(std::make_shared<const Pack>(path_));
  try {
    dataset.load("val", 1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("sample 1 of split val is damaged: it is not there"));
  }
}

TEST_F(PackTest, ManyThreadsReadAtOnce) {
  const PackedDataset dataset(std::make_shared<const Pack>(path_));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 300; ++i) {
          const int k = (i * (t + 1)) % 6;
          wrong += !difference(dataset.load("train", size_t(k)), small_sample(k)).empty();
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tasuki
