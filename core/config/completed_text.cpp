#include "tasuki/config/completed_text.h"

#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/config/defaults.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/writer.h"

namespace tasuki {
namespace {

constexpr const char* kKeptText = "a config that was kept";

void complete_plugins(google::protobuf::Message& message) {
  if (is_any(message.GetDescriptor())) {
    fill_defaults(message);
    return;
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (!holds_messages(field) || field->is_map()) continue;
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      complete_plugins(field->is_repeated()
                           ? *reflection->MutableRepeatedMessage(&message, field, i)
                           : *reflection->MutableMessage(&message, field));
    }
  }
}

}  // namespace

std::string completed_config(const std::string& text) {
  try {
    return parse_config(text, kKeptText).text();
  } catch (const Error&) {
    return text;  // it differs from every config of this version, which the comparison says
  }
}

std::string completed_plugins(const std::string& text) {
  try {
    Config part = parse_config(text, kKeptText).given();
    complete_plugins(part);
    return write_text(part);
  } catch (const Error&) {
    return text;
  }
}

}  // namespace tasuki
