#include "tests/datasets/cityscapes/official_tree.h"

#include <map>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"

namespace tasuki::testing {

const char* const kCityscapesCamera = R"({
    "extrinsic": {"baseline": 0.209313, "pitch": 0.038, "roll": 0.0, "x": 1.7, "y": 0.1,
                  "yaw": -0.0195, "z": 1.22},
    "intrinsic": {"fx": 2262.52, "fy": 2265.3017905988554, "u0": 1096.98, "v0": 513.137}})";

CityscapesTree::CityscapesTree(const std::filesystem::path& root, cv::Size size)
    : folder_(root / "cityscapes"), size_(size) {
  const std::map<std::string, int> frames = {
      {"train/aachen", 4}, {"train/bremen", 4}, {"train/ulm", 2}, {"val/lindau", 2}};
  for (const auto& [city, count] : frames) {
    for (int i = 0; i < count; ++i) write_frame(city, i);
  }
}

std::string CityscapesTree::id_of(const std::string& city, int number) {
  return city + "/" + city.substr(city.find('/') + 1) + "_00000" + std::to_string(number) +
         "_000019";
}

std::filesystem::path CityscapesTree::file(const std::string& folder, const std::string& id,
                                           const std::string& ending) const {
  return folder_ / folder / (id + "_" + ending);
}

void CityscapesTree::write_frame(const std::string& city, int number) const {
  const auto id = id_of(city, number);
  write_image(file("leftImg8bit", id, "leftImg8bit.png"),
              cv::Mat(size_, CV_8UC3, cv::Scalar(1, 2, 3 + number)));
  cv::Mat labels(size_, CV_8UC1, cv::Scalar(0));
  for (int i = 0; i < 34; ++i) labels.at<uchar>(0, i) = uchar(i);
  write_image(file("gtFine", id, "gtFine_labelIds.png"), labels);
  cv::Mat disparity(size_, CV_16UC1, cv::Scalar(1 + 256 * 20));
  disparity.at<ushort>(0, 0) = 0;
  disparity.at<ushort>(0, 1) = 1;
  disparity.at<ushort>(0, 2) = 65535;
  write_image(file("disparity", id, "disparity.png"), disparity);
  write_file_atomically(file("camera", id, "camera.json"), kCityscapesCamera);
  write_parts(id, {7, 24, 24007, 2401201, 2600105});
}

void CityscapesTree::write_parts(const std::string& id, const std::vector<int>& uids) const {
  cv::Mat parts(size_, CV_32SC1, cv::Scalar(7));
  for (size_t i = 0; i < uids.size(); ++i) parts.at<int>(1, int(i)) = uids[i];
  const auto path = file("gtFinePanopticParts", id, "gtFinePanopticParts.tif");
  std::filesystem::create_directories(path.parent_path());
  if (!cv::imwrite(path.string(), parts)) throw std::runtime_error("no TIFF is written");
}

}  // namespace tasuki::testing
