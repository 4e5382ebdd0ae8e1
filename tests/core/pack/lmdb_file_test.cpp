#include "tasuki/pack/lmdb_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Mode = LmdbFile::Mode;

// The message of the kData error that opening gives.
std::string problem_of(const std::filesystem::path& path, Mode mode = Mode::kRead) {
  try {
    const LmdbFile file(path, mode);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

// No file may grow beyond so many bytes while this lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit old_{};
  sighandler_t handler_;
};

class LmdbFileTest : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "values";
};

TEST_F(LmdbFileTest, KeepsValuesInOneFile) {
  {
    LmdbFile file(path_, Mode::kWrite);
    file.write({{"b", "second"}, {"a", std::string("fir\0st", 6)}});
    EXPECT_EQ(file.find("a"), std::string("fir\0st", 6));
    file.write({{"b", "again"}});
  }
  const LmdbFile file(path_, Mode::kRead);
  EXPECT_EQ(file.find("b"), "again");
  EXPECT_EQ(file.find("c"), std::nullopt);
  EXPECT_THAT(file.keys(), ElementsAre("a", "b"));
  const auto entries = std::distance(std::filesystem::directory_iterator(folder_.path()), {});
  EXPECT_EQ(entries, 1) << "there is no lock file";
}

TEST_F(LmdbFileTest, GrowsBeyondEveryMap) {
  std::vector<std::string> values;
  for (char c = 'a'; c < 'i'; ++c) values.emplace_back(size_t{3} << 20, c);
  for (size_t i = 0; i < values.size(); ++i) {  // opened anew each time
    LmdbFile file(path_, Mode::kWrite);
    file.write({{std::to_string(i), values[i]}, {std::to_string(i) + "'", "small"}});
  }
  const LmdbFile file(path_, Mode::kRead);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(file.find(std::to_string(i)), values[i]);
}

TEST_F(LmdbFileTest, AFullDiskIsAnErrorAndKeepsWhatWasThere) {
  LmdbFile file(path_, Mode::kWrite);
  file.write({{"a", "kept"}});
  {
    const FileLimit limit(size_t{1} << 20);
    try {
      file.write({{"b", std::string(size_t{4} << 20, 'b')}});
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRun);
      EXPECT_THAT(error.what(), HasSubstr("values: can't be written: "));
    }
  }
  EXPECT_EQ(LmdbFile(path_, Mode::kRead).find("a"), "kept");
  EXPECT_EQ(LmdbFile(path_, Mode::kRead).find("b"), std::nullopt);
}

TEST_F(LmdbFileTest, WhatIsNoFileOfLmdbIsAnError) {
  EXPECT_THAT(problem_of(path_), HasSubstr("values: there is no such file"));
  EXPECT_THAT(problem_of(folder_.path()), HasSubstr("is not a regular file"));
  EXPECT_THAT(problem_of(folder_.path(), Mode::kWrite), HasSubstr("is not a regular file"));
  write_file_atomically(path_, "");
  EXPECT_THAT(problem_of(path_), HasSubstr("values: is empty"));
  for (const size_t size : {1, 100, 5000, 20000}) {
    write_file_atomically(path_, std::string(size, 'x'));
    EXPECT_THAT(problem_of(path_), HasSubstr("values: ")) << size;
    EXPECT_THAT(problem_of(path_, Mode::kWrite), HasSubstr("values: ")) << size;
  }
}

TEST_F(LmdbFileTest, EveryTruncatedFileIsAnError) {
  LmdbFile(path_, Mode::kWrite).write({{"a", std::string(30000, 'a')}, {"b", "short"}});
  const auto whole = read_file(path_);
  for (size_t size = 0; size < whole.size(); size += 1000) {
    write_file_atomically(path_, whole.substr(0, size));
    EXPECT_THAT(problem_of(path_), HasSubstr("values: ")) << size;
  }
  write_file_atomically(path_, whole.substr(0, whole.size() - 1));
  EXPECT_THAT(problem_of(path_), HasSubstr("values: is cut off after"));
}

TEST_F(LmdbFileTest, ManyThreadsReadAtOnce) {
  {
    LmdbFile file(path_, Mode::kWrite);
    for (int i = 0; i < 50; ++i)
      file.write({{std::to_string(i), std::string(5000, char('0' + i))}});
  }
  const LmdbFile file(path_, Mode::kRead);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          const int k = (7 * i) % 50;
          wrong += file.find(std::to_string(k)) != std::string(5000, char('0' + k));
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tasuki
