#include "tasuki/config/path.h"

#include <algorithm>

#include "tasuki/config/utf8.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

// Each step is a level of recursion and of message nesting.
constexpr size_t kMostSteps = 64;

PathStep parse_step(const std::string& path, size_t& at) {
  const size_t end = std::min(path.find_first_of(".[", at), path.size());
  PathStep step{path.substr(at, end - at), std::nullopt};
  require_option(!step.field.empty(), path, "is not a path: a field's name is empty");
  at = end;
  if (at < path.size() && path[at] == '[') {
    const size_t close = path.find(']', at);
    require_option(close != std::string::npos, path, "is not a path: a \"[\" is not closed");
    step.key = path.substr(at + 1, close - at - 1);
    require_option(!step.key->empty(), path, "is not a path: there is nothing in \"[]\"");
    at = close + 1;
  }
  return step;
}

}  // namespace

std::vector<PathStep> parse_path(const std::string& path) {
  std::vector<PathStep> steps;
  size_t at = 0;
  while (true) {
    steps.push_back(parse_step(path, at));
    require_option(steps.size() <= kMostSteps, path, "is not a path: it has too many steps");
    if (at == path.size()) return steps;
    require_option(path[at] == '.', path, "is not a path: after \"]\" comes \".\" or the end");
    ++at;
  }
}

std::string child_path(const std::string& parent, const std::string& field) {
  return parent.empty() ? field : parent + "." + field;
}

std::string element_path(const std::string& list, const std::string& key) {
  return list + "[" + key + "]";
}

std::string name_problem(const std::string& name) {
  const auto bad = [](unsigned char c) { return c < ' ' || c == '[' || c == ']'; };
  if (std::any_of(name.begin(), name.end(), bad)) {
    return "its name has a bracket or a control character";
  }
  return is_plain_utf8(name) ? "" : "its name is not UTF-8 text";
}

std::string parent_path(const std::string& path) {
  const size_t cut = !path.empty() && path.back() == ']' ? path.rfind('[') : path.rfind('.');
  return cut == std::string::npos ? "" : path.substr(0, cut);
}

}  // namespace tasuki
