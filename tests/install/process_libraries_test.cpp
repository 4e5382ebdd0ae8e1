// What is loaded into a process that has the program's libraries, every first-party module and has
// computed something on several threads.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

// Files mapped into this process whose name matches, by their real paths.
std::set<std::string> loaded(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  const std::regex pattern(name);
  std::set<std::string> files;
  for (std::string line; std::getline(maps, line);) {
    const auto begin = line.find('/');
    if (begin == std::string::npos) continue;
    const std::filesystem::path file = line.substr(begin);
    if (std::regex_search(file.filename().string(), pattern)) files.insert(file.string());
  }
  return files;
}

class ProcessLibraries : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Registry::instance().load_all();
    torch::nn::Conv2d conv(torch::nn::Conv2dOptions(8, 8, 3));
    conv->forward(torch::rand({2, 8, 64, 64})).sum().backward();
  }
};

TEST_F(ProcessLibraries, HaveOneProtobuf) {
  EXPECT_EQ(loaded("^libprotobuf[.]").size(), 1u)
      << testing::PrintToString(loaded("^libprotobuf[.]"));
}

// Two runtimes would each start as many threads as there are processors.
TEST_F(ProcessLibraries, HaveOneOpenMP) {
  EXPECT_EQ(loaded("^lib(gomp|iomp5|omp)[-.]").size(), 1u)
      << testing::PrintToString(loaded("^lib(gomp|iomp5|omp)"));
}

// One, and the one that they were built with: another one that the system has may come first.
TEST_F(ProcessLibraries, HaveOneLibTorch) {
  const auto built_with = std::filesystem::canonical(TASUKI_TORCH_LIB);
  for (const auto* name : {"^libtorch_cpu[.]", "^libc10[.]"}) {
    const auto files = loaded(name);
    ASSERT_EQ(files.size(), 1u) << testing::PrintToString(files);
    EXPECT_EQ(std::filesystem::canonical(*files.begin()).parent_path(), built_with);
  }
}

}  // namespace
}  // namespace tasuki
