#include "pipelines/transforms/normalize.pb.h"

#include <algorithm>
#include <cmath>

#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

using Numbers = google::protobuf::RepeatedField<float>;

std::array<float, 3> three(const Numbers& given, const std::string& field) {
  require_option(given.size() == 3, field, "three numbers, for R, G and B, are needed");
  std::array<float, 3> values;
  std::copy(given.begin(), given.end(), values.begin());
  for (const float value : values) {
    require_option(std::isfinite(value), field, "the numbers must be finite");
  }
  return values;
}

class Normalize final : public Transform {
 public:
  Normalize(const options::Normalize& options, const Transform::Context&)
      : normalization_{three(options.mean(), "mean"),
                       three(options.standard_deviation(), "standard_deviation")} {}

  bool random() const override { return false; }
  void apply(Sample& sample, cv::RNG&) const override { sample.normalization = normalization_; }

 private:
  const Normalization normalization_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::Normalize, tasuki::options::Normalize,
                "tasuki/Normalize");
