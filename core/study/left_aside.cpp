#include "tasuki/study/left_aside.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <ostream>
#include <set>

#include "tasuki/error/error.h"
#include "tasuki/study/trial_result.h"

namespace tasuki {
namespace {

std::optional<uint64_t> seed_of(const std::string& folder_name) {
  const std::string begin = "seed_";
  if (!folder_name.starts_with(begin)) return {};
  uint64_t seed = 0;
  const char* end = folder_name.data() + folder_name.size();
  const auto read = std::from_chars(folder_name.data() + begin.size(), end, seed);
  if (read.ec != std::errc() || read.ptr != end) return {};
  return seed;
}

// What is damaged is nothing that could have been used.
bool is_finished(const std::filesystem::path& work_dir) {
  try {
    return progress_of(work_dir).finished;
  } catch (const Error&) {
    return false;
  }
}

std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  if (!std::filesystem::is_directory(folder)) return found;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    if (item.is_directory()) found.push_back(item.path());
  }
  return found;
}

}  // namespace

std::string left_aside(const std::filesystem::path& folder, const std::vector<uint64_t>& seeds) {
  std::map<uint64_t, std::set<std::string>> names;
  for (const auto& trial : folders_in(folder)) {
    for (const auto& work_dir : folders_in(trial)) {
      const auto seed = seed_of(work_dir.filename().string());
      if (!seed || std::count(seeds.begin(), seeds.end(), *seed) > 0) continue;
      if (is_finished(work_dir)) names[*seed].insert(trial.filename().string());
    }
  }
  std::vector<std::string> parts;
  for (const auto& [seed, trials] : names) {
    parts.push_back("seed " + std::to_string(seed) + " (" + join({trials.begin(), trials.end()}) +
                    ")");
  }
  return join(parts);
}

void print_left_aside(const std::filesystem::path& folder, const std::vector<uint64_t>& seeds,
                      std::ostream& out) {
  const auto left = left_aside(folder, seeds);
  if (left.empty()) return;
  out << "Left aside in " << folder.string() << ", their seeds are not asked for: " << left << "\n";
}

}  // namespace tasuki
