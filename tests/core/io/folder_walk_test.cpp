#include "tasuki/io/folder_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

class FolderWalk : public ::testing::Test {
 protected:
  void touch(const std::string& name) const { write_file_atomically(folder_ / name, "x"); }

  const testing::TemporaryFolder folder_;
};

TEST_F(FolderWalk, FollowsLinksToFilesAndFolders) {
  touch("disk/b/2.png");
  touch("disk/b/deep/3.png");
  touch("root/a/1.png");
  fs::create_directory_symlink(folder_ / "disk/b", folder_ / "root/b");
  fs::create_directory_symlink("a", folder_ / "root/again");  // no cycle
  fs::create_symlink(folder_ / "disk/b/2.png", folder_ / "root/c.png");
  fs::create_symlink("nothing.png", folder_ / "root/lost.png");
  EXPECT_THAT(files_below(folder_ / "root"),
              UnorderedElementsAre("a/1.png", "again/1.png", "b/2.png", "b/deep/3.png", "c.png",
                                   "lost.png"));
  fs::create_directory_symlink("root", folder_ / "link");
  EXPECT_EQ(files_below(folder_ / "link").size(), 6u);
}

TEST_F(FolderWalk, CyclesAreErrors) {
  touch("root/a/1.png");
  for (const char* target : {".", "..", "../..", "../../root"}) {
    fs::create_directory_symlink(target, folder_ / "root/a/round");
    EXPECT_THAT([&] { files_below(folder_ / "root"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("root/a/round"), HasSubstr("leads back to"),
                                           HasSubstr("remove the link"))))
        << target;
    fs::remove(folder_ / "root/a/round");
  }
}

TEST_F(FolderWalk, HiddenFilesAndFoldersAreNone) {
  for (const char* name : {"1.png", "._1.png", ".ipynb_checkpoints/1-checkpoint.png", "a/.png",
                           "a/.b/c/2.png", "a/2.png"}) {
    touch(name);
  }
  EXPECT_THAT(files_below(folder_.path()), UnorderedElementsAre("1.png", "a/2.png"));
  // Only below the folder that is asked for.
  EXPECT_THAT(files_below(folder_ / "a/.b"), ElementsAre("c/2.png"));
}

TEST_F(FolderWalk, SaysWhichFolderCanNotBeRead) {
  EXPECT_THAT([&] { files_below(folder_ / "none"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("none: can't be read: No such file"))));
  touch("file");
  EXPECT_THAT([&] { files_below(folder_ / "file"); },
              ThrowsMessage<Error>(HasSubstr("file: can't be read: Not a directory")));
  EXPECT_FALSE(path_exists(folder_ / "none/deep"));
  EXPECT_FALSE(is_folder(folder_ / "file"));
  EXPECT_TRUE(path_exists(folder_ / "file"));
  EXPECT_TRUE(is_folder(folder_.path()));
  // A name that no file system takes: the reason is the system's own.
  const std::string long_name(5000, 'x');
  EXPECT_THAT([&] { path_exists(folder_ / long_name); },
              ThrowsMessage<Error>(HasSubstr("can't be looked at: File name too long")));
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every folder: the rest is not tested";
  touch("closed/in/1.png");
  fs::permissions(folder_ / "closed", fs::perms::none);
  EXPECT_THAT([&] { files_below(folder_.path()); },
              ThrowsMessage<Error>(HasSubstr("closed: can't be read: Permission denied")));
  EXPECT_THAT([&] { is_folder(folder_ / "closed/in"); },
              ThrowsMessage<Error>(HasSubstr("closed/in: can't be looked at: Permission denied")));
  fs::permissions(folder_ / "closed", fs::perms::owner_all);
}

}  // namespace
}  // namespace tasuki
