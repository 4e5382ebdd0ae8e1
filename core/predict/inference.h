#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tasuki/config/config.h"

namespace tasuki {

// Windows over an image that the networks see one after another: row by row, `stride` apart, the
// last ones moved back to end where the image does. Logits are averaged where windows overlap (as
// MMSegmentation's "slide" mode does).
struct SlidingWindow {
  std::array<int64_t, 2> size;  // height, width in pixels of the networks' input; at least 1 each
  // Height, width; 0: two thirds of the size, rounded up.
  std::array<int64_t, 2> stride = {0, 0};

  // The windows' upper left corners (y, x) in an image of this size, and the size that they have
  // there: an image smaller than a window is one window.
  struct Layout {
    std::vector<std::array<int64_t, 2>> corners;
    std::array<int64_t, 2> size;
  };
  Layout layout(int64_t height, int64_t width) const;
};

// How images go through the networks: whole or by windows; and how many views of an image are
// averaged: each scale, as it is and, with `flip`, mirrored left to right. Of several views what is
// averaged is Task::scores(), after the field kind has undone what the view changes in values.
//
// Example:
//   const Inference inference = {.window = SlidingWindow{.size = {512, 512}}, .flip = true};
struct Inference {
  std::optional<SlidingWindow> window = {};
  bool flip = false;
  std::vector<double> scales = {1.0};  // of the networks' input, above 0; not empty

  size_t views() const { return scales.size() * (flip ? 2 : 1); }
};

// The config's `inference`. Error (kUsage), located, for sizes of 0 and scales that are not above
// 0.
Inference inference_of(const ResolvedConfig& config);

}  // namespace tasuki
