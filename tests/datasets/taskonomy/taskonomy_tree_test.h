#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tasuki/data/dataset.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/taskonomy/official_tree.h"
#include "tests/pipelines/plugin.h"

namespace tasuki::testing {

// Four drawn buildings, two of the official train split, and the data set of those that are there.
class TaskonomyTest : public ::testing::Test {
 protected:
  static constexpr int kSide = 48;

  std::unique_ptr<Dataset> dataset(const std::string& options = "") const {
    return make<Dataset>("tasuki/Taskonomy", "present_only: true " + options, {root_.path()});
  }
  // Of making it as asked for, and loading the first sample.
  std::string failure(const std::string& options) const {
    try {
      const auto data = make<Dataset>("tasuki/Taskonomy", options, {root_.path()});
      data->load(data->splits().front(), 0);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  // Where buildings may be missing.
  std::string failure() const { return failure("present_only: true"); }

  TemporaryFolder root_;
  TaskonomyTree tree_{root_.path(), kSide, {"hanson", "merom", "wiconisco", "ihlen"}};
  const std::string first_ = "hanson/point_0_view_0";
};

}  // namespace tasuki::testing
