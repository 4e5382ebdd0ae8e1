#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

namespace tasuki::taskonomy {

// One image of a building: point_P_view_V.
struct View {
  uint32_t point = 0, view = 0;
  bool operator==(const View&) const = default;
  bool operator<(const View& other) const {
    return std::tie(point, view) < std::tie(other.point, other.view);
  }
};

// The images of a folder.
struct Listing {
  std::vector<View> views;  // by point and view
  bool from_index = false;  // read from the index file, not from the folder
  std::string
      not_written;  // why there is no index file now, "" where there is one or is to be none
};

// Images point_P_view_V_domain_rgb.png of a folder; other files don't count, and a folder that is
// not there has none. Error (kData) for a name "..._domain_rgb.png" without the two numbers.
std::vector<View> find_views(const std::filesystem::path& folder);

// The same by the index file, where that is whole and as old as the folder: adding, removing and
// renaming a file changes the time of its folder. Otherwise the folder is listed and the index file
// written; not where the folder changed less than two seconds ago, as a later change might bear the
// same time.
Listing indexed_views(const std::filesystem::path& folder, const std::filesystem::path& index);

// indexed_views of many folders, `parallel` at a time; an empty path of an index file: find_views.
// The Error of the first folder in order that has one.
struct Listed {
  std::filesystem::path folder, index;
};
std::vector<Listing> list_all(const std::vector<Listed>& folders, size_t parallel = 8);

}  // namespace tasuki::taskonomy
