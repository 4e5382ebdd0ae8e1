#include "tasuki/model/parameter_info.h"

#include <c10/util/Type.h>
#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include "tasuki/model/model.h"

namespace tasuki {
namespace {

using Names = std::set<std::string>;

constexpr std::string_view kEncoder = "encoder.";

// "torch::nn::BatchNorm2dImpl" -> "BatchNorm2dImpl"
std::string type_of(const torch::nn::Module& module) {
  std::string type = c10::demangle(typeid(module).name());
  type = type.substr(0, type.find('<'));
  const auto colon = type.rfind(':');
  return colon == std::string::npos ? type : type.substr(colon + 1);
}

// Whether a type in CamelCase has this word: "Norm" is one of LayerNorm, but none of NormalsHead.
bool says(const std::string& type, const std::string& word) {
  for (auto at = type.find(word); at != std::string::npos; at = type.find(word, at + 1)) {
    const auto end = at + word.size();
    if (end == type.size() || std::islower(static_cast<unsigned char>(type[end])) == 0) return true;
  }
  return false;
}

bool is_bias(const std::string& name) {
  return name == "bias" || name.starts_with("bias_") || name.ends_with("_bias");
}

bool is_embedding(const std::string& name) {
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  return has("embed") || has("token") || has("position");
}

void find_kinds(const torch::nn::Module& module, const std::string& prefix,
                std::map<std::string, ParameterKind>& kinds) {
  const auto type = type_of(module);
  for (const auto& item : module.named_parameters(false)) {
    kinds[prefix + item.key()] = parameter_kind(type, item.key(), item.value());
  }
  for (const auto& child : module.named_children()) {
    find_kinds(*child.value(), prefix + child.key() + ".", kinds);
  }
}

template <class Parameters>
Names encoder_names(const Parameters& parameters) {
  Names names;
  for (const auto& [name, tensor] : parameters) names.insert(std::string(kEncoder) + name);
  return names;
}

// What a model's architecture says of the names of its parameters.
struct EncoderNames {
  explicit EncoderNames(MultiTaskModel& model) : architecture(model.architecture()) {
    all = encoder_names(architecture.named_parameters().pairs());
    for (const auto& task : model.tasks()) {
      own[task.name] = encoder_names(architecture.own_parameters(task.name));
    }
    for (const auto& [index, stage] : architecture.stage_modules()) {
      for (const auto& parameter : stage->parameters()) {
        stages.emplace(parameter.unsafeGetTensorImpl(), index);
      }
    }
  }

  Architecture& architecture;
  Names all;
  std::map<std::string, Names> own;  // by route
  std::map<const c10::TensorImpl*, size_t> stages;
};

// Those of a parameter's names that are the encoder's.
Names names_in(const ParameterInfo& parameter, const Names& encoder) {
  Names names;
  if (encoder.count(parameter.name) > 0) names.insert(parameter.name);
  for (const auto& name : parameter.other_names) {
    if (encoder.count(name) > 0) names.insert(name);
  }
  return names;
}

// The n-th of the names that dots separate.
std::string component(const std::string& name, int n) {
  size_t begin = 0;
  for (; n > 0 && begin != std::string::npos; --n) {
    begin = name.find('.', begin);
    begin += begin == std::string::npos ? 0 : 1;
  }
  return begin == std::string::npos ? "" : name.substr(begin, name.find('.', begin) - begin);
}

void describe_route(ParameterInfo& parameter, const EncoderNames& encoder) {
  const auto names = names_in(parameter, encoder.all);
  if (names.empty()) return;
  for (const auto& [route, owned] : encoder.own) {
    if (!std::includes(owned.begin(), owned.end(), names.begin(), names.end())) continue;
    parameter.owner = route;
    parameter.routes = {route};
    return;
  }
  for (const auto& name : names) {
    parameter.routes.merge(encoder.architecture.routes_of(name.substr(kEncoder.size())));
  }
  if (!parameter.routes.empty()) return;
  for (const auto& item : encoder.own) parameter.routes.insert(item.first);
}

// Where a decoder mixes routes, what is one of theirs is trained by all of their objectives.
void mix_routes(ParameterInfo& parameter, const MultiTaskModel& model) {
  std::set<std::string> mixed;
  for (const auto& route : parameter.routes) mixed.merge(model.mixed_with(route));
  parameter.routes = std::move(mixed);
  if (parameter.routes.size() > 1) parameter.owner.clear();
}

// What one objective trains is its decoder's; what several do is shared by their routes.
void describe_decoder(ParameterInfo& parameter, const std::string& name,
                      const MultiTaskModel& model) {
  const auto part = component(name, 1);
  for (const auto& decoder : model.decoders()) {
    if (decoder.name() != part) continue;
    const auto trained_by = decoder.trained_by(name.substr(sizeof("decoder.") + part.size()));
    auto& tags = trained_by.size() == 1 ? parameter.objectives : parameter.routes;
    tags.insert(trained_by.begin(), trained_by.end());
  }
}

void describe(ParameterInfo& parameter, const EncoderNames& encoder, const MultiTaskModel& model) {
  describe_route(parameter, encoder);
  mix_routes(parameter, model);
  const auto stage = encoder.stages.find(parameter.tensor.unsafeGetTensorImpl());
  if (stage != encoder.stages.end()) {
    parameter.stage_index = int64_t(stage->second);
    parameter.stage = model.encoder().stages()[stage->second].name;
    if (component(parameter.name, 1) == parameter.stage) {
      parameter.instance = component(parameter.name, 2);
    }
  }
  auto names = parameter.other_names;
  names.push_back(parameter.name);
  for (const auto& name : names) {
    if (component(name, 0) == "decoder") describe_decoder(parameter, name, model);
  }
}

void find_batch_norms(const std::shared_ptr<torch::nn::Module>& module, bool holder_is_frozen,
                      const std::set<const c10::TensorImpl*>& frozen,
                      std::vector<std::shared_ptr<torch::nn::Module>>& found) {
  const auto parameters = module->parameters();
  const bool is_frozen =
      parameters.empty() ? holder_is_frozen
                         : std::all_of(parameters.begin(), parameters.end(), [&](const auto& p) {
                             return frozen.count(p.unsafeGetTensorImpl()) > 0;
                           });
  const auto type = type_of(*module);
  if (is_frozen && type.find("BatchNorm") != std::string::npos) found.push_back(module);
  for (const auto& child : module->named_children()) {
    find_batch_norms(child.value(), is_frozen, frozen, found);
  }
}

}  // namespace

std::string part_of_parameter(const std::string& name) {
  auto end = name.find('.');
  if (name.starts_with("encoder.")) end = name.find('.', end + 1);
  return end == std::string::npos ? name : name.substr(0, name.find('.', end + 1));
}

std::string ParameterInfo::part() const {
  return part_of_parameter(name);
}

ParameterKind parameter_kind(const std::string& module_type, const std::string& name,
                             const torch::Tensor& parameter) {
  if (says(module_type, "Norm")) return Train::NORM;
  if (says(module_type, "Embedding") || is_embedding(name)) return Train::EMBEDDING;
  if (is_bias(name)) return Train::BIAS;
  return parameter.dim() <= 1 ? Train::NORM : Train::WEIGHT;
}

std::vector<ParameterInfo> list_parameters(const torch::nn::Module& model) {
  std::map<std::string, ParameterKind> kinds;
  find_kinds(model, "", kinds);
  std::vector<ParameterInfo> parameters;
  std::map<const c10::TensorImpl*, size_t> known;
  for (const auto& item : model.named_parameters()) {
    const auto& tensor = item.value();
    const auto [place, first] = known.emplace(tensor.unsafeGetTensorImpl(), parameters.size());
    if (!first) {
      parameters[place->second].other_names.push_back(item.key());
      continue;
    }
    ParameterInfo parameter;
    parameter.tensor = tensor;
    parameter.name = item.key();
    parameter.kind = kinds.at(item.key());
    parameter.frozen = !tensor.requires_grad();
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::vector<ParameterInfo> list_parameters(MultiTaskModel& model) {
  auto parameters = list_parameters(static_cast<const torch::nn::Module&>(model));
  const EncoderNames encoder(model);
  for (auto& parameter : parameters) describe(parameter, encoder, model);
  return parameters;
}

std::vector<std::shared_ptr<torch::nn::Module>> frozen_batch_norms(
    const torch::nn::Module& model, const std::vector<ParameterInfo>& parameters) {
  std::set<const c10::TensorImpl*> frozen;
  for (const auto& parameter : parameters) {
    if (parameter.frozen) frozen.insert(parameter.tensor.unsafeGetTensorImpl());
  }
  std::vector<std::shared_ptr<torch::nn::Module>> found;
  for (const auto& child : model.named_children()) {
    find_batch_norms(child.value(), false, frozen, found);
  }
  return found;
}

}  // namespace tasuki
