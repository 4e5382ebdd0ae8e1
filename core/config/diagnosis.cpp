#include "tasuki/config/diagnosis.h"

#include "tasuki/config/parse.h"
#include "tasuki/config/reflect.h"
#include "tasuki/error/error.h"

namespace tasuki {
namespace {

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// The first text between double quotes.
std::string quoted(const std::string& text) {
  const size_t begin = text.find('"');
  const size_t end = begin == std::string::npos ? begin : text.find('"', begin + 1);
  return end == std::string::npos ? "" : text.substr(begin + 1, end - begin - 1);
}

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

std::string plain(const std::string& complaint, const Place& place) {
  std::string text = complaint;
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  if (text.size() > 4 && text.substr(text.size() - 4) == "got:")
    return "the text ends in the middle";
  if (place.field == nullptr) return text;
  return text + " (the field takes a " + type_text(place.field) + ")";
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

bool complains_late(const std::string& complaint) {
  return contains(complaint, "Unknown enumeration value") ||
         contains(complaint, "Non-repeated Any specified multiple times");
}

Diagnosis diagnose(const std::string& complaint, const Place& place,
                   const std::string& plugin_problem) {
  if (contains(complaint, "Could not find type") && !plugin_problem.empty()) {
    return {plugin_problem, true};
  }
  if (contains(complaint, "recursion limit")) return {too_deep_text(), false};
  if (contains(complaint, "specified multiple times")) {
    return {"is set twice in one text; keep one of the two", true};
  }
  if (contains(complaint, "another member of oneof")) {
    return {"is set although only one of these can be: " + one_of(place.field), true};
  }
  if (contains(complaint, "has no field named") && place.parent != nullptr) {
    const auto name = place.path.substr(place.path.find_last_of('.') + 1);
    return {unknown_field_text(place.parent, name), true};
  }
  if (contains(complaint, "Unknown enumeration value") && place.field != nullptr &&
      place.field->enum_type() != nullptr) {
    return {unknown_value_text(place.field->enum_type(), quoted(complaint)), true};
  }
  return {plain(complaint, place), false};
}

}  // namespace tasuki
