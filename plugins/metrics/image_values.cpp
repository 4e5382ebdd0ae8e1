#include "plugins/metrics/image_values.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tasuki/error/error.h"
#include "tasuki/registry/registry.h"

namespace tasuki::metrics {

torch::Tensor image_values(const torch::Tensor& value, int64_t channels) {
  TORCH_CHECK(value.dim() == 3 && value.size(0) == channels, "an image's values must be [",
              channels, ", H, W], not ", value.sizes());
  return value.detach().to(torch::kCPU, torch::kFloat).contiguous();
}

void check_finite(const torch::Tensor& prediction) {
  const float* values = prediction.data_ptr<float>();
  for (int64_t i = 0; i < prediction.numel(); ++i) {
    if (std::isfinite(values[i])) continue;
    const int64_t width = prediction.size(2), pixel = i % (prediction.size(1) * width);
    std::ostringstream message;
    message << "prediction is " << values[i] << " at (x " << pixel % width << ", y "
            << pixel / width << ", channel " << i / (prediction.size(1) * width)
            << "): only finite values can be measured";
    throw Error(ErrorKind::kData, message.str());
  }
}

void require_one_value(const TargetInfo& target, const std::string& metric) {
  require_option(!target.is_index && target.channels == 1, "",
                 metric + " compares one number a pixel, which labels of kind " +
                     target.field_kind + " are not");
}

void describe_range(const std::string& range, int64_t outside, int64_t evaluated,
                    nlohmann::json& out) {
  const auto labelled = std::max<int64_t>(outside + evaluated, 1);
  out["range"] = range;
  out["out_of_range_pixels"] = outside;
  out["out_of_range_share"] = static_cast<double>(outside) / static_cast<double>(labelled);
}

}  // namespace tasuki::metrics
