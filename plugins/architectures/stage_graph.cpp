#include "plugins/architectures/stage_graph.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

namespace tasuki::architectures {
namespace {

void copy_weights(const torch::nn::Module& from, torch::nn::Module& to) {
  const torch::NoGradGuard no_grad;
  const auto parameters = from.named_parameters();
  for (auto& item : to.named_parameters()) item.value().copy_(parameters[item.key()]);
  const auto buffers = from.named_buffers();
  for (auto& item : to.named_buffers()) item.value().copy_(buffers[item.key()]);
}

}  // namespace

StageGraph::StageGraph(const Context& context, StageTable table, bool identical_copies)
    : table_(std::move(table)), instances_(table_.size()) {
  for (size_t i = 0; i < table_.size(); ++i) {
    const std::string name = context.encoder->stages()[i].name;
    stage_names_.push_back(name);
    auto holder = register_module(name, std::make_shared<torch::nn::Module>());
    std::shared_ptr<Stage> first;
    for (const auto& route : context.routes) {
      auto& instance = instances_[i][table_[i].at(route)];
      if (instance != nullptr) continue;
      instance = holder->register_module(table_[i].at(route), context.encoder->make_stage(i));
      if (first == nullptr) first = instance;
      if (identical_copies && first != instance) copy_weights(*first, *instance);
    }
  }
}

std::map<std::string, Features> StageGraph::forward(const torch::Tensor& image,
                                                    const std::vector<std::string>& routes) {
  std::map<std::string, Features> features;
  std::map<std::string, std::string> path;  // instances so far, by route
  std::map<std::string, torch::Tensor> computed;
  for (size_t i = 0; i < table_.size(); ++i) {
    for (const auto& route : routes) {
      const auto& instance = table_[i].at(route);
      const auto input = i == 0 ? image : features[route].back();
      path[route] += "/" + instance;
      auto& output = computed[path[route]];
      if (!output.defined()) {
        RECORD_USER_SCOPE("encoder." + stage_names_[i] + "." + instance);
        output = instances_[i].at(instance)->forward(input);
      }
      features[route].push_back(output);
    }
  }
  return features;
}

Architecture::NamedParameters StageGraph::own_parameters(const std::string& route) const {
  NamedParameters own;
  for (size_t i = 0; i < table_.size(); ++i) {
    const auto& instance = table_[i].at(route);
    size_t users = 0;
    for (const auto& item : table_[i]) users += item.second == instance;
    if (users == 1) add_parameters(i, instance, own);
  }
  return own;
}

Architecture::NamedParameters StageGraph::route_parameters(const std::string& route) const {
  NamedParameters passed;
  for (size_t i = 0; i < table_.size(); ++i) add_parameters(i, table_[i].at(route), passed);
  return passed;
}

void StageGraph::add_parameters(size_t stage, const std::string& instance,
                                NamedParameters& to) const {
  for (const auto& item : instances_[stage].at(instance)->named_parameters()) {
    to.emplace_back(stage_names_[stage] + "." + instance + "." + item.key(), item.value());
  }
}

std::vector<std::pair<size_t, Stage*>> StageGraph::stage_modules() const {
  std::vector<std::pair<size_t, Stage*>> modules;
  for (size_t i = 0; i < instances_.size(); ++i) {
    for (const auto& item : instances_[i]) modules.emplace_back(i, item.second.get());
  }
  return modules;
}

}  // namespace tasuki::architectures
