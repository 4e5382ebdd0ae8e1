#include "core/data/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/error/error.h"
#include "tests/core/data/temporary_folder.h"

namespace tasuki {
namespace {

using testing::TemporaryFolder;

size_t entries(const std::filesystem::path& folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(Files, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n\xff", 5);
  write_file_atomically(folder / "new/deep/x.bin", bytes);
  EXPECT_EQ(read_file(folder / "new/deep/x.bin"), bytes);
  write_file_atomically(folder / "new/deep/x.bin", "");
  EXPECT_EQ(read_file(folder / "new/deep/x.bin"), "");
  EXPECT_EQ(entries(folder / "new/deep"), 1u);  // no temporary file is left
}

TEST(Files, AReaderSeesTheOldFileOrTheNew) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "x", "old");
  const auto inode = [&] {
    struct stat status = {};
    EXPECT_EQ(::stat((folder / "x").c_str(), &status), 0);
    return status.st_ino;
  };
  const auto before = inode();
  std::filesystem::create_hard_link(folder / "x", folder / "reader");
  write_file_atomically(folder / "x", "new");
  EXPECT_NE(inode(), before);  // replaced, not written over
  EXPECT_EQ(read_file(folder / "reader"), "old");
}

TEST(Files, AFailedWriteLeavesNothing) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "taken/inside");
  try {
    write_file_atomically(folder / "taken", "bytes");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
    EXPECT_NE(std::string(error.what()).find((folder / "taken").string()), std::string::npos);
  }
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(Files, ReadsRegularFilesOnlyAndWithinTheLimit) {
  const TemporaryFolder folder;
  EXPECT_THROW(read_file(folder / "missing"), Error);
  EXPECT_THROW(read_file(folder.path()), Error);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(read_file(folder / "pipe"), Error);
  write_file_atomically(folder / "x", "12345");
  EXPECT_EQ(read_file(folder / "x", 5), "12345");
  EXPECT_THROW(read_file(folder / "x", 4), Error);
}

}  // namespace
}  // namespace tasuki
