#include "plugins/tasks/checks.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "core/error/error.h"

namespace tasuki::tasks {

void check_shapes(const torch::Tensor& logits, const torch::Tensor& label, int64_t channels,
                  int64_t label_channels) {
  TORCH_CHECK(logits.dim() == 4 && logits.size(1) == channels && logits.is_floating_point(),
              "logits must be floating [N, ", channels, ", H, W], not ", logits.sizes());
  const int64_t n = logits.size(0), h = logits.size(2), w = logits.size(3);
  if (label_channels == 0) {
    TORCH_CHECK(label.scalar_type() == torch::kLong && label.sizes().equals({n, h, w}),
                "labels must be int64 ", at::IntArrayRef({n, h, w}), ", not ", label.sizes());
  } else {
    TORCH_CHECK(label.is_floating_point() && label.sizes().equals({n, label_channels, h, w}),
                "labels must be floating ", at::IntArrayRef({n, label_channels, h, w}), ", not ",
                label.sizes());
  }
}

void check_label_range(const torch::Tensor& label, double least, double most,
                       const std::string& task, const std::string& range) {
  if (label.numel() == 0) return;
  const auto [low, high] = torch::aminmax(label);
  const double smallest = low.item<double>(), largest = high.item<double>();
  if (smallest >= least && largest <= most) return;
  const double wrong = std::isnan(smallest) ? std::abs(smallest)  // "nan", whatever its sign bit
                       : smallest >= least  ? largest
                                            : smallest;
  std::ostringstream message;
  message << task << ": label " << wrong << " is out of range: " << range;
  throw Error(ErrorKind::kData, message.str());
}

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

void describe_range(const std::string& range, int64_t outside, int64_t evaluated,
                    nlohmann::json& out) {
  const auto labelled = std::max<int64_t>(outside + evaluated, 1);
  out["range"] = range;
  out["out_of_range_pixels"] = outside;
  out["out_of_range_share"] = static_cast<double>(outside) / static_cast<double>(labelled);
}

}  // namespace tasuki::tasks
