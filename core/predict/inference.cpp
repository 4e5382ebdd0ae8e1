#include "tasuki/predict/inference.h"

#include <algorithm>
#include <cmath>

namespace tasuki {
namespace {

// Where windows of `size` begin along one side.
std::vector<int64_t> starts(int64_t length, int64_t size, int64_t stride) {
  std::vector<int64_t> found;
  for (int64_t start = 0;; start += stride) {
    found.push_back(std::min(start, length - size));
    if (start + size >= length) return found;
  }
}

SlidingWindow window_of(const ResolvedConfig& config) {
  const auto& given = config.message().inference().sliding_window();
  const std::string path = "inference.sliding_window";
  if (given.height() == 0 || given.width() == 0) {
    throw config.error(path, "a window has a height and a width in pixels, at least 1 each");
  }
  for (const auto& [name, stride, size] :
       {std::tuple{"stride_height", given.stride_height(), given.height()},
        std::tuple{"stride_width", given.stride_width(), given.width()}}) {
    if (stride <= size) continue;
    throw config.error(path + "." + name, std::to_string(stride) +
                                              " leaves gaps between windows of " +
                                              std::to_string(size) + " pixels");
  }
  return {{given.height(), given.width()}, {given.stride_height(), given.stride_width()}};
}

}  // namespace

SlidingWindow::Layout SlidingWindow::layout(int64_t height, int64_t width) const {
  Layout found;
  std::array<std::vector<int64_t>, 2> along;
  for (size_t side = 0; side < 2; ++side) {
    const auto length = side == 0 ? height : width;
    found.size[side] = std::min(size[side], length);
    const auto step = stride[side] > 0 ? stride[side] : (2 * size[side] + 2) / 3;
    along[side] = starts(length, found.size[side], step);
  }
  for (const auto y : along[0]) {
    for (const auto x : along[1]) found.corners.push_back({y, x});
  }
  return found;
}

Inference inference_of(const ResolvedConfig& config) {
  const auto& given = config.message().inference();
  Inference inference;
  if (given.has_sliding_window()) inference.window = window_of(config);
  inference.flip = given.flip();
  if (given.scale_size() > 0) inference.scales.assign(given.scale().begin(), given.scale().end());
  return inference;
}

}  // namespace tasuki
