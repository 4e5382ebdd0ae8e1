#include "datasets/taskonomy/tree.h"

#include <algorithm>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki::taskonomy {

namespace fs = std::filesystem;

Tree::Tree(fs::path root, const std::vector<Building>& buildings) : root_(std::move(root)) {
  if (is_folder(root_ / "rgb/taskonomy")) {
    layout_ = Layout::kDomainTaskonomyBuilding;
  } else if (is_folder(root_ / "rgb")) {
    layout_ = Layout::kDomainBuilding;
  } else if (std::any_of(buildings.begin(), buildings.end(), [&](const Building& building) {
               return is_folder(root_ / building.name / "rgb");
             })) {
    layout_ = Layout::kBuildingDomain;
  } else {
    throw Error(ErrorKind::kData,
                root_.string() +
                    " has neither rgb/taskonomy, nor rgb, nor BUILDING/rgb for a building of the "
                    "size: unpack the archives as datasets/taskonomy/README.md says");
  }
}

fs::path Tree::folder(const Domain& domain, const std::string& building) const {
  switch (layout_) {
    case Layout::kDomainTaskonomyBuilding:
      return root_ / domain.folder / "taskonomy" / building;
    case Layout::kDomainBuilding:
      return root_ / domain.folder / building;
    default:
      return root_ / building / domain.folder;
  }
}

fs::path Tree::file(const Domain& domain, const std::string& id) const {
  const size_t slash = id.find('/');
  return folder(domain, id.substr(0, slash)) / (id.substr(slash + 1) + domain.ending);
}

}  // namespace tasuki::taskonomy
