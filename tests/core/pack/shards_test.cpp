#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tasuki/io/files.h"
#include "tasuki/pack/shard_writer.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/pack/header.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

using testing::difference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::larger_sample_at;
using testing::small_header;

class ShardsTest : public ::testing::Test {
 protected:
  static PackShards plan(size_t samples) {
    const PackContents contents = small_header();
    return plan_shards(contents, std::vector<size_t>(contents.ids.size(), samples));
  }
  ShardWriter writer(size_t samples = 2) const {
    return {path_, small_header(), samples ? plan(samples) : PackShards()};
  }
  // What is missing of a shard.
  static void put_all(const ShardWriter& writer, size_t number, PackWriter& shard) {
    const auto& described = writer.shard(number);
    for (const auto& place : shard.missing()) {
      shard.put(place, larger_sample_at({described.samples(), described.begin() + place.index}));
    }
  }
  static size_t finish(ShardWriter& writer) {
    size_t made = 0;
    for (size_t i = 0; i < writer.shards(); ++i) {
      const auto shard = writer.open(i);
      if (!shard) continue;
      put_all(writer, i, *shard);
      writer.finish(i, *shard);
      ++made;
    }
    writer.finish();
    return made;
  }
  void write() const {
    auto all = writer();
    finish(all);
  }
  fs::path shard(size_t number) const { return shard_file(path_, number); }
  // Every sample, as it was put.
  static void expect_all(const Pack& pack) {
    for (const auto& [list, count] : {std::pair{0u, 6}, {1u, 2}}) {
      for (uint64_t i = 0; i < uint64_t(count); ++i) {
        EXPECT_EQ(difference(pack.load({list, i}), larger_sample_at({list, i})), "") << list << i;
      }
    }
  }
  // The error of opening the pack and reading all of it.
  std::string problem() const {
    try {
      const Pack pack(path_);
      for (uint64_t i = 0; i < 6; ++i) pack.load({0, i});
      for (uint64_t i = 0; i < 2; ++i) pack.load({1, i});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
  fs::path path_ = folder_ / "rooms";
};

TEST(PlanShards, CutsListsEvenlyWithoutGap) {
  for (size_t size = 1; size < 40; ++size) {
    PackContents contents;
    contents.ids = {std::vector<std::string>(size, "id"), IdList(),
                    std::vector<std::string>(3, "id")};
    for (size_t most = 1; most < 12; ++most) {
      const auto shards = plan_shards(contents, {most, 5, 2}).shard();
      std::vector<size_t> ends(3);
      size_t least = size, largest = 0;
      for (const auto& shard : shards) {
        EXPECT_EQ(shard.begin(), ends[shard.samples()]);
        ends[shard.samples()] += shard.count();
        if (shard.samples() > 0) continue;
        least = std::min<size_t>(least, shard.count());
        largest = std::max<size_t>(largest, shard.count());
      }
      EXPECT_THAT(ends, ElementsAre(size, 0, 3));
      EXPECT_LE(largest, most);
      EXPECT_LE(largest - least, 1u);
      EXPECT_EQ(size_t(shards.size()), (size + most - 1) / most + 2);
    }
  }
}

TEST_F(ShardsTest, AreADataSet) {
  write();
  const auto pack = std::make_shared<const Pack>(path_);
  expect_all(*pack);
  EXPECT_EQ(pack->samples(), 8u);
  EXPECT_EQ(pack->files().size(), 5u);
  for (const auto& file : pack->files()) EXPECT_TRUE(fs::exists(file)) << file;
  const PackedDataset dataset(pack);
  EXPECT_THAT(dataset.splits(), ElementsAre("train", "val"));
  EXPECT_THAT(dataset.ids("val"), ElementsAre("sample10", "sample11"));
  EXPECT_THAT(dataset.shards("train"), ElementsAre(2, 2, 2));
  EXPECT_THAT(dataset.class_names("seg"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THROW(dataset.load("train", 6), Error);
  // Nothing of the making is left.
  for (const auto& item : fs::directory_iterator(path_)) {
    EXPECT_EQ(item.path().extension(), ".pack") << item.path();
  }
}

TEST_F(ShardsTest, EachIsAPackOfItsOwn) {
  write();
  const PackedDataset part(std::make_shared<const Pack>(shard(1)));
  EXPECT_THAT(part.ids("train"), ElementsAre("sample2", "sample3"));
  EXPECT_EQ(difference(part.load("train", 1), larger_sample_at({0, 3})), "");
  EXPECT_THAT(part.splits(), ElementsAre("train"));
}

TEST_F(ShardsTest, SoManyAreOpenAtOnce) {
  write();
  for (const size_t most : {1, 2, 3, 9}) {
    const ShardFiles files(path_, read_pack_index(path_), most);
    EXPECT_EQ(files.open(), 0u);
    for (const uint64_t index : {0, 5, 2, 0, 3, 1, 4}) {
      const auto at = files.find({0, index});
      EXPECT_EQ(difference(at.file->load(at.place), larger_sample_at({0, index})), "");
      EXPECT_LE(files.open(), most);
    }
    EXPECT_EQ(files.open(), std::min<size_t>(most, 3));
  }
}

TEST_F(ShardsTest, ManyThreadsReadAtOnce) {
  write();
  const Pack pack(path_, 1);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (uint64_t i = 0; i < 200; ++i) {
          const PackPlace place{0, i * (t + 1) % 6};
          wrong += !difference(pack.load(place), larger_sample_at(place)).empty();
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(ShardsTest, AreReadWhereLinksLead) {
  write();
  fs::create_directories(folder_ / "elsewhere");
  fs::rename(shard(2), folder_ / "elsewhere/2");
  fs::create_symlink("../elsewhere/2", shard(2));
  expect_all(Pack(path_));
}

TEST_F(ShardsTest, AMissingShardIsAnErrorThatSaysWhatItHeld) {
  write();
  fs::remove(shard(1));
  EXPECT_THAT(problem(),
              HasSubstr(shard(1).string() +
                        ": can't be found: No such file or directory; it holds samples 2 to 3 of "
                        "split train: put it back (a link to it will do), or remove it and call "
                        "`tasuki data pack` again, which makes the shards that are missing"));
  EXPECT_FALSE(is_packed(path_, small_header()));
  auto again = writer(0);
  EXPECT_EQ(again.missing(), 2u);
  EXPECT_EQ(finish(again), 1u);
  expect_all(Pack(path_));
  EXPECT_TRUE(is_packed(path_, small_header()));
}

TEST_F(ShardsTest, AChangedShardIsAnError) {
  write();
  const auto bytes = read_file(shard(0));
  write_file_atomically(shard(0), bytes.substr(0, bytes.size() - 4096));
  EXPECT_THAT(problem(), HasSubstr("shard-00000.pack: has "));
  EXPECT_THAT(problem(), HasSubstr(" bytes, and the index says " + std::to_string(bytes.size())));
  auto damaged = bytes;
  damaged[bytes.find("sample0")] = 'S';
  write_file_atomically(shard(0), damaged);
  EXPECT_THAT(problem(), HasSubstr("shard-00000.pack: is damaged: its tree has a wrong checksum; "
                                   "it holds samples 0 to 1 of split train"));
  // A sound shard of another pack, of the same size: its samples have other pixels.
  write_file_atomically(shard(0), bytes);
  fs::create_directories(folder_ / "other");
  {
    PackWriter other(folder_ / "other/0", shard_contents({small_header(), plan(2)}, 0));
    for (const auto& place : other.missing()) {
      auto sample = larger_sample_at(place);
      sample.fields["image"].value = sample.fields["image"].value * 2;
      other.put(place, sample);
    }
    other.finish();
  }
  ASSERT_EQ(fs::file_size(folder_ / "other/0"), bytes.size());
  fs::rename(folder_ / "other/0", shard(0));
  EXPECT_THAT(problem(), HasSubstr("shard-00000.pack: is another shard than the index says"));
}

// Of each file a bit here and there: an error, or the very samples.
TEST_F(ShardsTest, NoDamageGoesUnseen) {
  write();
  size_t errors = 0, rounds = 0;
  for (const auto& file : Pack(path_).files()) {
    const auto bytes = read_file(file);
    for (size_t at = 0; at < bytes.size(); at += 211, ++rounds) {
      auto damaged = bytes;
      damaged[at] = char(damaged[at] ^ (1 << (at % 8)));
      write_file_atomically(file, damaged);
      try {
        expect_all(Pack(path_));
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kData);
        EXPECT_THAT(error.what(), HasSubstr(file.string()));
        ++errors;
      }
    }
    write_file_atomically(file, bytes);
  }
  EXPECT_GT(errors, rounds / 2);
}

// Stopped after `put` samples of all, without an end of the shard that is being written.
TEST_F(ShardsTest, AWriterGoesOnWhereTheLastOneStopped) {
  for (size_t stop = 0; stop < 4; ++stop) {
    fs::remove_all(path_);
    {
      auto first = writer();
      for (size_t i = 0; i < stop; ++i) {
        const auto shard = first.open(i);
        put_all(first, i, *shard);
        first.finish(i, *shard);
      }
      const auto begun = first.open(stop);
      put_all(first, stop, *begun);
    }
    EXPECT_THAT(problem(), HasSubstr("rooms: is the beginning of a pack; call `tasuki data pack` "
                                     "again, which goes on with it"));
    EXPECT_FALSE(is_packed(path_, small_header()));
    auto second = writer(5);  // of the shards that are begun, whatever is asked for
    EXPECT_EQ(second.shards(), 4u);
    EXPECT_EQ(second.missing(), 8 - 2 * stop);
    EXPECT_EQ(finish(second), 4 - stop);
    expect_all(Pack(path_));
    EXPECT_TRUE(is_packed(path_, small_header()));
  }
}

TEST_F(ShardsTest, AreTheSameFilesHoweverOftenTheWriterWasStopped) {
  write();
  const auto whole = Pack(path_).files();
  std::vector<std::string> then;
  for (const auto& file : whole) then.push_back(read_file(file));
  fs::remove_all(path_);
  for (size_t i = 0; i < 4; ++i) {
    auto part = writer();
    const auto shard = part.open(i);
    put_all(part, i, *shard);
    part.finish(i, *shard);
  }
  auto last = writer();
  EXPECT_EQ(finish(last), 0u);
  for (size_t i = 1; i < whole.size(); ++i) EXPECT_EQ(read_file(whole[i]), then[i]) << whole[i];
  const auto shards = read_pack_index(path_).shards.SerializeAsString();
  fs::remove_all(path_);
  write();
  EXPECT_EQ(read_pack_index(path_).shards.SerializeAsString(), shards);
}

TEST_F(ShardsTest, NothingElseIsContinuedOrOverwritten) {
  const auto obstacle = [&](const PackContents& contents, const PackShards& shards) {
    try {
      ShardWriter(path_, contents, shards);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(obstacle(small_header(), {}), HasSubstr("rooms is a folder without a pack: say how"));
  EXPECT_FALSE(fs::exists(path_));
  auto other = small_header();
  other.mutable_samples(1)->set_id(1, "other");
  {
    auto begun = writer();
    EXPECT_THAT(obstacle(small_header(), plan(2)), HasSubstr("being written by another process"));
  }
  EXPECT_THAT(obstacle(other, plan(2)),
              HasSubstr("index.pack.part is the beginning of another pack: sample 1 of split val "
                        "was sample11 and now is other"));
  auto all = writer();
  finish(all);
  EXPECT_THAT(obstacle(other, {}), HasSubstr("rooms is a pack of something else: sample 1 of"));
  EXPECT_THROW(is_packed(path_, other), Error);
  fs::rename(shard(0), shard(1));
  EXPECT_THAT(obstacle(small_header(), {}),
              HasSubstr("shard-00001.pack is a shard of something else: sample 0 of split train "
                        "was sample0 and now is sample2"));
}

}  // namespace
}  // namespace tasuki
