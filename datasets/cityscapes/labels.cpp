#include "datasets/cityscapes/labels.h"

#include "datasets/cityscapes/class_files.h"
#include "tasuki/error/error.h"
#include "tasuki/io/csv_table.h"

namespace tasuki::cityscapes {
namespace {

constexpr int kHumanParts = 4, kVehicleParts = 5;
constexpr int kWrong = -1;

// Of the 7 categories by index.
const std::vector<std::string> kCategories = {"flat", "construction", "object", "nature",
                                              "sky",  "human",        "vehicle"};

bool is_human(int label) {
  return label == 24 || label == 25;  // person, rider
}

bool is_vehicle(int label) {
  return label == 26 || label == 27 || label == 28;  // car, truck, bus
}

int part_of(int uid) {
  constexpr int kLargestLabel = 33;
  const bool has_part = uid >= 100000;
  const int label = has_part ? uid / 100000 : uid >= 1000 ? uid / 1000 : uid;
  if (uid < 0 || label > kLargestLabel) return kWrong;
  const int part = has_part ? uid % 100 : 0;
  const int most = is_human(label) ? kHumanParts : is_vehicle(label) ? kVehicleParts : 0;
  if (part > most) return kWrong;
  return part > 0 && is_vehicle(label) ? kHumanParts + part : part;
}

}  // namespace

Labels labels_of(size_t count) {
  Labels labels;
  if (count == 7) labels.names = kCategories;
  for (const auto& row : csv_rows(kClasses)) {
    const int index = std::stoi(row[count == 7 ? 3 : 2]);
    labels.meaning.classes.push_back(index);
    if (count == 19 && index >= 0) labels.names.push_back(row[1]);
  }
  return labels;
}

const std::vector<std::string>& part_names() {
  static const std::vector<std::string> names = {
      "background",     "human torso",    "human head",
      "human arms",     "human legs",     "vehicle windows",
      "vehicle wheels", "vehicle lights", "vehicle licence plate",
      "vehicle chassis"};
  return names;
}

cv::Mat parts_of(const cv::Mat& uids) {
  if (uids.type() != CV_32SC1) {
    throw Error(ErrorKind::kData, "one channel of 32-bit integers is expected");
  }
  cv::Mat parts(uids.size(), CV_32SC1);
  for (int y = 0; y < uids.rows; ++y) {
    for (int x = 0; x < uids.cols; ++x) {
      const int part = part_of(uids.at<int>(y, x));
      if (part == kWrong) {
        throw Error(ErrorKind::kData, "uid " + std::to_string(uids.at<int>(y, x)) + " at (x " +
                                          std::to_string(x) + ", y " + std::to_string(y) +
                                          ") is no label, instance and part");
      }
      parts.at<int>(y, x) = part;
    }
  }
  return parts;
}

}  // namespace tasuki::cityscapes
