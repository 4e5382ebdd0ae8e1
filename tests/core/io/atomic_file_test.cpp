#include "tasuki/io/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    names.push_back(item.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A process that has begun to write folder/x and then does `end`; returns the status of waitpid.
int end_while_writing(const TemporaryFolder& folder, const std::function<void()>& end) {
  const pid_t child = ::fork();
  if (child == 0) {
    remove_temporary_files_on_signals();
    AtomicFile file(folder / "x");
    file.write("half of it");
    end();
    ::_exit(99);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(AtomicFile, AppearsWithAllItsPartsAtOnce) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "x");
    file.write("one ");
    file.write("");
    file.write("two");
    EXPECT_FALSE(std::filesystem::exists(folder / "x"));
    file.commit();
    EXPECT_EQ(read_file(folder / "x"), "one two");
  }
  EXPECT_THAT(names_in(folder.path()), ElementsAre("x"));
  { AtomicFile(folder / "x").write("never finished"); }
  EXPECT_EQ(read_file(folder / "x"), "one two");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("x"));
}

// In a container the number of a process and of its files repeat.
TEST(AtomicFile, LeftoversOfAProcessWithTheSameNumberAreNoObstacle) {
  const TemporaryFolder folder;
  const std::string own = ".x.tmp-" + std::to_string(::getpid()) + "-";
  for (int i = 0; i < 500; ++i) std::ofstream(folder / (own + std::to_string(i))) << "left";
  EXPECT_NO_THROW(write_file_atomically(folder / "x", "new"));
  EXPECT_EQ(read_file(folder / "x"), "new");
}

TEST(AtomicFile, WhatADeadProcessLeftIsRemovedAndNothingElse) {
  const TemporaryFolder folder;
  const int status = end_while_writing(folder, [] { ::raise(SIGKILL); });
  EXPECT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(names_in(folder.path()).size(), 1u);
  for (const char* other : {"y.tmp-1-0", ".y.tmp-1-", ".y.tmp-x-0", ".tmp-1-0", ".y.tmp-1-0.png"}) {
    std::ofstream(folder / other) << "somebody's";
  }
  std::filesystem::create_directory(folder / ".folder.tmp-1-0");
  AtomicFile living(folder / "z");
  EXPECT_EQ(remove_abandoned_files(folder.path()), 1u);
  EXPECT_EQ(names_in(folder.path()).size(), 7u);
  living.write("whole");
  EXPECT_NO_THROW(living.commit());
  EXPECT_EQ(remove_abandoned_files(folder / "missing"), 0u);
}

TEST(AtomicFile, ASignalThatEndsTheProcessRemovesIt) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    const TemporaryFolder folder;
    const int status = end_while_writing(folder, [signal] { ::raise(signal); });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_THAT(names_in(folder.path()), ElementsAre());
  }
}

TEST(AtomicFile, AnIgnoredSignalStaysIgnored) {
  const TemporaryFolder folder;
  const auto old = ::signal(SIGHUP, SIG_IGN);
  const int status = end_while_writing(folder, [] { ::raise(SIGHUP); });
  ::signal(SIGHUP, old);
  EXPECT_TRUE(WIFEXITED(status));
}

// Where permission is missing, or a file is in the way, that is said: not that there is no such
// file.
TEST(AtomicFile, TheReasonIsTheOperatingSystems) {
  const auto refusal = [](const std::filesystem::path& path) {
    try {
      write_file_atomically(path, "x");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRun);
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "x");
  EXPECT_THAT(refusal(folder / "file/deep/x"), HasSubstr("Not a directory"));
  // Nobody may make anything there, root neither.
  EXPECT_THAT(refusal("/proc/nothing/x"), HasSubstr("/proc/nothing can't be made"));
}

}  // namespace
}  // namespace tasuki
