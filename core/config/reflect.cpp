#include "tasuki/config/reflect.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <charconv>

#include "tasuki/config/path.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The number that a key is, -1 when it isn't one.
int position(const std::string& key) {
  int value = -1;
  const char* end = key.data() + key.size();
  const auto [stop, code] = std::from_chars(key.data(), end, value);
  return code == std::errc() && stop == end && key[0] != '-' ? value : -1;
}

// Replaces the key of the step that leads out of `message`; the message that it leads to, or
// nullptr where the path ends or leads nowhere.
const Message* follow(const Message& message, PathStep& step) {
  const auto* field = message.GetDescriptor()->FindFieldByName(step.field);
  if (field == nullptr || !holds_messages(field)) return nullptr;
  const auto* reflection = message.GetReflection();
  if (!field->is_repeated()) return &reflection->GetMessage(message, field);
  if (!step.key) return nullptr;
  int index = find_element(message, field, *step.key);
  if (index < 0) index = position(*step.key);
  if (index < 0 || index >= reflection->FieldSize(message, field)) return nullptr;
  step.key = element_key(message, field, index);
  return &reflection->GetRepeatedMessage(message, field, index);
}

std::string rebuild(const std::vector<PathStep>& steps) {
  std::string path;
  for (const auto& step : steps) {
    path = child_path(path, step.field);
    if (step.key) path = element_path(path, *step.key);
  }
  return path;
}

}  // namespace

bool is_any(const Descriptor* type) {
  return type == Any::descriptor();
}

Any& as_any(Message& message) {
  return static_cast<Any&>(message);
}

const Any& as_any(const Message& message) {
  return static_cast<const Any&>(message);
}

bool holds_messages(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

bool holds_any(const FieldDescriptor* field) {
  return holds_messages(field) && is_any(field->message_type());
}

const FieldDescriptor* name_field(const Descriptor* type) {
  const auto* field = type->FindFieldByName("name");
  const bool names =
      field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
  return names ? field : nullptr;
}

bool is_named_list(const FieldDescriptor* field) {
  return field->is_repeated() && holds_messages(field) &&
         name_field(field->message_type()) != nullptr;
}

std::string name_of(const Message& element) {
  return element.GetReflection()->GetString(element, name_field(element.GetDescriptor()));
}

std::string element_key(const Message& message, const FieldDescriptor* field, int index) {
  if (!is_named_list(field)) return std::to_string(index);
  return name_of(message.GetReflection()->GetRepeatedMessage(message, field, index));
}

int find_element(const Message& message, const FieldDescriptor* field, const std::string& key) {
  const int size = message.GetReflection()->FieldSize(message, field);
  if (!is_named_list(field)) {
    const int index = position(key);
    return index < size ? index : -1;
  }
  for (int i = 0; i < size; ++i) {
    if (element_key(message, field, i) == key) return i;
  }
  return -1;
}

std::vector<std::string> field_names(const Descriptor* type) {
  std::vector<std::string> names;
  for (int i = 0; i < type->field_count(); ++i) names.push_back(type->field(i)->name());
  return names;
}

std::string type_text(const FieldDescriptor* field) {
  if (field->is_map()) return "map";
  if (holds_messages(field)) return is_any(field->message_type()) ? "plugin" : "message";
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return field->type_name();
  std::string text;
  for (int i = 0, n = field->enum_type()->value_count(); i < n; ++i) {
    if (i > 0) text += i + 1 == n ? " or " : ", ";
    text += field->enum_type()->value(i)->name();
  }
  return text;
}

void replace_field(Message& to, const Message& from, const FieldDescriptor* field) {
  std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to.GetReflection()->SwapFields(&to, copy.get(), {field});
}

std::unique_ptr<Message> new_value(const Message& parent, const FieldDescriptor* field) {
  auto* factory = parent.GetReflection()->GetMessageFactory();
  return std::unique_ptr<Message>(factory->GetPrototype(field->message_type())->New());
}

void pack(Any& any, const Message& options) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    options.SerializePartialToCodedStream(&out);
  }
  any.set_value(bytes);
}

std::string canonical_path(const Message& message, const std::string& path) {
  std::vector<PathStep> steps;
  try {
    steps = parse_path(path);
  } catch (const OptionError&) {
    return path;  // only used to look an origin up; the path is printed as it was given
  }
  const Message* at = &message;
  std::unique_ptr<Message> options;
  for (auto& step : steps) {
    if (is_any(at->GetDescriptor())) {
      if (as_any(*at).type_url().empty()) break;
      options = Registry::instance().unpack(as_any(*at));
      at = options.get();
    }
    at = follow(*at, step);
    if (at == nullptr) break;
  }
  return rebuild(steps);
}

}  // namespace tasuki
