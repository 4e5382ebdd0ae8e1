#include "tests/plugins/tasks/tasks.h"

#include <google/protobuf/text_format.h>
#include <torch/torch.h>

#include "core/registry/registry.h"

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

std::map<std::string, double> by_name(const Metrics& metrics) {
  std::map<std::string, double> result;
  for (const auto& value : metrics.values()) result[value.info.name] = value.value;
  return result;
}

nlohmann::json details_of(const Metrics& metrics) {
  nlohmann::json out;
  metrics.details(out);
  return out;
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
