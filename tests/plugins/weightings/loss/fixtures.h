#pragma once

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// Reads numbers of other programs: TASUKI_DATA/weightings, and tests/data/weightings.
namespace tasuki::testing {

// Null where TASUKI_DATA has no such folder.
inline nlohmann::json shared_fixture(const std::string& file) {
  const char* root = std::getenv("TASUKI_DATA");
  if (root == nullptr) return {};
  const auto path = std::filesystem::path(root) / "weightings" / file;
  if (!std::filesystem::exists(path)) return {};
  return nlohmann::json::parse(std::ifstream(path));
}

inline nlohmann::json own_fixture(const std::string& file) {
  const auto path = std::filesystem::path(TASUKI_TEST_DATA) / "weightings" / file;
  return nlohmann::json::parse(std::ifstream(path));
}

// Each number within `tolerance` of the expected one, relative to the largest expected one.
inline auto is_near(const std::vector<double>& expected, double tolerance = 1e-10) {
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  return ::testing::Pointwise(::testing::DoubleNear(tolerance * std::max(largest, 1e-300)),
                              expected);
}

}  // namespace tasuki::testing
