#include "plugins/tasks/palette.h"

#include <array>

namespace tasuki::tasks {
namespace {

// BGR. The first seven are those of Okabe and Ito ("Color universal design", 2008) without black.
// Each further one is the colour of a 15-step RGB grid that lies farthest from void, black and all
// before it, where far means the least of three CIELAB distances: as seen with normal sight, with
// protanopia and with deuteranopia (simulated after Machado et al., IEEE TVCG 15(6), 2009).
constexpr std::array<std::array<unsigned char, 3>, 64> kColors = {
    {{0, 159, 230},  {233, 180, 86},  {115, 158, 0},   {66, 228, 240},  {178, 114, 0},
     {0, 94, 213},   {167, 121, 204}, {255, 0, 0},     {165, 30, 45},   {180, 240, 225},
     {15, 45, 105},  {90, 0, 105},    {255, 255, 120}, {255, 60, 195},  {105, 165, 255},
     {60, 75, 30},   {180, 180, 225}, {60, 120, 105},  {135, 45, 45},   {195, 0, 0},
     {135, 90, 120}, {255, 120, 195}, {75, 30, 255},   {120, 255, 195}, {0, 60, 150},
     {75, 0, 165},   {210, 195, 75},  {210, 90, 60},   {135, 180, 210}, {135, 75, 60},
     {180, 30, 210}, {240, 45, 120},  {255, 210, 180}, {60, 150, 210},  {210, 255, 150},
     {75, 210, 195}, {105, 30, 240},  {135, 240, 120}, {0, 255, 210},   {105, 15, 165},
     {45, 0, 120},   {210, 105, 165}, {210, 240, 0},   {45, 75, 105},   {150, 180, 120},
     {90, 150, 165}, {165, 45, 105},  {255, 120, 0},   {150, 135, 255}, {210, 60, 0},
     {90, 195, 105}, {180, 210, 225}, {0, 195, 240},   {180, 105, 210}, {15, 105, 30},
     {120, 0, 135},  {0, 150, 0},     {195, 30, 150},  {45, 120, 135},  {195, 150, 135},
     {105, 75, 90},  {180, 150, 225}, {225, 225, 30},  {255, 150, 240}}};

}  // namespace

cv::Vec3b class_color(int index) {
  const auto count = static_cast<int>(kColors.size());
  const auto& bgr = kColors[static_cast<size_t>(index % count)];
  const double shade = 1.0 / (1 + index / count);
  return {cv::saturate_cast<uchar>(bgr[0] * shade), cv::saturate_cast<uchar>(bgr[1] * shade),
          cv::saturate_cast<uchar>(bgr[2] * shade)};
}

}  // namespace tasuki::tasks
