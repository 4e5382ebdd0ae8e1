#include "tasuki/config/field_schema.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "tasuki/config/field_options.pb.h"
#include "tasuki/error/error.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldOptions;
using google::protobuf::Message;

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

std::string quoted_string(const FieldDescriptor* field, const std::string& value) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? "\"" + value + "\"" : value;
}

std::vector<std::string> allowed_values(const FieldDescriptor* field) {
  const auto& options = field->options();
  std::vector<std::string> values;
  for (int i = 0; i < options.ExtensionSize(schema::allowed); ++i) {
    values.push_back(quoted_string(field, options.GetExtension(schema::allowed, i)));
  }
  return values;
}

// "a, b or c"
std::string alternatives(const std::vector<std::string>& values) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += i + 1 == values.size() ? " or " : ", ";
    text += values[i];
  }
  return text;
}

bool has_bounds(const FieldOptions& options) {
  return options.HasExtension(schema::min) || options.HasExtension(schema::max) ||
         options.HasExtension(schema::above) || options.HasExtension(schema::below);
}

std::string bounds_text(const FieldOptions& options) {
  if (options.HasExtension(schema::min) && options.HasExtension(schema::max)) {
    return short_number(options.GetExtension(schema::min)) + " to " +
           short_number(options.GetExtension(schema::max));
  }
  std::string low, high;
  if (options.HasExtension(schema::min)) {
    low = "at least " + short_number(options.GetExtension(schema::min));
  } else if (options.HasExtension(schema::above)) {
    low = "above " + short_number(options.GetExtension(schema::above));
  }
  if (options.HasExtension(schema::max)) {
    high = "at most " + short_number(options.GetExtension(schema::max));
  } else if (options.HasExtension(schema::below)) {
    high = "below " + short_number(options.GetExtension(schema::below));
  }
  return low + (low.empty() || high.empty() ? "" : " and ") + high;
}

// Not (value < low): that would let NaN pass.
bool within_bounds(const FieldOptions& options, double value) {
  if (options.HasExtension(schema::min) && !(value >= options.GetExtension(schema::min))) {
    return false;
  }
  if (options.HasExtension(schema::max) && !(value <= options.GetExtension(schema::max))) {
    return false;
  }
  if (options.HasExtension(schema::above) && !(value > options.GetExtension(schema::above))) {
    return false;
  }
  return !options.HasExtension(schema::below) || value < options.GetExtension(schema::below);
}

double value_as_double(const Message& message, const FieldDescriptor* field, int index) {
  const auto& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? r.GetInt32(message, field) : r.GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return double(one ? r.GetInt64(message, field) : r.GetRepeatedInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? r.GetUInt32(message, field) : r.GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return double(one ? r.GetUInt64(message, field) : r.GetRepeatedUInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? r.GetFloat(message, field) : r.GetRepeatedFloat(message, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? r.GetDouble(message, field) : r.GetRepeatedDouble(message, field, index);
    default:
      return std::nan("");
  }
}

std::string printed_value(const Message& message, const FieldDescriptor* field, int index) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintFieldValueToString(message, field, index, &text);
  return text;
}

// "; did you mean ..." for names.
std::string nearest_allowed(const FieldDescriptor* field, const std::string& value) {
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "";
  const auto& options = field->options();
  std::vector<std::string> names;
  for (int i = 0; i < options.ExtensionSize(schema::allowed); ++i) {
    names.push_back(options.GetExtension(schema::allowed, i));
  }
  return did_you_mean(value.substr(1, value.size() - 2), names);
}

}  // namespace

std::string plugin_kind(const FieldDescriptor* field) {
  return field == nullptr ? "" : field->options().GetExtension(schema::kind);
}

std::string default_text(const FieldDescriptor* field) {
  const auto& options = field->options();
  if (options.HasExtension(schema::absent)) return options.GetExtension(schema::absent);
  if (field->has_default_value()) {
    google::protobuf::FieldDescriptorProto described;
    field->CopyTo(&described);
    return quoted_string(field, described.default_value());
  }
  std::string list;
  for (int i = 0; i < options.ExtensionSize(schema::list); ++i) {
    list += (i == 0 ? "" : ", ") + quoted_string(field, options.GetExtension(schema::list, i));
  }
  return list.empty() ? "" : "[" + list + "]";
}

bool has_range(const FieldDescriptor* field) {
  return field->options().ExtensionSize(schema::allowed) > 0 || has_bounds(field->options());
}

std::string range_text(const FieldDescriptor* field) {
  const auto& options = field->options();
  std::string text = alternatives(allowed_values(field));
  if (text.empty()) text = bounds_text(options);
  const auto& unit = options.GetExtension(schema::unit);
  return text.empty() || unit.empty() ? text : text + " (" + unit + ")";
}

std::string range_problem(const Message& message, const FieldDescriptor* field, int index) {
  const auto allowed = allowed_values(field);
  const auto value = printed_value(message, field, index);
  const double number = value_as_double(message, field, index);
  const bool fits = allowed.empty() ? within_bounds(field->options(), number)
                                    : std::count(allowed.begin(), allowed.end(), value) > 0;
  const bool endless = fits && allowed.empty() && !std::isfinite(number);
  if (fits && !endless) return "";
  return std::string("must be ") + (endless ? "finite and " : "") + range_text(field) + ", not " +
         value + nearest_allowed(field, value);
}

}  // namespace tasuki
