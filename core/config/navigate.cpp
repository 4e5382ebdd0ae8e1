#include "tasuki/config/navigate.h"

#include "tasuki/config/diagnosis.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* require_field(const Message& message, const PathStep& step,
                                     const std::string& parent) {
  const auto* type = message.GetDescriptor();
  const auto* field = type->FindFieldByName(step.field);
  if (field == nullptr) {
    throw OptionError(child_path(parent, step.field), unknown_field_text(type, step.field));
  }
  require_option(field->is_repeated() || !step.key, child_path(parent, step.field),
                 "is not a list, \"[" + step.key.value_or("") + "]\" means nothing here");
  return field;
}

int require_element(const Message& message, const FieldDescriptor* field, const std::string& key,
                    const std::string& path) {
  const int index = find_element(message, field, key);
  if (index >= 0) return index;
  const int size = message.GetReflection()->FieldSize(message, field);
  if (!is_named_list(field)) {
    throw OptionError(element_path(path, key), "there is no such element; the list has " +
                                                   std::to_string(size) + ", counted from 0");
  }
  std::vector<std::string> names;
  for (int i = 0; i < size; ++i) names.push_back(element_key(message, field, i));
  throw OptionError(element_path(path, key),
                    "there is no element of this name" + suggest(key, names));
}

void require_message(const FieldDescriptor* field, const PathStep& step, const std::string& path) {
  require_option(!field->is_map(), path, "is a map, which is set or removed as a whole");
  require_option(holds_messages(field), path, "is a " + type_text(field) + ", it has no fields");
  if (!field->is_repeated() || step.key) return;
  const std::string example = is_named_list(field) ? "name" : "0";
  throw OptionError(path, "is a list; say which element: " + element_path(path, example));
}

void change_message(Message& message, const std::string& path,
                    const std::function<void(Message&)>& change) {
  if (!is_any(message.GetDescriptor())) {
    change(message);
    return;
  }
  auto& any = as_any(message);
  require_option(
      !any.type_url().empty(), path,
      "no plugin is chosen yet, so it has no fields; set it as a whole: " + path + "=[name]{...}");
  const auto options = Registry::instance().unpack(any);
  change(*options);
  pack(any, *options);
}

}  // namespace tasuki
