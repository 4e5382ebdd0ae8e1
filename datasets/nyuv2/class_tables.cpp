#include "datasets/nyuv2/class_tables.h"

#include "datasets/nyuv2/class_files.h"
#include "tasuki/io/csv_table.h"

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

Table table_of(const char* text) {
  Table table;
  for (const auto& row : csv_rows(text)) {
    table.names.push_back(row[1]);
    table.groups.push_back(std::stoi(row[2]));
    CV_Assert(std::stoul(row[0]) == table.names.size());
  }
  return table;
}

}  // namespace

Classes classes_of(size_t count, bool otherprop_is_void) {
  const Table all = table_of(kClasses894), forty = table_of(kClasses40);
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
