#include <cmath>

#include "datasets/cityscapes/stereo.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {

// One camera file of Cityscapes.
void fuzz_camera(std::string_view bytes) {
  const auto file = write_input("input.json", bytes);
  const auto camera =
      answer_of(ErrorKind::kData, file, [&] { return cityscapes::read_camera(file); });
  if (!camera) return;
  const auto& [fx, fy, cx, cy] = camera->intrinsic;
  for (const double positive : {fx, fy, camera->baseline}) {
    require(positive > 0 && std::isfinite(positive), "lengths are above 0 and finite");
  }
  require(std::isfinite(cx) && std::isfinite(cy), "the principal point is finite");
}

}  // namespace tasuki::fuzz
