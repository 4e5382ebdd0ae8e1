#include <gtest/gtest.h>

#include <sstream>

#include "tasuki/data/dataset.h"
#include "tasuki/io/files.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

fs::path folder_of_cases() {
  return fs::path(TASUKI_TEST_DATA) / "bad_files";
}

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& item : fs::directory_iterator(folder_of_cases())) {
    found.push_back(item.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A folder each of tests/data/bad_files: a data set in which something is wrong, what it is in the
// first line of options.pbtxt, and what the error has to say in expected.txt.
class BadFiles : public ::testing::TestWithParam<std::string> {};

std::string message_of(const fs::path& folder) {
  try {
    const auto dataset =
        testing::make<Dataset>("tasuki/Folder", read_file(folder / "options.pbtxt"), {folder});
    for (const auto& split : dataset->splits()) {
      for (size_t i = 0; i < dataset->size(split); ++i) dataset->load(split, i);
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_P(BadFiles, GiveTheExpectedError) {
  const auto folder = folder_of_cases() / GetParam();
  const auto message = message_of(folder);
  std::istringstream expected(read_file(folder / "expected.txt"));
  int lines = 0;
  for (std::string line; std::getline(expected, line); ++lines) {
    EXPECT_NE(message.find(line), std::string::npos) << "\"" << line << "\" is not in: " << message;
  }
  EXPECT_GT(lines, 0);
  RecordProperty("message", message);
}

INSTANTIATE_TEST_SUITE_P(Cases, BadFiles, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace tasuki
