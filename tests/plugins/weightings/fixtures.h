#pragma once

#include <torch/torch.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tasuki::testing {

// The reference answers of published weightings, from $TASUKI_DATA/weightings; README.md there says
// what each file holds, its conventions, and how near one has to come.
//
//   if (!has_fixtures()) GTEST_SKIP() << kNoFixtures;
//   for (const auto& entry : read_fixture("exact.json")["entries"]) {
//     const auto rows = fixture_matrix(entry["input"]);
//     ...
//     EXPECT_LT(relative_difference(d, to_tensor(entry["combined"]), rows), 1e-8) << name(entry);
//   }
constexpr const char* kNoFixtures = "TASUKI_DATA has no folder weightings";

inline bool has_fixtures() {
  const char* root = std::getenv("TASUKI_DATA");
  return root != nullptr && std::filesystem::exists(std::filesystem::path(root) / "weightings");
}

// A whole file; read once.
inline const nlohmann::json& read_fixture(const std::string& file) {
  static std::map<std::string, nlohmann::json> files;
  auto& json = files[file];
  if (json.is_null()) {
    std::ifstream stream(std::filesystem::path(std::getenv("TASUKI_DATA")) / "weightings" / file);
    json = nlohmann::json::parse(stream);
  }
  return json;
}

// Numbers, lists of numbers and lists of lists, float64. What was not finite is NaN.
inline torch::Tensor to_tensor(const nlohmann::json& json) {
  if (!json.is_array()) {
    return torch::tensor(json.is_null() ? std::nan("") : json.get<double>(), torch::kFloat64);
  }
  std::vector<torch::Tensor> parts;
  for (const auto& part : json) parts.push_back(to_tensor(part));
  return parts.empty() ? torch::empty({0}, torch::kFloat64) : torch::stack(parts);
}

// [T, D]: a matrix of inputs.json, by name.
inline torch::Tensor fixture_matrix(const std::string& name) {
  return to_tensor(read_fixture("inputs.json").at("matrices").at(name).at("rows"));
}
// The matrices of a sequence of inputs.json, for methods with state.
inline std::vector<torch::Tensor> fixture_sequence(const std::string& name) {
  std::vector<torch::Tensor> matrices;
  for (const auto& matrix : read_fixture("inputs.json").at("sequences").at(name).at("matrices")) {
    matrices.push_back(to_tensor(matrix));
  }
  return matrices;
}

// What an entry is of, for messages.
inline std::string name(const nlohmann::json& entry) {
  std::string text;
  for (const char* key : {"method", "problem", "variant", "input", "sequence"}) {
    if (entry.contains(key)) text += entry.at(key).get<std::string>() + " ";
  }
  return text + (entry.contains("options") ? entry.at("options").dump() : "");
}

// |a - b| / |b|, or over the largest row's norm where b is as good as zero beside it. NaN where
// `actual` is not finite.
inline double relative_difference(const torch::Tensor& actual, const torch::Tensor& expected,
                                  const torch::Tensor& rows) {
  const double difference = (actual - expected).norm().item<double>();
  if (difference == 0) return 0;
  const double length = expected.norm().item<double>();
  const double largest = rows.norm(2, 1).max().item<double>();
  return difference / (length < 1e-10 * largest ? largest : length);
}

}  // namespace tasuki::testing
