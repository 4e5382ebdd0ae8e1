#include "tasuki/io/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "tasuki/error/error.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

// The message of the Error, "" where the lock is free.
std::string refusal(const std::filesystem::path& folder) {
  try {
    const FolderLock lock(folder, FolderLock::Holder::kProcess, milliseconds(0));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
    return error.what();
  }
  return "";
}

TEST(FolderLock, BelongsToOneAtATime) {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder / "new/deep");
    const auto message = refusal(folder / "new/deep");
    EXPECT_THAT(message, HasSubstr((folder / "new/deep").string() + ": another tasuki (process " +
                                   std::to_string(::getpid()) + " on "));
    EXPECT_THAT(message, HasSubstr("give another --work-dir"));
    EXPECT_EQ(refusal(folder / "other"), "");
  }
  EXPECT_EQ(refusal(folder / "new/deep"), "");
}

TEST(FolderLock, AKillLetsGoOfIt) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    static_cast<void>(!::write(ready[1], "x", 1));
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(refusal(folder.path()), HasSubstr("process " + std::to_string(child) + " on "));
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(refusal(folder.path()), "");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FolderLock, ChildrenHoldItWhereAskedFor) {
  const TemporaryFolder folder;
  const auto child_of = [&](FolderLock::Holder holder) {
    const FolderLock lock(folder.path(), holder);
    const pid_t child = ::fork();
    if (child == 0) ::execlp("sleep", "sleep", "100", nullptr);
    return child;
  };
  for (const auto holder : {FolderLock::Holder::kProcess, FolderLock::Holder::kWithChildren}) {
    const pid_t child = child_of(holder);
    // Until the child has become another program it holds the lock in any case.
    std::string message;
    for (int i = 0; i < 500; ++i) {
      message = refusal(folder.path());
      if (message.empty()) break;
      ::usleep(2000);
    }
    EXPECT_EQ(message.empty(), holder == FolderLock::Holder::kProcess);
    ::kill(child, SIGKILL);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  }
  EXPECT_EQ(refusal(folder.path()), "");
}

TEST(FolderLock, SaysWhyThereCanBeNone) {
  EXPECT_THAT(refusal("/proc/nothing"), HasSubstr("--work-dir /proc/nothing: can't be made: "));
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "lock");
  EXPECT_THAT(refusal(folder.path()), HasSubstr("lock: can't be opened: Is a directory"));
}

TEST(FolderLock, SweepsWhatDeadProcessesLeft) {
  const TemporaryFolder folder;
  std::ofstream(folder / ".x.tmp-1-0") << "left";
  const FolderLock lock(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / ".x.tmp-1-0"));
}

}  // namespace
}  // namespace tasuki
