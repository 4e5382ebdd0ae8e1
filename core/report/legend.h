#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tasuki/report/html.h"

namespace tasuki::report {

struct ClassKey {
  std::string name;
  cv::Vec3b bgr;
};

// Which colour stands for what. Serves directions of normals as well as classes.
struct ClassLegend {
  std::string of;  // which pictures it explains: "label and prediction"
  std::vector<ClassKey> classes;
};

// A continuous scale. `low` has the colour map's first colour; low > high is a reversed map.
struct ColourBar {
  std::string of;
  std::string unit;
  double low = 0;
  double high = 1;
  std::string colormap;  // a name that colormap_names() lists
};

using Legend = std::variant<ClassLegend, ColourBar>;

bool operator==(const ClassKey& a, const ClassKey& b);
bool operator==(const ClassLegend& a, const ClassLegend& b);
bool operator==(const ColourBar& a, const ColourBar& b);

// OpenCV's colour maps by their names in lower case ("viridis", "turbo", ...), and "gray".
std::vector<std::string> colormap_names();
// `count` >= 2 colours (BGR) from one end of a colour map to the other, as cv::applyColorMap gives.
// Error (kRun) for an unknown name lists the known ones.
std::vector<cv::Vec3b> colormap_samples(const std::string& name, int count);

Html legend(const Legend& legend);

}  // namespace tasuki::report
