#include "core/engine/parameter_parts.h"

#include <algorithm>
#include <set>

namespace tasuki {
namespace {

using Names = std::set<std::string>;

template <class Parameters>
Names tensor_names(const Parameters& parameters) {
  Names names;
  for (const auto& [name, tensor] : parameters) names.insert("encoder." + name);
  return names;
}

// The span's names that are among the encoder's.
Names names_in(const FlatParameters::Span& span, const Names& encoder) {
  Names names;
  if (encoder.count(span.name) > 0) names.insert(span.name);
  for (const auto& name : span.other_names) {
    if (encoder.count(name) > 0) names.insert(name);
  }
  return names;
}

bool contains_all(const Names& all, const Names& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

ParameterParts parameter_parts(MultiTaskModel& model, const FlatParameters& parameters) {
  ParameterParts parts;
  const auto encoder = tensor_names(model.architecture().named_parameters().pairs());
  std::map<std::string, Names> owned;
  for (const auto& task : model.tasks()) {
    owned[task.name] = tensor_names(model.architecture().own_parameters(task.name));
    parts.own[task.name] = {};
  }
  for (const auto& span : parameters.spans()) {
    const auto names = names_in(span, encoder);
    if (names.empty()) continue;
    const auto owner = std::find_if(owned.begin(), owned.end(), [&](const auto& item) {
      return contains_all(item.second, names);
    });
    (owner == owned.end() ? parts.shared : parts.own[owner->first]).push_back(span);
  }
  return parts;
}

}  // namespace tasuki
