#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

// The layout of PASCAL_MT with drawn pictures: ids 2008_000001 to 2008_000010 to train on,
// 2008_000011 and 2008_000012 to validate on.
namespace tasuki::testing {

struct DrawnPart {
  std::string name;
  cv::Rect where;
};
// An object of PASCAL-Part; class 15 is a person.
struct DrawnObject {
  int class_index = 15;
  std::vector<DrawnPart> parts{};
};

class PascalTree {
 public:
  // Writes it as `root`/PASCAL_MT. At least 30 pixels wide and 24 high.
  PascalTree(const std::filesystem::path& root, cv::Size size);

  // 11 -> "2008_000011".
  static std::string id_of(int number);
  // Of "human_parts", an id and ".mat".
  std::filesystem::path file(const std::string& folder, const std::string& id,
                             const std::string& ending) const;
  // The file of PASCAL-Context: variable LabelMap.
  void write_labels(const std::string& id, const cv::Mat& labels) const;
  // The file of PASCAL-Part: variable anno.
  void write_objects(const std::string& id, const std::vector<DrawnObject>& objects) const;

 private:
  // Left half wall (label 440), right half sky (360), class 15 of VOC with a border of 255; a
  // person with a head and a torso; normals that face the camera; the upper half salient.
  void write_frame(int number) const;

  std::filesystem::path folder_;
  cv::Size size_;
};

}  // namespace tasuki::testing
