#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "datasets/taskonomy/view_index.h"
#include "tasuki/io/files.h"
#include "tests/datasets/taskonomy/taskonomy_tree_test.h"

namespace tasuki::taskonomy {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Empty images of one building, in a folder that looks as if it had not changed for an hour.
class ViewIndex : public ::testing::Test {
 protected:
  ViewIndex() {
    fs::create_directories(folder_);
    for (const char* name : {"point_3_view_10", "point_3_view_9", "point_0_view_0"}) add(name);
    age();
  }

  void add(const std::string& name) const {
    std::ofstream file(folder_ / (name + "_domain_rgb.png"));
  }
  void age(int minutes = 60) const {
    const auto now = fs::file_time_type::clock::now();
    fs::last_write_time(folder_, now - std::chrono::minutes(minutes));
  }
  Listing list() const { return indexed_views(folder_, index_); }

  const testing::TemporaryFolder root_;
  const fs::path folder_ = root_ / "hanson/rgb", index_ = root_ / "index/hanson.txt";
  const std::vector<View> views_ = {{0, 0}, {3, 9}, {3, 10}};
};

TEST_F(ViewIndex, IsWrittenOnceAndThenRead) {
  const auto first = list(), second = list();
  EXPECT_FALSE(first.from_index);
  EXPECT_TRUE(second.from_index);
  EXPECT_EQ(first.views, views_);
  EXPECT_EQ(second.views, views_);
  EXPECT_THAT(first.not_written, IsEmpty());
  const auto text = read_file(index_);
  EXPECT_THAT(text, StartsWith("tasuki taskonomy index 1\nfolder ../hanson/rgb\ntime "));
  EXPECT_TRUE(text.ends_with("\n0 0\n3 9\n3 10\n")) << text;
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "index"), {}), 1);
}

TEST_F(ViewIndex, IsMadeAnewWhenTheFolderChanges) {
  list();
  add("point_4_view_0");  // changes the folder's time
  const auto fresh = list();
  EXPECT_FALSE(fresh.from_index);
  EXPECT_EQ(fresh.views.size(), 4u);
  age(59);
  EXPECT_FALSE(list().from_index);
  EXPECT_TRUE(list().from_index);
  fs::remove(folder_ / "point_0_view_0_domain_rgb.png");
  EXPECT_THAT(list().views, ElementsAre(View{3, 9}, View{3, 10}, View{4, 0}));
}

// A copy through another system leaves companions of files.
TEST_F(ViewIndex, HasNoHiddenFiles) {
  add("._point_3_view_9");
  add(".point_5_view_0");
  age();
  EXPECT_EQ(list().views, views_);
}

// A building on another disk.
TEST_F(ViewIndex, FollowsLinks) {
  fs::create_directory_symlink("hanson", root_ / "linked");
  EXPECT_EQ(find_views(root_ / "linked/rgb"), views_);
  fs::create_symlink("point_3_view_9_domain_rgb.png", folder_ / "point_7_view_1_domain_rgb.png");
  EXPECT_EQ(find_views(folder_).size(), 4u);
}

// A change in the same tick of the clock would leave the folder's time as it is.
TEST_F(ViewIndex, IsNotKeptOfAFolderThatHasJustChanged) {
  age(0);
  EXPECT_FALSE(list().from_index);
  EXPECT_FALSE(fs::exists(index_));
  EXPECT_EQ(list().views, views_);
  age(-60);  // a clock that was set back
  EXPECT_EQ(list().views, views_);
  EXPECT_FALSE(fs::exists(index_));
}

TEST_F(ViewIndex, IsOfOneFolder) {
  list();
  const auto other = root_ / "merom/rgb";
  fs::create_directories(other);
  fs::last_write_time(other, fs::last_write_time(folder_));
  const auto listing = indexed_views(other, index_);
  EXPECT_FALSE(listing.from_index);
  EXPECT_THAT(listing.views, IsEmpty());
}

TEST_F(ViewIndex, IsMadeAnewWhereItIsDamaged) {
  list();
  const auto whole = read_file(index_);
  std::vector<std::string> damaged = {"", "\n", whole + "5 5\n", whole + "\n"};
  for (size_t length = 0; length < whole.size(); ++length) {
    damaged.push_back(whole.substr(0, length));
    damaged.push_back(whole);
    damaged.back()[length] = char(damaged.back()[length] ^ 1);
  }
  for (const auto& text : damaged) {
    std::ofstream(index_) << text;
    const auto listing = list();
    EXPECT_FALSE(listing.from_index) << text;
    EXPECT_EQ(listing.views, views_) << text;
    EXPECT_EQ(read_file(index_), whole) << text;
  }
}

TEST_F(ViewIndex, ReplacesNobodyElsesFile) {
  list();
  for (const std::string text : {"point_0_view_0\n", "tasuki notes of mine\n"}) {
    std::ofstream(index_) << text;
    const auto listing = list();
    EXPECT_EQ(listing.views, views_);
    EXPECT_THAT(listing.not_written, HasSubstr("is there already and no index of tasuki"));
    EXPECT_EQ(read_file(index_), text);
  }
}

TEST_F(ViewIndex, DoesNotTrustWhatItCounts) {
  list();
  const auto whole = read_file(index_);
  const auto head = whole.substr(0, whole.find("views "));
  for (const char* rest : {"views 18446744073709551615 crc32 0\n", "views 9999999999 crc32 0\n",
                           "views 1 crc32 4294967296\n", "views 0 crc32 00\n"}) {
    write_file_atomically(index_, head + rest);
    EXPECT_EQ(list().views, views_) << rest;
  }
}

TEST_F(ViewIndex, NeedsNoFolderThatCanBeWritten) {
  std::ofstream(root_ / "index") << "a file where the folder would be";
  const auto listing = list();
  EXPECT_EQ(listing.views, views_);
  EXPECT_THAT(listing.not_written,
              AllOf(HasSubstr(index_.string()), HasSubstr("can't be written")));
}

TEST_F(ViewIndex, NamesAreStrict) {
  std::ofstream(folder_ / "point_7_view_7_domain_rgb.png.part") << "other files don't count";
  EXPECT_EQ(find_views(folder_), views_);
  for (const char* name : {"point_07_view_1", "point_1_view_", "point_-1_view_1", "point_1", "",
                           "point_4294967296_view_0", "point_1_view_1_", "Point_1_view_1"}) {
    add(name);
    try {
      find_views(folder_);
      ADD_FAILURE() << "no error: " << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr((folder_ / name).string() + "_domain_rgb.png"),
                                      HasSubstr("point_P_view_V_domain_rgb.png is expected")));
    }
    fs::remove(folder_ / (std::string(name) + "_domain_rgb.png"));
  }
  EXPECT_THAT(find_views(root_ / "nowhere"), IsEmpty());
  EXPECT_THAT(indexed_views(root_ / "nowhere", index_).views, IsEmpty());
  EXPECT_FALSE(fs::exists(index_));
}

TEST_F(ViewIndex, ManyFoldersAreListedInTheirOrder) {
  std::vector<Listed> folders;
  for (int i = 0; i < 20; ++i) {
    const auto folder = root_ / ("b" + std::to_string(i));
    fs::create_directories(folder);
    std::ofstream(folder / ("point_" + std::to_string(i) + "_view_0_domain_rgb.png"));
    folders.push_back({folder, i % 2 == 0 ? fs::path() : root_ / ("i/" + std::to_string(i))});
  }
  const auto listings = list_all(folders, 3);
  ASSERT_EQ(listings.size(), 20u);
  for (uint32_t i = 0; i < 20; ++i) EXPECT_THAT(listings[i].views, ElementsAre(View{i, 0}));
  for (const int i : {15, 4}) std::ofstream(folders[size_t(i)].folder / "x_domain_rgb.png");
  try {
    list_all(folders, 3);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("b4/x_domain"));
  }
}

class TaskonomyIndex : public testing::TaskonomyTest {
 protected:
  TaskonomyIndex() { tree_.age(); }
};

TEST_F(TaskonomyIndex, LiesInTheRootByDefault) {
  const auto ids = dataset()->ids("train");
  EXPECT_TRUE(fs::exists(root_ / "taskonomy/.tasuki_index/hanson.txt"));
  // An image that goes without the folder's time changing is still known from the index.
  const auto folder = tree_.folder("rgb", "hanson");
  const auto time = fs::last_write_time(folder);
  fs::remove(tree_.image(first_));
  fs::last_write_time(folder, time);
  EXPECT_EQ(dataset()->ids("train"), ids);
  EXPECT_THAT(failure(), HasSubstr(tree_.image(first_).string()));
  tree_.age();
  EXPECT_EQ(dataset()->ids("train").size(), ids.size() - 1);
}

TEST_F(TaskonomyIndex, LiesWhereItIsAskedFor) {
  dataset("index: 'elsewhere/index'");
  EXPECT_TRUE(fs::exists(root_ / "elsewhere/index/ihlen.txt"));
  dataset("index: ''");
  EXPECT_FALSE(fs::exists(root_ / "taskonomy/.tasuki_index"));
}

TEST_F(TaskonomyIndex, ARootThatCannotBeWrittenIsListedEachTime) {
  std::ofstream(root_ / "taskonomy/.tasuki_index") << "a file";
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(dataset()->size("train"), 4u);
  const auto note = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(note, AllOf(HasSubstr("Taskonomy keeps no index"), HasSubstr("set `index`")));
  EXPECT_EQ(std::count(note.begin(), note.end(), '\n'), 1);
  std::ofstream(root_ / "taken") << "a file";
  EXPECT_THAT(
      failure("present_only: true index: 'taken'"),
      AllOf(HasSubstr("index: "), HasSubstr("taken/hanson.txt"), HasSubstr("can't be written")));
}

}  // namespace
}  // namespace tasuki::taskonomy
