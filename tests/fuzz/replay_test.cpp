// Every file of corpus/NAME goes once through the target NAME: what was found stays mended.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tasuki/io/files.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {
namespace {

using Target = void (*)(std::string_view);

const std::map<std::string, Target>& targets() {
  static const std::map<std::string, Target> targets = {{"camera", fuzz_camera},
                                                        {"config", fuzz_config},
                                                        {"lists", fuzz_lists},
                                                        {"npy", fuzz_npy},
                                                        {"pictures", fuzz_pictures},
                                                        {"predictions", fuzz_predictions},
                                                        {"safetensors", fuzz_safetensors}};
  return targets;
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& item : targets()) names.push_back(item.first);
  return names;
}

std::filesystem::path corpus() {
  return std::filesystem::path(TASUKI_SOURCE_DIR) / "tests/fuzz/corpus";
}

std::vector<std::filesystem::path> inputs(const std::string& target) {
  std::vector<std::filesystem::path> files;
  for (const auto& item : std::filesystem::directory_iterator(corpus() / target)) {
    files.push_back(item.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(FuzzReplay, EveryFolderOfTheCorpusIsATarget) {
  for (const auto& item : std::filesystem::directory_iterator(corpus())) {
    EXPECT_EQ(targets().count(item.path().filename().string()), 1u) << item.path();
  }
}

class FuzzCorpus : public testing::TestWithParam<std::string> {};

TEST_P(FuzzCorpus, HasNoFinding) {
  const auto target = targets().at(GetParam());
  const auto files = inputs(GetParam());
  EXPECT_FALSE(files.empty());
  for (const auto& file : files) {
    const auto bytes = read_file(file);
    EXPECT_NO_THROW(target(bytes)) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tasuki::fuzz
