#pragma once

#include <opencv2/core.hpp>

namespace tasuki::tasks {

// Colour (BGR) of pixels without a label, in all pictures; no class has a grey.
inline const cv::Vec3b kVoidColor{128, 128, 128};

// Colour (BGR) of class `index` >= 0, always the same: 64 colours chosen to be told apart with
// normal sight, protanopia and deuteranopia, best among the first; from class 64 on the same again,
// darker each time.
cv::Vec3b class_color(int index);

}  // namespace tasuki::tasks
