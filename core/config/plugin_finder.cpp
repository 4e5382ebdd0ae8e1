#include "tasuki/config/plugin_finder.h"

#include <vector>

#include "tasuki/config/field_schema.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* field_holding(const Message& root, const Message& any);

// Whether the value of `field` of `root` is `any` itself, else the field deeper down that holds it.
// Of a list only the last element: what is being parsed is there, and going through all of them for
// each would take a long list's length squared.
const FieldDescriptor* search_field(const Message& root, const FieldDescriptor* field,
                                    const Message& any) {
  const auto* reflection = root.GetReflection();
  const Message& value =
      field->is_repeated()
          ? reflection->GetRepeatedMessage(root, field, reflection->FieldSize(root, field) - 1)
          : reflection->GetMessage(root, field);
  return &value == &any ? field : field_holding(value, any);
}

// The field of `root` or below whose value `any`, being parsed, is; found by its address.
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

std::string missing_plugin_text(const std::string& kind) {
  return "no " + (kind.empty() ? "plugin" : kind) + " is named here; write [name] {...}; " +
         Registry::instance().known(kind);
}

const Descriptor* PluginFinder::FindAnyType(const Message& any, const std::string& prefix,
                                            const std::string& name) const {
  const auto* field = &any == &root_ ? root_field_ : field_holding(root_, any);
  try {
    return Registry::instance().find(prefix + name, plugin_kind(field)).options->GetDescriptor();
  } catch (const Error& failure) {
    problem_ = failure.what();
    unknown_ = Registry::instance().knows(prefix + name) ? "" : prefix + name;
    return nullptr;
  }
}

std::string PluginFinder::problem(const FieldDescriptor* field) const {
  if (unknown_.empty()) return problem_;
  try {
    Registry::instance().find(unknown_, plugin_kind(field));
  } catch (const Error& failure) {
    return failure.what();
  }
  return problem_;
}

}  // namespace tasuki
