#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "tasuki/data/sample.h"
#include "tests/pipelines/plugin.h"

// What the conformance tests have in common: names, the options that a name can't be made without,
// and random values that fit any field kind.
namespace tasuki::conformance {

// Options, in text format, that `name` needs at least; "" for names that are made from defaults.
std::string required_options(const std::string& name);

// The plugin with nothing but its required options.
template <class Interface>
std::unique_ptr<Interface> make_minimal(const std::string& name,
                                        const typename Interface::Context& context = {}) {
  return testing::make<Interface>(name, required_options(name), context);
}

// "tasuki/ResNet" -> "tasuki_ResNet", for the names of test cases.
inline std::string case_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

// A Mat of the kind whose every pixel is valid and in range; indices are below `classes`. Found by
// trying what field kinds are made of, so that a new kind needs no entry anywhere.
cv::Mat random_valid(const FieldKind& kind, cv::Size size, uint64_t seed, int classes = 2);

// The same with about a fifth of the pixels without a label; images have none of these.
cv::Mat random_with_holes(const FieldKind& kind, cv::Size size, uint64_t seed, int classes = 2);

// An image and one field of every other registered kind, named by what follows the slash in the
// kind's name, with holes, and a camera.
Sample sample_of_every_kind(cv::Size size, uint64_t seed);

// Tiny data sets on disk, made on first use and removed at exit: what Folder's required options
// describe, and benchmarks in their official files.
const std::filesystem::path& folder_root();

}  // namespace tasuki::conformance

// Runs the suite over every registered name of `kind`.
#define TASUKI_CONFORMANCE(Suite, kind)                                                     \
  INSTANTIATE_TEST_SUITE_P(Every, Suite,                                                    \
                           ::testing::ValuesIn(::tasuki::Registry::instance().names(kind)), \
                           ::tasuki::conformance::case_name)
