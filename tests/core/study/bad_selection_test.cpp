// Every .pbtxt of tests/data/selections/bad is refused with the message that its first lines tell:
//   # expect: part of the message, FILE standing for the file's own name
// A further case needs no more than a further file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tasuki/error/error.h"
#include "tasuki/study/selection.h"

namespace tasuki {
namespace {

std::filesystem::path bad_folder() {
  return std::filesystem::path(TASUKI_TEST_DATA) / "selections" / "bad";
}

std::vector<std::string> bad_files() {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(bad_folder())) {
    names.push_back(item.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string refusal(const std::filesystem::path& file) {
  try {
    read_selection(file);
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

class BadSelection : public ::testing::TestWithParam<std::string> {};

TEST_P(BadSelection, IsRefusedWithItsMessage) {
  const auto file = bad_folder() / (GetParam() + ".pbtxt");
  std::ifstream in(file);
  const std::string start = "# expect: FILE";
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  ASSERT_EQ(line.rfind(start, 0), 0u) << line;
  EXPECT_THAT(refusal(file), ::testing::HasSubstr(file.string() + line.substr(start.size())));
}

INSTANTIATE_TEST_SUITE_P(Files, BadSelection, ::testing::ValuesIn(bad_files()),
                         [](const auto& info) { return info.param; });

TEST(BadSelection, AMissingFileIsNamed) {
  EXPECT_EQ(refusal("no/such/selection.pbtxt"), "no/such/selection.pbtxt: there is no such file");
}

}  // namespace
}  // namespace tasuki
