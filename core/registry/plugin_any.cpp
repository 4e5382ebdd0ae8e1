#include "tasuki/registry/plugin_any.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>

#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Whether `field` takes a value of this type, and has taken it.
bool set_option(Message& options, const FieldDescriptor* field, const OptionValue& value) {
  const auto* reflection = options.GetReflection();
  if (const auto* number = std::get_if<double>(&value)) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
      reflection->SetFloat(&options, field, static_cast<float>(*number));
      return true;
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
      reflection->SetDouble(&options, field, *number);
      return true;
    }
    return false;
  }
  if (const auto* flag = std::get_if<bool>(&value)) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return false;
    reflection->SetBool(&options, field, *flag);
    return true;
  }
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return false;
  const auto* named = field->enum_type()->FindValueByName(std::get<const char*>(value));
  if (named != nullptr) reflection->SetEnum(&options, field, named);
  return named != nullptr;
}

}  // namespace

google::protobuf::Any plugin_any(const std::string& name,
                                 const std::vector<std::pair<const char*, OptionValue>>& options) {
  const std::unique_ptr<Message> message(Registry::instance().find(name).options->New());
  for (const auto& [option, value] : options) {
    const auto* field = message->GetDescriptor()->FindFieldByName(option);
    if (field == nullptr || field->is_repeated() || !set_option(*message, field, value)) {
      throw Error(ErrorKind::kPlugin, "[" + name + "] has no option \"" + option +
                                          "\" that takes the value that is meant for it");
    }
  }
  google::protobuf::Any any;
  any.set_type_url(name);
  any.set_value(message->SerializeAsString());
  return any;
}

}  // namespace tasuki
