#include "tasuki/config/defaults.h"

#include <google/protobuf/text_format.h>

#include "tasuki/config/field_options.pb.h"
#include "tasuki/config/path.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void set_to_default(Message& message, const FieldDescriptor* field) {
  const auto* r = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r->SetInt32(&message, field, field->default_value_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return r->SetInt64(&message, field, field->default_value_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return r->SetUInt32(&message, field, field->default_value_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return r->SetUInt64(&message, field, field->default_value_uint64());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return r->SetDouble(&message, field, field->default_value_double());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return r->SetFloat(&message, field, field->default_value_float());
    case FieldDescriptor::CPPTYPE_BOOL:
      return r->SetBool(&message, field, field->default_value_bool());
    case FieldDescriptor::CPPTYPE_STRING:
      return r->SetString(&message, field, field->default_value_string());
    case FieldDescriptor::CPPTYPE_ENUM:
      return r->SetEnum(&message, field, field->default_value_enum());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

class DefaultFiller {
 public:
  void message(Message& message, const std::string& path) {
    if (is_any(message.GetDescriptor())) {
      plugin(message, path);
      return;
    }
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (field->is_map()) continue;
      const auto place = child_path(path, field->name());
      field->is_repeated() ? list(message, field, place) : single(message, field, place);
    }
  }

  std::set<std::string> take_paths() { return std::move(paths_); }

 private:
  void plugin(Message& message, const std::string& path) {
    auto& any = as_any(message);
    if (any.type_url().empty()) return;
    const auto options = Registry::instance().unpack(any);
    this->message(*options, path);
    pack(any, *options);
  }

  void single(Message& parent, const FieldDescriptor* field, const std::string& path) {
    const auto* reflection = parent.GetReflection();
    const bool given = reflection->HasField(parent, field);
    if (holds_messages(field)) {
      if (!given && !field->options().GetExtension(schema::present)) return;
      message(*reflection->MutableMessage(&parent, field), path);
    } else if (!given && field->has_default_value()) {
      set_to_default(parent, field);
      paths_.insert(path);
    }
  }

  void list(Message& parent, const FieldDescriptor* field, const std::string& path) {
    const auto* reflection = parent.GetReflection();
    const int size = reflection->FieldSize(parent, field);
    const auto& options = field->options();
    if (size == 0 && options.ExtensionSize(schema::list) > 0) {
      for (const auto& element : options.GetRepeatedExtension(schema::list)) {
        google::protobuf::TextFormat::ParseFieldValueFromString(quoted(field, element), field,
                                                                &parent);
      }
      paths_.insert(path);
    }
    for (int i = 0; holds_messages(field) && i < size; ++i) {
      message(*reflection->MutableRepeatedMessage(&parent, field, i),
              element_path(path, element_key(parent, field, i)));
    }
  }

  static std::string quoted(const FieldDescriptor* field, const std::string& element) {
    return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? "\"" + element + "\"" : element;
  }

  std::set<std::string> paths_;
};

}  // namespace

std::set<std::string> fill_defaults(Message& message) {
  DefaultFiller filler;
  filler.message(message, "");
  return filler.take_paths();
}

}  // namespace tasuki
