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
    : table_(std::move(table)), instances_(table_.size()), stages_(context.encoder->stages()) {
  for (size_t i = 0; i < table_.size(); ++i) {
    auto holder = register_module(stages_[i].name, std::make_shared<torch::nn::Module>());
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

std::map<std::string, RouteFeatures> StageGraph::forward(const torch::Tensor& image,
                                                         const std::vector<std::string>& routes) {
  std::map<std::string, RouteFeatures> features;
  std::map<std::string, FeatureMaps> input;  // of the next stage, by route
  std::map<std::string, std::string> path;   // instances so far, by route
  // By path: the output of its last stage, and what decoders and own stages take in place of it.
  std::map<std::string, FeatureMaps> computed, beyond;
  for (const auto& route : routes) input[route] = {FeatureMap{image}};
  for (size_t i = 0; i < table_.size(); ++i) {
    for (const auto& route : routes) {
      const auto& instance = table_[i].at(route);
      path[route] += "/" + instance;
      auto& output = computed[path[route]];
      if (output.empty()) {
        const auto name = stages_[i].name + "." + instance;
        RECORD_USER_SCOPE("encoder." + name);
        output = run_stage(stages_[i], *instances_[i].at(instance), input[route]);
        beyond[path[route]] = is_shared(i, route) ? cut(name, output) : output;
      }
      features[route].push_back(beyond[path[route]]);
      const bool goes_on = i + 1 < table_.size() && is_shared(i + 1, route);
      input[route] = goes_on ? output : features[route].back();
    }
  }
  return features;
}

std::set<std::string> StageGraph::users(size_t stage, const std::string& instance) const {
  std::set<std::string> routes;
  for (const auto& [route, used] : table_[stage]) {
    if (used == instance) routes.insert(route);
  }
  return routes;
}

Architecture::NamedParameters StageGraph::own_parameters(const std::string& route) const {
  NamedParameters own;
  for (size_t i = 0; i < table_.size(); ++i) {
    if (is_shared(i, route)) continue;
    const auto& instance = table_[i].at(route);
    for (const auto& item : instances_[i].at(instance)->named_parameters()) {
      own.emplace_back(stages_[i].name + "." + instance + "." + item.key(), item.value());
    }
  }
  return own;
}

// Names of parameters are "<stage>.<instance>.<published name>".
std::set<std::string> StageGraph::routes_of(const std::string& parameter) const {
  for (size_t i = 0; i < instances_.size(); ++i) {
    for (const auto& item : instances_[i]) {
      if (parameter.starts_with(stages_[i].name + "." + item.first + ".")) {
        return users(i, item.first);
      }
    }
  }
  return {};
}

bool StageGraph::names_cut() const {
  for (const auto& item : table_.front()) {
    for (size_t i = 1; i < table_.size(); ++i) {
      if (is_shared(i, item.first) && !is_shared(i - 1, item.first)) return false;
    }
  }
  return true;
}

std::vector<std::pair<size_t, Stage*>> StageGraph::stage_modules() const {
  std::vector<std::pair<size_t, Stage*>> modules;
  for (size_t i = 0; i < instances_.size(); ++i) {
    for (const auto& item : instances_[i]) modules.emplace_back(i, item.second.get());
  }
  return modules;
}

}  // namespace tasuki::architectures
