#include "pipelines/transforms/normals_from_depth.pb.h"

#include <algorithm>

#include "core/data/transform.h"
#include "core/registry/registry.h"
#include "pipelines/transforms/plane_fit.h"

namespace tasuki::transforms {
namespace {

PlaneFit plane_fit(const options::NormalsFromDepth& options) {
  PlaneFit fit;
  if (options.has_window()) fit.window = static_cast<int>(std::min(options.window(), 1u << 16));
  if (options.has_gate()) fit.gate = options.gate();
  if (options.has_depth_step()) fit.depth_step = options.depth_step();
  if (options.has_scales()) {
    fit.scales = static_cast<int>(std::min<uint32_t>(options.scales(), PlaneFit::kMostScales + 1));
  }
  if (options.has_noise()) fit.noise = options.noise();
  if (options.has_least_neighbours()) {
    fit.least_neighbours = static_cast<int>(std::min(options.least_neighbours(), 1u << 16));
  }
  require_option(fit.window >= 3 && fit.window <= 127 && fit.window % 2 == 1, "window",
                 "must be an odd number from 3 to 127");
  require_option(fit.gate > 0 && fit.gate <= 1, "gate", "must be above 0 and at most 1");
  require_option(fit.depth_step >= 0 && fit.depth_step <= 10, "depth_step", "must be 0 to 10 m");
  require_option(fit.scales >= 1 && fit.scales <= PlaneFit::kMostScales, "scales",
                 "must be 1 to " + std::to_string(PlaneFit::kMostScales));
  require_option(fit.noise >= 0 && fit.noise <= 1, "noise", "must be 0 to 1 m");
  require_option(fit.least_neighbours >= 3, "least_neighbours", "a plane needs at least 3");
  return fit;
}

class NormalsFromDepth final : public Transform {
 public:
  NormalsFromDepth(const options::NormalsFromDepth& options, const Transform::Context&)
      : depth_(options.has_depth() ? options.depth() : "depth"),
        normals_(options.has_normals() ? options.normals() : "normal"),
        fit_(plane_fit(options)),
        kind_(field_kind("tasuki/normals")) {}

  bool random() const override { return false; }
  std::vector<std::string> inputs() const override { return {depth_}; }

  void apply(Sample& sample, cv::RNG&) const override {
    const cv::Mat& depth = sample.field(depth_).value;
    if (depth.type() != CV_32FC1) {
      throw Error(ErrorKind::kData, place(sample) + ": field " + depth_ + " is no depth map");
    }
    if (!sample.camera) {
      throw Error(ErrorKind::kData,
                  place(sample) + ": the sample has no camera; give the data set's `camera`");
    }
    sample.fields[normals_] = {&kind_, normals_from_depth(depth, *sample.camera, fit_), ""};
  }

 private:
  static std::string place(const Sample& sample) {
    return "sample " + sample.id + ": NormalsFromDepth";
  }

  const std::string depth_;
  const std::string normals_;
  const PlaneFit fit_;
  const FieldKind& kind_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::NormalsFromDepth,
                tasuki::options::NormalsFromDepth, "tasuki/NormalsFromDepth");
