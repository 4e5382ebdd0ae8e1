#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "tasuki/engine/experiment.h"
#include "tasuki/predict/inference.h"

namespace tasuki {

// Restores the mode of an experiment's networks, which is evaluation while this lives.
class EvaluationMode {
 public:
  explicit EvaluationMode(const Experiment& experiment);
  ~EvaluationMode();
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  const Experiment& experiment_;
  std::vector<bool> was_;  // of the model, then of the companions
};

// The prediction of every task, on the CPU, in the label's units and layout (Task::predict), for
// images on the networks' device [N,3,H,W]: of the part `content` of them, at `size` (height,
// width). One view is the task's prediction from its logits, bit for bit; of several, tasks decide
// by the mean of their scores. Networks are in the mode that they are in: see EvaluationMode.
std::map<std::string, torch::Tensor> predict_views(const Experiment& experiment,
                                                   const Inference& inference,
                                                   const torch::Tensor& images,
                                                   const cv::Rect& content,
                                                   const std::vector<int64_t>& size);
// The same of whole images at their own size.
std::map<std::string, torch::Tensor> predict_views(const Experiment& experiment,
                                                   const Inference& inference,
                                                   const torch::Tensor& images);

}  // namespace tasuki
