#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/study/compare.h"
#include "tasuki/study/search.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/study/fake_runner.h"

namespace tasuki::testing {

// A folder with tiny.pbtxt, a config of three tasks on rendered rooms, and two.pbtxt, which has two
// of them; searches and comparisons of it with a runner that trains nothing.
class StudyFolder : public ::testing::Test {
 protected:
  StudyFolder();

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }

  // What is said goes to said_, which holds the last call's words alone.
  Decision search_in(const std::string& folder, SearchOptions options = {},
                     const std::vector<std::string>& assignments = {},
                     const std::string& config = "tiny.pbtxt");
  Comparison compare_in(const std::string& folder, const std::vector<std::string>& configs,
                        CompareOptions options = {},
                        const std::vector<std::string>& assignments = {});
  // The error that a call throws, which has to be of this kind.
  std::string refusal(ErrorKind kind, const std::function<void()>& call) const;

  // What was trained since this was asked last.
  std::vector<std::string> take_trained();

  TemporaryFolder folder_;
  FakeRunner runner_;
  std::string said_;
};

// A margin that includes every transfer, and the seeds that chose judge: six trainings and the
// chosen model.
SearchOptions everything();

}  // namespace tasuki::testing
