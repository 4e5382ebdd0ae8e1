#include "tasuki/config/field_options.pb.h"
#include "tasuki/config/field_schema.h"
#include "tasuki/config/path.h"
#include "tasuki/config/plugin_finder.h"
#include "tasuki/config/reflect.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Goes over the values of a message and of those within it.
class ValueChecker {
 public:
  // Whether it goes into plugins inside, and whether it demands required fields.
  ValueChecker(bool plugins, bool required) : plugins_(plugins), required_(required) {}

  void message(const Message& message, const std::string& path) const {
    if (is_any(message.GetDescriptor())) {
      plugin(message, path);
      return;
    }
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (!field->is_map()) values(message, field, child_path(path, field->name()));
    }
  }

 private:
  void plugin(const Message& any, const std::string& path) const {
    if (!plugins_ || as_any(any).type_url().empty()) return;
    message(*Registry::instance().unpack(as_any(any)), path);
  }

  void values(const Message& parent, const FieldDescriptor* field, const std::string& path) const {
    const auto* reflection = parent.GetReflection();
    const int size = field->is_repeated() ? reflection->FieldSize(parent, field)
                                          : reflection->HasField(parent, field);
    if (required_) demand(parent, field, size, path);
    const bool ranged = has_range(field), nested = holds_messages(field);
    for (int i = 0; i < size && (ranged || nested); ++i) {
      const int index = field->is_repeated() ? i : -1;
      const auto place = field->is_repeated() ? element_path(path, key(parent, field, i)) : path;
      if (nested) {
        message(index < 0 ? reflection->GetMessage(parent, field)
                          : reflection->GetRepeatedMessage(parent, field, index),
                place);
      } else if (const auto problem = range_problem(parent, field, index); !problem.empty()) {
        throw OptionError(place, problem);
      }
    }
  }

  static std::string key(const Message& parent, const FieldDescriptor* field, int index) {
    const auto name = element_key(parent, field, index);
    return name.empty() ? std::to_string(index) : name;
  }

  static void demand(const Message& parent, const FieldDescriptor* field, int size,
                     const std::string& path) {
    if (!field->options().GetExtension(schema::required)) return;
    const bool nothing =
        size == 0 || (holds_any(field) && !field->is_repeated() &&
                      as_any(parent.GetReflection()->GetMessage(parent, field)).type_url().empty());
    if (!nothing) return;
    if (holds_any(field)) throw OptionError(path, missing_plugin_text(plugin_kind(field)));
    const auto range = range_text(field);
    throw OptionError(path, "is required" + (range.empty() ? "" : ": " + range));
  }

  bool plugins_, required_;
};

}  // namespace

void check_ranges(const Message& message, const std::string& path) {
  ValueChecker(true, false).message(message, path);
}

void check_options(const Message& options) {
  ValueChecker(false, true).message(options, "");
}

}  // namespace tasuki
