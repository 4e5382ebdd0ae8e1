#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tasuki/data/sample.h"

// An unpacked Taskonomy with drawn images: two views of each building, point_0_view_0 and
// point_10_view_2, each of one plane.
namespace tasuki::testing {

// The 35 buildings of size TINY.
extern const std::vector<std::string> kTinyBuildings;

class TaskonomyTree {
 public:
  enum class Layout { kBuildingDomain, kDomainBuilding, kDomainTaskonomyBuilding };

  // Writes it as `root`/taskonomy. Images are square, at least 18 pixels wide.
  TaskonomyTree(const std::filesystem::path& root, int side,
                const std::vector<std::string>& buildings = kTinyBuildings,
                Layout layout = Layout::kDomainTaskonomyBuilding);

  // Of "rgb" and "hanson".
  std::filesystem::path folder(const std::string& domain, const std::string& building) const;
  // Of "segment_semantic", "hanson/point_0_view_0" and "segmentsemantic.png".
  std::filesystem::path file(const std::string& domain, const std::string& id,
                             const std::string& ending) const;
  std::filesystem::path image(const std::string& id) const { return file("rgb", id, "rgb.png"); }
  // The folders of images look as if they had not changed for an hour.
  void age() const;

  // Unit normal of the plane that the first or the second view of a building shows: x right, y
  // down, z forward, facing the camera.
  static cv::Vec3d normal_of(int view);
  // Its depth in metres at a pixel.
  static double depth_of(int view, const Camera& camera, double x, double y);

 private:
  // Labels 0 to 17 in row 0, 4 elsewhere; stored depths 0 and 65535 and grey normals of 127 and 128
  // in the first pixels of row 1.
  void write_view(const std::string& building, int view) const;

  std::filesystem::path root_;
  int side_;
  std::vector<std::string> buildings_;
  Layout layout_;
};

// Field of view of every image, in radians.
constexpr double kTaskonomyView = 1.05;

}  // namespace tasuki::testing
