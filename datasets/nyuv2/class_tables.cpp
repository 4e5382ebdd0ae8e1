#include "datasets/nyuv2/class_tables.h"

#include <sstream>

#include "datasets/nyuv2/class_files.h"

namespace tasuki::nyuv2 {
namespace {

constexpr int kOtherprop = 40;

// Names of the 13 classes by index: classNames of class13Mapping.mat.
const std::vector<std::string> kNames13 = {"bed",       "books",   "ceiling", "chair", "floor",
                                           "furniture", "objects", "picture", "sofa",  "table",
                                           "tv",        "wall",    "window"};

struct Table {
  std::vector<std::string> names;
  std::vector<int> groups;  // from 1 on
};

// Lines "number,name,group" in the order of their numbers, after comments and a line of titles.
Table parse(const char* text) {
  Table table;
  std::istringstream lines(text);
  bool titles = true;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (std::exchange(titles, false)) continue;
    const size_t first = line.find(','), last = line.rfind(',');
    table.names.push_back(line.substr(first + 1, last - first - 1));
    table.groups.push_back(std::stoi(line.substr(last + 1)));
    CV_Assert(std::stoul(line) == table.names.size());
  }
  return table;
}

}  // namespace

Classes classes_of(size_t count, bool otherprop_is_void) {
  const Table all = parse(kClasses894), forty = parse(kClasses40);
  Classes classes;
  classes.names = count == 13 ? kNames13 : count == 40 ? forty.names : all.names;
  if (count == 40 && otherprop_is_void) classes.names.pop_back();
  classes.meaning.classes.push_back(-1);
  for (size_t i = 0; i < all.groups.size(); ++i) {
    const int group = all.groups[i];
    const int index = count == 894  ? static_cast<int>(i)
                      : count == 40 ? group - 1
                                    : forty.groups[static_cast<size_t>(group - 1)] - 1;
    const bool is_void = otherprop_is_void && count != 894 && group == kOtherprop;
    classes.meaning.classes.push_back(is_void ? -1 : index);
  }
  return classes;
}

}  // namespace tasuki::nyuv2
