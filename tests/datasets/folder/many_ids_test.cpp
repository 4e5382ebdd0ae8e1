#include <malloc.h>

#include "tasuki/data/data_print.h"
#include "tests/datasets/folder/folder_fixture.h"

namespace tasuki {
namespace {

using testing::FolderTest;

constexpr size_t kIds = 1000000;
constexpr size_t kCharacters = 13;  // of each of them

// Ten links a folder, back to it, make a million names of one file: "0/1/2/3/4/5/x".
std::string id_of(size_t number) {
  std::string id;
  for (size_t digit = kIds / 10; digit > 0; digit /= 10) {
    id += char('0' + number / digit % 10);
    id += '/';
  }
  return id + 'x';
}

class ManyIds : public FolderTest {
 protected:
  ManyIds() {
    for (const char* field : {"image", "seg", "depth"}) {
      const auto folder = root_ / "set" / field;
      std::filesystem::copy_file(file(field, "a/0"), folder / "x.png");
      for (int i = 0; i < 10; ++i) {
        std::filesystem::create_directory_symlink(".", folder / std::to_string(i));
      }
    }
    std::string list;
    for (size_t i = 0; i < kIds; ++i) list += id_of(i * 7919 % kIds) + "\n";
    write_file_atomically(root_ / "set/many.txt", list);
  }

  std::unique_ptr<Dataset> open() const {
    return dataset(std::string(testing::kFields) +
                   "split { name: 'train' list: 'many.txt' to: 0.9 }"
                   "split { name: 'val' list: 'many.txt' from: 0.9999 }");
  }
};

TEST_F(ManyIds, AreSamplesOfTheFilesThatTheyShare) {
  const auto data = open();
  EXPECT_EQ(data->size("train"), kIds * 9 / 10);
  EXPECT_EQ(data->ids("val").size(), 100u);
  EXPECT_EQ(data->ids("train").view(3), id_of(3 * 7919));
  const auto one = data->load("train", 0), other = data->load("train", 898989);
  EXPECT_EQ(other.id, id_of(898989ul * 7919 % kIds));
  for (const auto& [name, field] : one.fields) {
    EXPECT_EQ(cv::norm(field.value, other.field(name).value, cv::NORM_INF), 0) << name;
  }
}

// All splits of a list, and whoever asks for their ids, share them.
TEST_F(ManyIds, TakeEightBytesEachBesideTheirCharacters) {
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  const auto data = open();
  const auto ids = data->ids("train"), again = data->ids("train");
  EXPECT_EQ(print_of("train", ids).samples, ids.size());
  const size_t taken = mallinfo2().uordblks + mallinfo2().hblkhd - before;
  EXPECT_LT(taken, kIds * (kCharacters + 8) + (size_t{1} << 20));
  EXPECT_GT(taken, kIds * kCharacters);
}

}  // namespace
}  // namespace tasuki
