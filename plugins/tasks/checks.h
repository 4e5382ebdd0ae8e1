#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tasuki::tasks {

// Logits [N, channels, H, W] of a floating type and labels of the same N, H and W: float
// [N, label_channels, H, W], or int64 [N, H, W] for label_channels 0. Anything else is a mistake of
// the program, thrown as c10::Error.
void check_shapes(const torch::Tensor& logits, const torch::Tensor& label, int64_t channels,
                  int64_t label_channels);

// Error (kData) "task: label VALUE is out of range: range" unless least <= label <= most for every
// element; NaN is never in range.
void check_label_range(const torch::Tensor& label, double least, double most,
                       const std::string& task, const std::string& range);

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

// What Metrics::details says of labels that lie outside the range which a task evaluates: "range",
// "out_of_range_pixels" and "out_of_range_share", a part of these and the evaluated ones.
void describe_range(const std::string& range, int64_t outside, int64_t evaluated,
                    nlohmann::json& out);

// Logits for computing a loss: float64 stays, all else becomes float32 (under autocast logits may
// be bfloat16, too coarse for a sum over pixels).
inline torch::Tensor loss_precision(const torch::Tensor& logits) {
  return logits.scalar_type() == torch::kDouble ? logits : logits.to(torch::kFloat);
}

}  // namespace tasuki::tasks
