#include "core/config/plugin_finder.h"

#include <map>
#include <vector>

#include "core/config/reflect.h"
#include "core/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* field_holding(const Message& root, const Message& any);

// Whether a value of `field` of `root` is `any` itself, else the field deeper down that holds it.
const FieldDescriptor* search_field(const Message& root, const FieldDescriptor* field,
                                    const Message& any) {
  const auto* reflection = root.GetReflection();
  const int size = field->is_repeated() ? reflection->FieldSize(root, field) : 1;
  for (int i = 0; i < size; ++i) {
    const Message& value = field->is_repeated() ? reflection->GetRepeatedMessage(root, field, i)
                                                : reflection->GetMessage(root, field);
    if (&value == &any) return field;
    if (const auto* found = field_holding(value, any)) return found;
  }
  return nullptr;
}

// The field of `root` or below whose value `any` is, found by its address.
const FieldDescriptor* field_holding(const Message& root, const Message& any) {
  std::vector<const FieldDescriptor*> fields;
  root.GetReflection()->ListFields(root, &fields);
  for (const auto* field : fields) {
    if (!holds_messages(field) || field->is_map()) continue;
    if (const auto* found = search_field(root, field, any)) return found;
  }
  return nullptr;
}

}  // namespace

std::string plugin_kind(const FieldDescriptor* field) {
  static const auto* kinds = new std::map<std::string, std::string>{
      {"tasuki.Data.dataset", "Dataset"},
      {"tasuki.Data.train_pipeline", "Transform"},
      {"tasuki.Data.eval_pipeline", "Transform"},
      {"tasuki.Model.encoder", "Encoder"},
      {"tasuki.Model.architecture", "Architecture"},
      {"tasuki.Model.self_auxiliary", "SelfAuxiliary"},
      {"tasuki.TaskConfig.kind", "Task"},
      {"tasuki.TaskConfig.decoder", "Decoder"},
      {"tasuki.Train.optimizer", "Optimizer"},
      {"tasuki.Train.schedule", "Schedule"},
      {"tasuki.Train.weighting", "Weighting"},
      {"tasuki.HookConfig.hook", "Hook"},
  };
  if (field == nullptr) return "";
  const auto found = kinds->find(field->full_name());
  return found == kinds->end() ? "" : found->second;
}

std::string missing_plugin_text(const std::string& kind) {
  std::string text =
      "no " + (kind.empty() ? "plugin" : kind) + " is named here; write [name] {...}";
  const auto known = Registry::instance().names(kind);
  return known.empty() ? text : text + "; known: " + join(known);
}

const Descriptor* PluginFinder::FindAnyType(const Message& any, const std::string& prefix,
                                            const std::string& name) const {
  const auto* field = &any == &root_ ? root_field_ : field_holding(root_, any);
  try {
    return Registry::instance().find(prefix + name, plugin_kind(field)).options->GetDescriptor();
  } catch (const Error& failure) {
    problem_ = failure.what();
    return nullptr;
  }
}

}  // namespace tasuki
