#include "tasuki/config/diagnosis.h"

#include "tasuki/config/parse.h"
#include "tasuki/config/reflect.h"
#include "tasuki/error/error.h"

namespace tasuki {
namespace {

std::string unknown_value_text(const google::protobuf::EnumDescriptor* type,
                               const std::string& name) {
  std::vector<std::string> known;
  for (int i = 0; i < type->value_count(); ++i) known.push_back(type->value(i)->name());
  return "there is no value \"" + name + "\"" + suggest(name, known);
}

// Fields that exclude each other, `field` among them.
std::string one_of(const google::protobuf::FieldDescriptor* field) {
  std::vector<std::string> names;
  const auto* oneof = field == nullptr ? nullptr : field->containing_oneof();
  for (int i = 0; oneof != nullptr && i < oneof->field_count(); ++i) {
    names.push_back(oneof->field(i)->name());
  }
  return join(names);
}

}  // namespace

std::string suggest(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = did_you_mean(name, known);
  return near.empty() ? "; known: " + (known.empty() ? "none" : join(known)) : near;
}

std::string unknown_field_text(const google::protobuf::Descriptor* type, const std::string& name) {
  if (is_any(type)) {
    return "options stand inside the braces of a plugin's name: { [name] { " + name + ": ... } }";
  }
  return "unknown field" + suggest(name, field_names(type));
}

std::string too_deep_text() {
  return "is too deep: at most " + std::to_string(kDeepestNesting) +
         " messages may be within each other";
}

std::string fault_text(const Fault& fault) {
  const auto& place = fault.place;
  switch (fault.kind) {
    case Fault::Kind::kNone:
      return "";
    case Fault::Kind::kUnknownField:
      return unknown_field_text(place.parent, place.path.substr(place.path.find_last_of('.') + 1));
    case Fault::Kind::kUnknownValue:
      return unknown_value_text(place.field->enum_type(), fault.value);
    case Fault::Kind::kSetTwice:
      return "is set twice in one text; keep one of the two";
    case Fault::Kind::kAlternative:
      return "is set although only one of these can be: " + one_of(place.field);
    case Fault::Kind::kTooDeep:
      return too_deep_text();
  }
  return "";
}

std::string syntax_text(const std::string& complaint, const Place& place) {
  std::string text = complaint;
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return place.field == nullptr ? text
                                : text + " (the field takes a " + type_text(place.field) + ")";
}

}  // namespace tasuki
