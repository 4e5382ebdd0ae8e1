#include "tasuki/config/config_change.h"

#include <sstream>

namespace tasuki {
namespace {

std::string shown_line(bool there, const std::string& line) {
  const auto start = line.find_first_not_of(' ');
  return !there ? "nothing" : "\"" + line.substr(start == std::string::npos ? 0 : start) + "\"";
}

}  // namespace

std::string config_change(const std::string& kept, const std::string& asked,
                          const std::string& what) {
  std::istringstream old_lines(kept), new_lines(asked);
  std::string before, after;
  for (int number = 1;; ++number) {
    const bool more_old = bool(std::getline(old_lines, before));
    const bool more_new = bool(std::getline(new_lines, after));
    if (!more_old && !more_new) return "";
    if (more_old && more_new && before == after) continue;
    return "line " + std::to_string(number) + " of " + what + " was " +
           shown_line(more_old, before) + " and now is " + shown_line(more_new, after);
  }
}

}  // namespace tasuki
