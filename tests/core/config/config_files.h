#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tasuki/config/config.h"

namespace tasuki::test {

// A folder of config files of its own, gone with the test, which runs inside of it: files are named
// "a.pbtxt" in configs and in errors. The plugins of modules/ are announced.
class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles();
  ~ConfigFiles() override;

  void write(const std::string& file, const std::string& text) const;

 private:
  std::filesystem::path folder_, before_;
};

// Announces the plugins of modules/ once.
void announce_test_plugins();

// The message that loading fails with; "" when it doesn't.
std::string load_error(const std::string& file, const std::vector<std::string>& assignments = {});
std::string parse_error(const std::string& text, const std::vector<std::string>& assignments = {});

// The options of the config's encoder as a text of one line.
std::string encoder_text(const ResolvedConfig& config);

// Any message as a text of one line; plugins as bytes.
std::string one_line(const google::protobuf::Message& message);

// The resolved text of a text, its lines joined by single spaces.
std::string resolved(const std::string& text, const std::vector<std::string>& assignments = {});
std::string flat(const ResolvedConfig& config);

}  // namespace tasuki::test
