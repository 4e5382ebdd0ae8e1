// Every .pbtxt of tests/data/configs/bad fails to load with the message that its first lines tell:
//   # expect: part of the message, FILE standing for the config's own name
//   # set: an assignment, as --set takes it (any number of these)
// A further case needs no more than a further file.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

std::filesystem::path bad_folder() {
  return std::filesystem::path(TASUKI_TEST_DATA) / "configs" / "bad";
}

std::vector<std::string> bad_configs() {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(bad_folder())) {
    if (item.path().extension() == ".pbtxt") names.push_back(item.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// What stands behind "# word: " in the file's comment lines.
std::vector<std::string> notes(const std::filesystem::path& file, const std::string& word) {
  std::vector<std::string> found;
  std::ifstream in(file);
  const std::string start = "# " + word + ": ";
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(start, 0) == 0) found.push_back(line.substr(start.size()));
  }
  return found;
}

class BadConfig : public testing::TestWithParam<std::string> {};

TEST_P(BadConfig, FailsWithItsMessage) {
  announce_test_plugins();
  const auto file = bad_folder() / (GetParam() + ".pbtxt");
  const auto expected = notes(file, "expect");
  ASSERT_FALSE(expected.empty()) << file << " says nothing of what to expect";
  std::string message = load_error(file.string(), notes(file, "set"));
  for (size_t at; (at = message.find(file.string())) != std::string::npos;) {
    message.replace(at, file.string().size(), "FILE");
  }
  for (const auto& part : expected) EXPECT_THAT(message, testing::HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(Files, BadConfig, testing::ValuesIn(bad_configs()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tasuki::test
