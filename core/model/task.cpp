#include "tasuki/model/task.h"

#include <torch/torch.h>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"

namespace tasuki {

std::string Task::label_error(const cv::Mat& label) const {
  return tasuki::field_kind(field_kind()).range_error(label);
}

torch::Tensor Task::scores(const torch::Tensor& logits) const {
  const auto& kind = tasuki::field_kind(field_kind());
  return kind.tensor_type() == FieldKind::TensorType::kIndex ? logits.softmax(1) : predict(logits);
}

torch::Tensor Task::decide(const torch::Tensor& scores) const {
  const auto& kind = tasuki::field_kind(field_kind());
  return kind.tensor_type() == FieldKind::TensorType::kIndex ? scores.argmax(1) : scores;
}

}  // namespace tasuki
