#include "tasuki/config/origin.h"

#include <utility>
#include <vector>

#include "tasuki/config/path.h"

namespace tasuki {
namespace {

bool is_at_or_below(const std::string& path, const std::string& top) {
  if (path.compare(0, top.size(), top) != 0) return false;
  return path.size() == top.size() || path[top.size()] == '.' || path[top.size()] == '[';
}

}  // namespace

std::string Origin::text(bool with_column) const {
  if (line == 0) return file;
  std::string place = file + ":" + std::to_string(line);
  if (with_column) place += ":" + std::to_string(column);
  return place;
}

void Origins::add(const Origins& later) {
  for (const auto& [path, origin] : later.by_path_) by_path_[path] = origin;
}

void Origins::erase(const std::string& path) {
  auto it = by_path_.lower_bound(path);
  while (it != by_path_.end() && it->first.compare(0, path.size(), path) == 0) {
    it = is_at_or_below(it->first, path) ? by_path_.erase(it) : std::next(it);
  }
}

void Origins::move(const std::string& from, const std::string& to) {
  std::vector<std::pair<std::string, Origin>> moved;
  for (auto it = by_path_.lower_bound(from);
       it != by_path_.end() && it->first.compare(0, from.size(), from) == 0; ++it) {
    if (is_at_or_below(it->first, from)) {
      moved.emplace_back(to + it->first.substr(from.size()), it->second);
    }
  }
  erase(from);
  erase(to);
  for (auto& [path, origin] : moved) by_path_[path] = std::move(origin);
}

const Origin* Origins::nearest(const std::string& path) const {
  for (std::string at = path; !at.empty(); at = parent_path(at)) {
    const auto found = by_path_.find(at);
    if (found != by_path_.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace tasuki
