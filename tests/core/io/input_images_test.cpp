#include "tasuki/io/input_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/io/output_folder.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FindImages : public ::testing::Test {
 protected:
  void put(const std::string& name) { write_file_atomically(folder_ / name, "bytes"); }
  InputImages find() const { return find_images(folder_.path()); }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& image : find().images) all.push_back(image.id);
    return all;
  }
  std::vector<std::string> skipped(const std::string& why) const {
    std::vector<std::string> all;
    const auto found = find();
    const auto paths = found.skipped.find(why);
    if (paths == found.skipped.end()) return all;
    for (const auto& path : paths->second) all.push_back(path.lexically_relative(folder_.path()));
    return all;
  }
  std::string refusal() const {
    try {
      find();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(FindImages, GoIntoFoldersAndKeepTheirNames) {
  for (const char* name : {"10.jpg", "9.JPG", "a/1.png", "b/1.png", "b/c/x.y.tiff"}) put(name);
  EXPECT_THAT(ids(), ElementsAre("9", "10", "a/1", "b/1", "b/c/x.y"));
  EXPECT_EQ(find().images[2].file, folder_ / "a" / "1.png");
  EXPECT_TRUE(find().skipped.empty());
}

TEST_F(FindImages, SayWhatIsPassedOver) {
  for (const char* name : {"1.jpg", "._1.jpg", ".cache/2.jpg", "b/Thumbs.db", "readme.txt"}) {
    put(name);
  }
  fs::create_directories(folder_ / "folder.png");
  EXPECT_THAT(ids(), ElementsAre("1"));
  EXPECT_THAT(skipped("are hidden"), ElementsAre("._1.jpg", ".cache"));
  EXPECT_THAT(skipped("have no ending of an image"), ElementsAre("b/Thumbs.db", "readme.txt"));
  EXPECT_THAT(skipped_text(find()),
              HasSubstr("Skipped 2 that are hidden: " + (folder_ / "._1.jpg").string() + ", "));
}

TEST_F(FindImages, NameOnlySomeOfManyThatArePassedOver) {
  put("1.jpg");
  for (int i = 0; i < 13; ++i) put("notes" + std::to_string(i) + ".txt");
  EXPECT_THAT(skipped_text(find()), HasSubstr("Skipped 13 that have no ending of an image: "));
  EXPECT_THAT(skipped_text(find()), HasSubstr(" and 3 more\n"));
}

TEST_F(FindImages, FollowLinksButNotInCircles) {
  put("a/1.jpg");
  const testing::TemporaryFolder elsewhere;
  write_file_atomically(elsewhere / "2.jpg", "bytes");
  fs::create_directory_symlink(elsewhere.path(), folder_ / "linked");
  fs::create_directory_symlink(folder_.path(), folder_ / "a" / "up");
  fs::create_symlink("1.jpg", folder_ / "a" / "3.jpg");
  EXPECT_THAT(ids(), ElementsAre("a/1", "a/3", "linked/2"));
  EXPECT_THAT(skipped("are links to a folder that they lie in"), ElementsAre("a/up"));
}

// The output folder may be that of the images.
TEST_F(FindImages, LeaveOutWhatTasukiWrote) {
  put("1.jpg");
  for (const char* name : {"seg/1.png", "1.png"}) {
    OutputFolder outputs(folder_.path());
    write_file_atomically(outputs.stage() / name, "predicted");
    outputs.publish({folder_ / "1.jpg"});
  }
  put("seg/2.png");
  EXPECT_THAT(ids(), ElementsAre("1", "seg/2"));
  EXPECT_THAT(skipped("are results of tasuki"), ElementsAre("1.png", "seg/1.png"));
  EXPECT_EQ(find().skipped.size(), 1u);  // the list of results is nothing to speak of
}

TEST_F(FindImages, RefuseTwoOfOneName) {
  put("in/a.jpg");
  put("in/a.png");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("in/a.jpg and "), HasSubstr("in/a.png have the same")));
}

TEST_F(FindImages, RefuseAFolderWithoutImages) {
  put("readme.txt");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no images in this folder"), HasSubstr("readme.txt")));
}

TEST_F(FindImages, TakeASingleFileAsItIs) {
  put("photo.of.mine");
  const auto found = find_images(folder_ / "photo.of.mine");
  ASSERT_EQ(found.images.size(), 1u);
  EXPECT_EQ(found.images[0].id, "photo.of");
  EXPECT_THROW(find_images(folder_ / "gone.jpg"), Error);
}

}  // namespace
}  // namespace tasuki
