#include "datasets/pascal_context/human_parts.h"

#include "datasets/pascal_context/table_files.h"
#include "tasuki/error/error.h"
#include "tasuki/io/csv_table.h"

namespace tasuki::pascal_context {
namespace {

struct Group {
  size_t column;  // of parts.csv
  std::vector<std::string> names;
};

const std::map<size_t, Group>& groups() {
  static const std::map<size_t, Group> all = {
      {1, {1, {"background", "person"}}},
      {4, {2, {"background", "head", "torso", "arms", "legs"}}},
      {6,
       {3,
        {"background", "head", "torso", "upper arms", "lower arms", "upper legs", "lower legs"}}},
      {14,
       {4,
        {"background", "head", "torso", "right upper arm", "right lower arm", "right hand",
         "left upper arm", "left lower arm", "left hand", "right upper leg", "right lower leg",
         "right foot", "left upper leg", "left lower leg", "left foot"}}}};
  return all;
}

}  // namespace

HumanParts::HumanParts(size_t count) {
  const Group& group = groups().at(count);
  names_ = group.names;
  for (const auto& row : csv_rows(kParts)) index_[row[0]] = std::stoi(row[group.column]);
}

cv::Mat HumanParts::labels(const std::vector<Part>& parts, cv::Size size) const {
  if (parts.empty()) return {size, CV_32SC1, cv::Scalar(-1)};
  cv::Mat labels(parts[0].mask.size(), CV_32SC1, cv::Scalar(0));
  for (const auto& part : parts) {
    const auto index = index_.find(part.name);
    if (index == index_.end()) {
      throw Error(ErrorKind::kData, "\"" + part.name + "\" is no part of a person");
    }
    if (part.mask.size() != labels.size()) {
      throw Error(ErrorKind::kData, "the masks of its parts have more than one size");
    }
    labels.setTo(cv::Scalar(index->second), part.mask);
  }
  return labels;
}

}  // namespace tasuki::pascal_context
