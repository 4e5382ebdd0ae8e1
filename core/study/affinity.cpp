#include "tasuki/study/affinity.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr size_t kLargest = size_t{256} << 20;

EdgeValues mean(const std::vector<AffinityEpoch>& epochs, EdgeValues AffinityEpoch::*measure) {
  std::map<Edge, std::pair<double, int>> sums;
  for (const auto& epoch : epochs) {
    for (const auto& [edge, value] : epoch.*measure) {
      if (!std::isfinite(value)) continue;
      sums[edge].first += value;
      ++sums[edge].second;
    }
  }
  EdgeValues means;
  for (const auto& [edge, sum] : sums) means[edge] = sum.first / sum.second;
  return means;
}

// `value` as an object; json's exception where it is something else.
const json::object_t& object_of(const json& value) {
  return value.get_ref<const json::object_t&>();
}

EdgeValues edge_values(const json& line, const char* key) {
  EdgeValues values;
  if (!line.contains(key)) return values;
  for (const auto& [from, row] : object_of(line.at(key))) {
    for (const auto& [to, value] : object_of(row)) {
      values[{from, to}] = value.is_null() ? NAN : value.get<double>();
    }
  }
  return values;
}

}  // namespace

EdgeValues Affinities::mean_affinity() const {
  return mean(epochs, &AffinityEpoch::affinity);
}

EdgeValues Affinities::mean_cosine() const {
  return mean(epochs, &AffinityEpoch::cosine);
}

Affinities Affinities::last(double fraction) const {
  if (epochs.empty()) return {};
  const auto wanted = static_cast<size_t>(std::ceil(fraction * double(epochs.size())));
  const size_t count = std::clamp<size_t>(wanted, 1, epochs.size());
  return {{epochs.end() - static_cast<std::ptrdiff_t>(count), epochs.end()}};
}

Affinities read_affinities(const std::filesystem::path& file) {
  Affinities found;
  if (!std::filesystem::exists(file)) return found;
  std::istringstream in(read_file(file, kLargest));
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    try {
      const json entry = json::parse(line);
      found.epochs.push_back({entry.at("epoch").get<int64_t>(), edge_values(entry, "affinity"),
                              edge_values(entry, "cosine")});
    } catch (const json::exception&) {
      throw Error(ErrorKind::kData, file.string() + ":" + std::to_string(number) +
                                        ": not a line of measured affinities");
    }
  }
  return found;
}

}  // namespace tasuki
