#include "tests/plugins/tasks/tasks.h"

#include <google/protobuf/text_format.h>
#include <torch/torch.h>

#include "tasuki/registry/registry.h"

namespace tasuki::tests {
namespace {

torch::Tensor invalid(torch::IntArrayRef sizes) {
  return torch::rand(sizes) < 0.2;
}

}  // namespace

std::unique_ptr<Task> make_task(const std::string& name, const std::string& options,
                                Task::Context context) {
  auto& registry = Registry::instance();
  const auto& entry = registry.find(name, Task::kKind);
  const std::unique_ptr<google::protobuf::Message> message(entry.options->New());
  if (!google::protobuf::TextFormat::ParseFromString(options, message.get())) {
    throw std::invalid_argument("no options of " + name + ": " + options);
  }
  google::protobuf::Any any;
  any.set_type_url(name);
  any.set_value(message->SerializeAsString());
  return registry.create<Task>(any, context);
}

ModelTask make_model_task(const std::string& name, const std::string& options,
                          const std::string& parts, std::vector<std::string> class_names,
                          Averaging averaging) {
  const auto config =
      parse_config("model { task { name: \"task\" kind { [" + name + "] { " + options + " } } " +
                       parts + " } } protocol { averaging: " + Averaging_Name(averaging) + " }",
                   "task.pbtxt");
  return std::move(build_tasks(config, [&](const std::string&) { return class_names; }).front());
}

Batch batch_of(const torch::Tensor& labels) {
  Batch batch;
  batch.tensors["task"] = labels;
  return batch;
}

std::map<std::string, double> by_name(const TaskMetrics& metrics) {
  std::map<std::string, double> result;
  for (const auto& value : metrics.values()) result[value.info.name] = value.value;
  return result;
}

Images random_classes(int images, int64_t height, int64_t width, int64_t classes) {
  torch::manual_seed(1);
  Images result;
  for (int i = 0; i < images; ++i) {
    const auto label = torch::randint(classes, {height, width}, torch::kLong);
    const auto other = torch::randint(classes, {height, width}, torch::kLong);
    result.predictions.push_back(torch::where(torch::rand({height, width}) < 0.6, label, other));
    result.labels.push_back(label.masked_fill(invalid({height, width}), -1));
  }
  return result;
}

Images random_depths(int images, int64_t height, int64_t width) {
  torch::manual_seed(2);
  Images result;
  for (int i = 0; i < images; ++i) {
    const auto label = torch::rand({1, height, width}) * 9 + 0.5;
    result.predictions.push_back(label * (0.3 + torch::rand({1, height, width}) * 1.5) - 0.4);
    result.labels.push_back(label.masked_fill(invalid({1, height, width}), 0));
  }
  return result;
}

Images random_normals(int images, int64_t height, int64_t width) {
  torch::manual_seed(3);
  Images result;
  for (int i = 0; i < images; ++i) {
    const auto label = torch::nn::functional::normalize(
        torch::randn({3, height, width}), torch::nn::functional::NormalizeFuncOptions().dim(0));
    const auto spread = torch::rand({1, height, width}) * 0.8;
    result.predictions.push_back(label + spread * torch::randn({3, height, width}));
    result.labels.push_back(label.masked_fill(invalid({1, height, width}), 0));
  }
  return result;
}

Images random_disparities(int images, int64_t height, int64_t width) {
  torch::manual_seed(4);
  Images result;
  for (int i = 0; i < images; ++i) {
    const auto label = torch::rand({1, height, width}) * 120;
    result.predictions.push_back(label + torch::randn({1, height, width}) * 4);
    result.labels.push_back(label.masked_fill(invalid({1, height, width}), -1));
  }
  return result;
}

torch::Tensor stacked(const std::vector<torch::Tensor>& images) {
  return torch::cat(images, images.front().dim() - 2);
}

}  // namespace tasuki::tests
