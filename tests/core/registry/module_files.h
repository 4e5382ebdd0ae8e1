#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "tasuki/error/error.h"
#include "tasuki/registry/manifest.h"

namespace tasuki::test {

// A test module of tests/core/registry/modules as it was built.
std::filesystem::path built_module(const std::string& name);

// Whether a file is mapped into this process: whether a module's code could have run.
bool is_mapped(const std::filesystem::path& file);

std::string read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

// The message of the Error of kind kPlugin that `action` throws; a test failure for anything else.
std::string plugin_error(const std::function<void()>& action);

// A folder of its own for each test, removed after it, with copies of modules in it.
class ModuleTest : public testing::Test {
 protected:
  ModuleTest();
  ~ModuleTest() override;

  // A copy of a built module and its manifest; its code can be loaded anew in each test.
  std::filesystem::path copy(const std::string& name, const std::string& as = "") const;
  // Changes the manifest of a copy.
  static void change_manifest(const std::filesystem::path& library,
                              const std::function<void(Manifest&)>& change);
  // Makes the manifest describe the library's present bytes.
  static void describe_bytes(const std::filesystem::path& library);

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace tasuki::test
