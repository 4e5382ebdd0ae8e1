#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

// The official tree of Cityscapes with drawn frames: cities aachen and bremen of four frames and
// ulm of two to train on, lindau of two to validate on.
namespace tasuki::testing {

class CityscapesTree {
 public:
  // Writes it as `root`/cityscapes. At least 34 pixels wide and 4 high.
  CityscapesTree(const std::filesystem::path& root, cv::Size size);

  // "train/aachen", 3 -> "train/aachen/aachen_000003_000019".
  static std::string id_of(const std::string& city, int number);
  // Of "gtFine", an id and "gtFine_labelIds.png".
  std::filesystem::path file(const std::string& folder, const std::string& id,
                             const std::string& ending) const;
  // Label 7 but for the first pixels of row 1, which have these.
  void write_parts(const std::string& id, const std::vector<int>& uids) const;

 private:
  // Labels 0 to 33 in row 0; 20 pixels of disparity, but for 0, 1 and 65535 stored in row 0.
  void write_frame(const std::string& city, int number) const;

  std::filesystem::path folder_;
  cv::Size size_;
};

// A camera file as it is given out: focal length 2262.52 pixels, baseline 0.209313 m.
extern const char* const kCityscapesCamera;

}  // namespace tasuki::testing
