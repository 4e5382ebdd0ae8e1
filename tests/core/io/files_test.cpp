#include "tasuki/io/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tasuki/error/error.h"
#include "tasuki/io/folder_lock.h"
#include "tests/core/io/temporary_folder.h"

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

// A folder that this process may not look into, as long as this lives; root takes another name for
// that, because it may look everywhere.
class Forbidden {
 public:
  explicit Forbidden(const std::filesystem::path& folder) : folder_(folder), user_(::geteuid()) {
    ::chmod(folder_.c_str(), 0);
    if (user_ == 0) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
  }
  ~Forbidden() {
    EXPECT_EQ(::seteuid(user_), 0);
    ::chmod(folder_.c_str(), 0700);
  }
  Forbidden(const Forbidden&) = delete;
  Forbidden& operator=(const Forbidden&) = delete;

 private:
  std::filesystem::path folder_;
  uid_t user_;
};

template <class Call>
std::string failure_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Whoever may not read a file is not told that it isn't there.
TEST(Files, MissingPermissionIsTheReasonThatIsGiven) {
  const TemporaryFolder folder;
  const auto file = folder / "x";
  write_file_atomically(file, "x");
  const Forbidden forbidden(folder.path());
  const std::string denied = "Permission denied";
  for (const auto& message :
       {failure_of([&] { read_file(file); }), failure_of([&] { check_readable(file); }),
        failure_of([&] { path_exists(file); }), failure_of([&] { is_folder(file); }),
        failure_of([&] { write_file_atomically(file, "y"); }),
        failure_of([&] { write_file_atomically(folder / "new/x", "y"); }),
        failure_of([&] { FolderLock(folder.path()); }),
        failure_of([&] { FolderLock(folder / "new"); })}) {
    EXPECT_NE(message.find(denied), std::string::npos) << message;
    EXPECT_NE(message.find(folder.path().string()), std::string::npos) << message;
  }
}

TEST(Files, KnowsWhatIsThere) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "x", "x");
  EXPECT_TRUE(path_exists(folder / "x"));
  EXPECT_FALSE(path_exists(folder / "y"));
  EXPECT_FALSE(path_exists(folder / "y/z"));
  EXPECT_TRUE(is_folder(folder.path()));
  EXPECT_FALSE(is_folder(folder / "x"));
  EXPECT_FALSE(is_folder(folder / "y"));
  EXPECT_THROW(check_readable(folder.path()), Error);
}

TEST(Files, AReaderTakesPartsAtAnyPlace) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "x", "0123456789");
  const FileReader reader(folder / "x");
  EXPECT_EQ(reader.size(), 10u);
  std::string part(3, ' ');
  reader.read(4, part.data(), 3);
  EXPECT_EQ(part, "456");
  reader.read(10, part.data(), 0);
  EXPECT_THROW(reader.read(8, part.data(), 3), Error);
}

}  // namespace
}  // namespace tasuki
