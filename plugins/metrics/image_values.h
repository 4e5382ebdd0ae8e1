#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tasuki/model/target_info.h"

namespace tasuki::metrics {

// float32 on the CPU, contiguous: what the metrics' loops walk over. Shape [channels, H, W].
torch::Tensor image_values(const torch::Tensor& value, int64_t channels);

// Error (kData) naming value, channel and pixel unless all of an image's values, made by
// image_values, are finite.
void check_finite(const torch::Tensor& prediction);

// Calls use(p, y) for every pixel of a prediction and its label, both [1, H, W], in order: what the
// metrics of one channel sum over. Errors of image_values and check_finite.
template <class Use>
void for_each_pixel(const torch::Tensor& prediction, const torch::Tensor& label, Use use) {
  const auto predicted = image_values(prediction, 1), labelled = image_values(label, 1);
  TORCH_CHECK(predicted.sizes() == labelled.sizes(), "prediction ", predicted.sizes(),
              " and label ", labelled.sizes(), " differ in size");
  check_finite(predicted);
  const float* p = predicted.data_ptr<float>();
  const float* y = labelled.data_ptr<float>();
  for (int64_t i = 0; i < predicted.numel(); ++i) use(p[i], y[i]);
}

// OptionError unless the task's labels are one number a pixel; `metric` is named.
void require_one_value(const TargetInfo& target, const std::string& metric);

// What Metric::details says of labels that lie outside the range which a task evaluates: "range",
// "out_of_range_pixels" and "out_of_range_share", a part of these and the evaluated ones.
void describe_range(const std::string& range, int64_t outside, int64_t evaluated,
                    nlohmann::json& out);

}  // namespace tasuki::metrics
