#include "tasuki/system/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tasuki {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

bool lists(const std::string& text, const std::string& name) {
  const auto parts = split(text, ',');
  return std::find(parts.begin(), parts.end(), name) != parts.end();
}

// A hierarchy of control groups that may hold quotas: version 2's, or version 1's with the
// controller "cpu".
struct Hierarchy {
  bool second = false;
  std::string top;   // the group that is mounted
  std::string path;  // the folder where
};

// proc(5), /proc/pid/mountinfo: id, parent, device, root, mount point, options, optional fields up
// to "-", type, source, options of the file system.
std::vector<Hierarchy> hierarchies(const fs::path& root) {
  std::vector<Hierarchy> found;
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 5 || words.end() - dash < 4) continue;
    const bool second = dash[1] == "cgroup2";
    if (second || (dash[1] == "cgroup" && lists(dash[3], "cpu"))) {
      found.push_back({second, words[3], words[4]});
    }
  }
  return found;
}

// cgroups(7), /proc/pid/cgroup: hierarchy:controllers:path, version 2's as 0::path.
std::string group_of_process(const fs::path& root, bool second) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':'), last = line.find(':', first + 1);
    if (first == std::string::npos || last == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, last - first - 1);
    if (second ? controllers.empty() : lists(controllers, "cpu")) return line.substr(last + 1);
  }
  return "/";
}

std::optional<double> quota_of(const fs::path& group, bool second) {
  std::string quota;
  double period = 0;
  if (second) {
    std::ifstream in(group / "cpu.max");
    if (!(in >> quota >> period)) return {};
  } else {
    std::ifstream quota_in(group / "cpu.cfs_quota_us"), period_in(group / "cpu.cfs_period_us");
    if (!(quota_in >> quota) || !(period_in >> period)) return {};
  }
  char* end = nullptr;
  const double time = std::strtod(quota.c_str(), &end);  // "max" and -1: no quota
  if (*end != 0 || !(time > 0) || !(period > 0)) return {};
  return time / period;
}

// The process's group as a path below the one that is mounted. In a container it may be told from
// outside, where nothing of it is to be seen.
fs::path below_top(const std::string& group, const std::string& top) {
  const auto path = fs::path(group).lexically_relative(top);
  const bool inside = !path.empty() && *path.begin() != "..";
  return inside && group.find("..") == std::string::npos ? path : fs::path(".");
}

int processors_to_run_on() {
  for (int count = CPU_SETSIZE; count <= 1 << 20; count *= 2) {
    cpu_set_t* const set = CPU_ALLOC(size_t(count));
    if (set == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(size_t(count));
    const bool known = sched_getaffinity(0, size, set) == 0;
    const int allowed = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return std::max(allowed, 1);
  }
  return std::max(1, int(sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

std::optional<double> quota_of_processors(const fs::path& root) {
  std::optional<double> least;
  for (const auto& hierarchy : hierarchies(root)) {
    const auto mounted = (root / fs::path(hierarchy.path).relative_path()).lexically_normal();
    auto group = mounted / below_top(group_of_process(root, hierarchy.second), hierarchy.top);
    group = group.lexically_normal();
    for (;; group = group.parent_path()) {
      const auto quota = quota_of(group, hierarchy.second);
      if (quota && (!least || *quota < *least)) least = quota;
      if (group == mounted || !group.has_relative_path()) break;
    }
  }
  return least;
}

int usable_processors(const fs::path& root) {
  const int allowed = processors_to_run_on();
  const auto quota = quota_of_processors(root);
  return quota ? std::min(allowed, std::max(1, int(std::ceil(*quota)))) : allowed;
}

int usable_processors() {
  return usable_processors("/");
}

}  // namespace tasuki
