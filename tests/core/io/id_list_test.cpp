#include "tasuki/io/id_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/io/folder_walk.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

// In natural order.
const std::vector<std::string> kNames = {"",      "0",    "00",  "01", "1",   "1a", "2",
                                         "9",     "10",   "a",   "a0", "a00", "a1", "a1b2",
                                         "a1b10", "a2b1", "a10", "ab", "b"};

TEST(NaturalOrder, PutsNumbersByTheirValue) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    for (size_t j = 0; j < kNames.size(); ++j) {
      EXPECT_EQ(natural_less(kNames[i], kNames[j]), i < j) << kNames[i] << " " << kNames[j];
    }
  }
}

TEST(NaturalOrder, TakesNumbersOfAnyLength) {
  const std::string nines(40, '9');
  EXPECT_TRUE(natural_less(nines, "1" + std::string(40, '0')));
  EXPECT_FALSE(natural_less("1" + std::string(40, '0'), nines));
}

TEST(NaturalOrder, IsThatOfCharactersWhereNumbersAreOfOneLength) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("x/" + std::to_string(1000 + 37 * i % 1000) + "_y");
  auto sorted = names;
  std::sort(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end(), natural_less);
  EXPECT_EQ(names, sorted);
}

TEST(IdList, HasWhatItWasMadeOf) {
  const std::vector<std::string> texts = {"a", "", "b/c", std::string(100, 'x'), "a"};
  const IdList ids = texts;
  EXPECT_EQ(ids.size(), 5u);
  EXPECT_THAT(ids, ::testing::ElementsAreArray(texts));
  EXPECT_EQ(ids[2], "b/c");
  EXPECT_EQ(ids.view(3), std::string(100, 'x'));
  EXPECT_EQ(ids, IdList(texts));
  EXPECT_FALSE(ids == IdList({"a", "", "b/c"}));
  EXPECT_FALSE(IdList(std::vector<std::string>{"ab", "c"}) ==
               IdList(std::vector<std::string>{"a", "bc"}));
  EXPECT_TRUE(IdList().empty());
  EXPECT_EQ(IdList(), IdList(std::vector<std::string>()));
}

TEST(IdList, SlicesAndCopiesShareItsMemory) {
  IdList::Builder builder;
  for (int i = 0; i < 50; ++i) builder.add("train/", std::to_string(i));
  const auto all = builder.finish();
  EXPECT_TRUE(builder.finish().empty());
  std::vector<std::string> joined;
  for (const auto& [first, last] : {std::pair{0, 0}, {0, 7}, {7, 50}, {50, 50}}) {
    const auto part = all.slice(size_t(first), size_t(last));
    const auto inner = part.slice(0, part.size());
    EXPECT_EQ(part, inner);
    for (size_t i = 0; i < part.size(); ++i) {
      EXPECT_EQ(inner.view(i).data(), all.view(size_t(first) + i).data());
    }
    joined.insert(joined.end(), part.begin(), part.end());
  }
  EXPECT_EQ(IdList(joined), all);
}

std::string error_of_list(const std::string& text) {
  testing::TemporaryFolder folder;
  write_file_atomically(folder / "list.txt", text);
  try {
    read_ids(folder / "list.txt");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadIds, AByteOrderMarkIsNoPartOfTheFirstId) {
  testing::TemporaryFolder folder;
  write_file_atomically(folder / "list.txt",
                        "\xef\xbb\xbf"
                        "a\r\nb\r\n");
  EXPECT_THAT(read_ids(folder / "list.txt"), ElementsAre("a", "b"));
  EXPECT_THAT(error_of_list(std::string("\xff\xfe"
                                        "a\0\n\0",
                                        6)),
              HasSubstr("save it as UTF-8"));
}

TEST(ReadIds, HiddenFilesAreNoSamples) {
  for (const char* id : {".ipynb_checkpoints/3-checkpoint", "a/._0", ".0", "a/.b/0"}) {
    EXPECT_THAT(error_of_list(std::string("0\n") + id + "\n"),
                HasSubstr("list.txt:2: id \"" + std::string(id) + "\" is of a hidden file"));
  }
  EXPECT_EQ(error_of_list("a.b/c.d\n"), "no error");
}

TEST(ReadIds, AnIdThatIsThereTwiceIsAnErrorOfItsSecondLine) {
  EXPECT_THAT(error_of_list("a\n\nb \nc\n\nb\nd\na\nb\n"),
              HasSubstr("list.txt:6: id \"b\" is in line 3 already"));
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "scene/" + std::to_string(i * 7 % 3000) + "\n";
  EXPECT_EQ(error_of_list(many), "no error");
  EXPECT_THAT(error_of_list(many + "scene/14\nscene/7\n"),
              HasSubstr("list.txt:3001: id \"scene/14\" is in line 3 already"));
}

// The quick look at an id says of any text what paths of the standard library say.
TEST(ReadIds, TakesIdsInTheirShortestFormInsideTheirFolder) {
  size_t taken = 0;
  for (int code = 0; code < 1024; ++code) {
    std::string id;
    for (int i = 0, rest = code; i < 5; ++i, rest /= 4) id += "a./b"[rest % 4];
    const std::filesystem::path path(id);
    bool expected = !path.is_absolute() && path.lexically_normal().generic_string() == id;
    for (const auto& part : path) expected = expected && !part.string().starts_with('.');
    expected = expected && !path.filename().empty();
    const bool is_taken = error_of_list(id + "\n") == "no error";
    EXPECT_EQ(is_taken, expected) << id;
    taken += is_taken;
  }
  EXPECT_GT(taken, 100u);
  EXPECT_LT(taken, 900u);
}

TEST(ReadIds, ASecondColumnIsAnErrorOfTheList) {
  const auto check = [](const std::vector<std::string>& ids,
                        const std::vector<std::string>& files) {
    check_is_one_column("list.txt", ids, [&](const std::string& id) {
      return std::find(files.begin(), files.end(), id) != files.end();
    });
  };
  EXPECT_THAT(
      [&] {
        check({"08_2 -1", "08_3  1"}, {"08_2", "08_3"});
      },
      ThrowsMessage<Error>(
          AllOf(HasSubstr("list.txt: id \"08_2 -1\""), HasSubstr("more than one column"))));
  EXPECT_NO_THROW(check({"my photo 1"}, {"my photo 1", "my"}));
  EXPECT_NO_THROW(check({"my photo 1"}, {}));  // whoever reads it says that it is missing
  EXPECT_NO_THROW(check({"0", "1"}, {"0"}));
  EXPECT_NO_THROW(check({}, {}));
}

TEST(FindIds, TakesFilesOfAnEndingInNaturalOrder) {
  testing::TemporaryFolder folder;
  for (const char* name : {"b/2.png", "b/10.png", "1_depth.png", "1.png", "1.jpg", ".png"}) {
    write_file_atomically(folder / name, "x");
  }
  std::filesystem::create_directories(folder / "c.png");
  EXPECT_THAT(find_ids(folder.path(), ".png"), ElementsAre("1", "1_depth", "b/2", "b/10"));
  EXPECT_THAT(find_ids(folder.path(), "_depth.png"), ElementsAre("1"));
  EXPECT_THAT(find_ids(folder.path(), ".bmp"), IsEmpty());
}

TEST(FindIds, TakesEndingsOfAnyCase) {
  testing::TemporaryFolder folder;
  for (const char* name : {"1.PNG", "2.png", "3_depth.Png", "4_DEPTH.png", "5.PNGX"}) {
    write_file_atomically(folder / name, "x");
  }
  EXPECT_THAT(find_ids(folder.path(), ".png"), ElementsAre("1", "2", "3_depth", "4_DEPTH"));
  EXPECT_THAT(find_ids(folder.path(), "_depth.png"), ElementsAre("3"));
  EXPECT_EQ(with_any_case(folder / "1.png"), folder / "1.PNG");
  EXPECT_EQ(with_any_case(folder / "2.PNG"), folder / "2.png");
  EXPECT_EQ(with_any_case(folder / "6.png"), folder / "6.png");
  write_file_atomically(folder / "1.png", "x");
  EXPECT_THAT([&] { find_ids(folder.path(), ".png"); },
              ThrowsMessage<Error>(HasSubstr("1.png: there is another file whose ending")));
  EXPECT_EQ(with_any_case(folder / "1.PNG"), folder / "1.PNG");
}

TEST(PartOf, PartsShareNothingAndLoseNothing) {
  for (size_t count = 0; count < 30; ++count) {
    std::vector<std::string> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(std::to_string(i));
    const auto first = part_of(ids, 0, 0.3);
    std::vector<std::string> joined(first.begin(), first.end());
    for (const auto& [from, to] : {std::pair{0.3, 0.8}, {0.8, 1.0}}) {
      const auto part = part_of(ids, from, to);
      joined.insert(joined.end(), part.begin(), part.end());
    }
    EXPECT_EQ(joined, ids);
  }
}

}  // namespace
}  // namespace tasuki
