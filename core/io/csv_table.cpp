#include "tasuki/io/csv_table.h"

#include <sstream>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(',', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

}  // namespace

std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  size_t columns = 0;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    auto cells = cells_of(line);
    if (columns == 0) {
      columns = cells.size();
      continue;
    }
    if (cells.size() != columns) {
      throw Error(ErrorKind::kData, "line " + std::to_string(number) + " has " +
                                        std::to_string(cells.size()) + " cells where " +
                                        std::to_string(columns) + " are expected");
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

}  // namespace tasuki
