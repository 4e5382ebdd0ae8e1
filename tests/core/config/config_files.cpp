#include "tests/core/config/config_files.h"

#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace tasuki::test {

ConfigFiles::ConfigFiles() : before_(std::filesystem::current_path()) {
  announce_test_plugins();
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  folder_ = std::filesystem::path(testing::TempDir()) /
            ("tasuki_" + std::string(test->name()) + "_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder_);
  std::filesystem::current_path(folder_);
}

ConfigFiles::~ConfigFiles() {
  std::filesystem::current_path(before_);
  std::filesystem::remove_all(folder_);
}

void ConfigFiles::write(const std::string& file, const std::string& text) const {
  const std::filesystem::path path(file);
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void announce_test_plugins() {
  Registry::instance().add_folder(TASUKI_CONFIG_MODULES);
}

std::string load_error(const std::string& file, const std::vector<std::string>& assignments) {
  try {
    load_config(file, assignments);
  } catch (const Error& failure) {
    EXPECT_EQ(failure.kind(), ErrorKind::kUsage);
    return failure.what();
  }
  return "";
}

std::string parse_error(const std::string& text, const std::vector<std::string>& assignments) {
  try {
    parse_config(text, "text", assignments);
  } catch (const Error& failure) {
    EXPECT_EQ(failure.kind(), ErrorKind::kUsage);
    return failure.what();
  }
  return "";
}

std::string one_line(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(message, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string encoder_text(const ResolvedConfig& config) {
  return one_line(*Registry::instance().unpack(config.given().model().encoder()));
}

std::string flat(const ResolvedConfig& config) {
  std::istringstream words(config.given_text());
  std::string text, word;
  while (words >> word) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string resolved(const std::string& text, const std::vector<std::string>& assignments) {
  return flat(parse_config(text, "text", assignments));
}

}  // namespace tasuki::test
