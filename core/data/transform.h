#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tasuki/data/sample.h"

namespace tasuki {

// Sample -> sample. Thread-safe and const; random ones draw from `random` only, which is seeded by
// (run seed, epoch, index), so that a sample is the same whatever worker makes it. One that moves
// pixels moves the camera and the padding with them.
class Transform {
 public:
  static constexpr const char* kKind = "Transform";
  struct Context {};

  virtual ~Transform() = default;

  virtual void apply(Sample& sample, cv::RNG& random) const = 0;
  // False: the result depends on the sample alone. The transforms before the first random one are
  // the pipeline's deterministic prefix, whose result may be cached.
  virtual bool random() const = 0;
  // Fields that must be there beside the image: prediction has an image alone, and leaves out the
  // transforms that need more.
  virtual std::vector<std::string> inputs() const { return {}; }
};

}  // namespace tasuki
