#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/taskonomy/buildings.h"

namespace tasuki::taskonomy {

// A kind of files: their folder, and the last word of their names, which may differ from it.
struct Domain {
  const char* folder;
  const char* ending;
};

inline constexpr Domain kImages{"rgb", "_domain_rgb.png"};
inline constexpr Domain kLabels{"segment_semantic", "_domain_segmentsemantic.png"};
inline constexpr Domain kDepths{"depth_zbuffer", "_domain_depth_zbuffer.png"};
inline constexpr Domain kDistances{"depth_euclidean", "_domain_depth_euclidean.png"};
inline constexpr Domain kNormals{"normal", "_domain_normal.png"};
// Both names of camera files are in use.
inline constexpr Domain kCameras{"point_info", "_domain_point_info.json"};
inline constexpr Domain kFixatedCameras{"point_info", "_domain_fixatedpose.json"};

// Where the files of an unpacked Taskonomy lie: rgb/taskonomy/BUILDING, rgb/BUILDING or
// BUILDING/rgb, whichever is there, and so for every domain.
class Tree {
 public:
  // Error (kData) where `root` has none of them for any of the buildings.
  Tree(std::filesystem::path root, const std::vector<Building>& buildings);

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path folder(const Domain& domain, const std::string& building) const;
  // Of a sample's id, "hanson/point_12_view_3".
  std::filesystem::path file(const Domain& domain, const std::string& id) const;

 private:
  enum class Layout { kDomainTaskonomyBuilding, kDomainBuilding, kBuildingDomain };

  std::filesystem::path root_;
  Layout layout_;
};

}  // namespace tasuki::taskonomy
