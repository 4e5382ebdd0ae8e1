#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasuki/loader/batch.h"
#include "tasuki/model/model_task.h"

namespace tasuki::tests {

// The task registered as `name`, made from options in protobuf's text format.
std::unique_ptr<Task> make_task(const std::string& name, const std::string& options = "",
                                Task::Context context = {"task", {}, false});
// The same with losses and metrics: the task "task" of a config, in which `parts` stand beside its
// kind.
ModelTask make_model_task(const std::string& name, const std::string& options = "",
                          const std::string& parts = "", std::vector<std::string> class_names = {},
                          Averaging averaging = PIXEL);

// Labels as the batch that a step has.
Batch batch_of(const torch::Tensor& labels);

// What was measured, by name.
std::map<std::string, double> by_name(const TaskMetrics& metrics);

// The message of the Error that `action` throws; "" when it throws none.
template <class Action>
std::string error_of(Action action);

// Random data of a fixed seed, with about a fifth of the pixels invalid.
struct Images {
  std::vector<torch::Tensor> predictions, labels;
};
Images random_classes(int images, int64_t height, int64_t width, int64_t classes);
Images random_depths(int images, int64_t height, int64_t width);
Images random_normals(int images, int64_t height, int64_t width);
Images random_disparities(int images, int64_t height, int64_t width);

// All images as one: rows put below each other.
torch::Tensor stacked(const std::vector<torch::Tensor>& images);

}  // namespace tasuki::tests

#include "tasuki/error/error.h"

template <class Action>
std::string tasuki::tests::error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}
