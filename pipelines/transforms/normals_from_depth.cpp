#include "pipelines/transforms/normals_from_depth.pb.h"

#include <algorithm>

#include "pipelines/transforms/plane_fit.h"
#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

PlaneFit plane_fit(const options::NormalsFromDepth& options) {
  PlaneFit fit;
  fit.window = static_cast<int>(options.window());
  fit.gate = options.gate();
  fit.depth_step = options.depth_step();
  fit.scales = static_cast<int>(options.scales());
  fit.noise = options.noise();
  fit.least_neighbours = static_cast<int>(std::min(options.least_neighbours(), 1u << 16));
  require_option(fit.window % 2 == 1, "window", "must be an odd number");
  return fit;
}

class NormalsFromDepth final : public Transform {
 public:
  NormalsFromDepth(const options::NormalsFromDepth& options, const Transform::Context&)
      : depth_(options.depth()),
        normals_(options.normals()),
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
