#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

namespace tasuki {

// What a field's .proto file says about it beside its type: its proto2 default and the options of
// core/config/field_options.proto.

// The kind of plugin that an Any field holds ("Encoder" of tasuki.Model.encoder); "" where any may
// stand until the plugin looks at it, and for nullptr.
std::string plugin_kind(const google::protobuf::FieldDescriptor* field);

// "0.5", "\"image\"", "COUNT", "[12, 24, 36]", or what the field's absence means in words; "" where
// nothing is said.
std::string default_text(const google::protobuf::FieldDescriptor* field);

// Which values a number or a string may have, with its unit: "0 to 1", "above 0 (metres)", "at
// least 0 and below 1", "8, 16 or 32"; "" for all.
std::string range_text(const google::protobuf::FieldDescriptor* field);

// Why a value is not among those, "must be 0 to 1, not 1.5"; "" where it is. `index` is -1 for a
// field that is no list.
std::string range_problem(const google::protobuf::Message& message,
                          const google::protobuf::FieldDescriptor* field, int index);

// Whether some values are none of range_text.
bool has_range(const google::protobuf::FieldDescriptor* field);

// OptionError of the first value that is outside its range, in the messages within too; its field
// begins with `path`, the place of `message`. Plugins inside are gone into.
void check_ranges(const google::protobuf::Message& message, const std::string& path);

// The same for the options of a plugin that is being made, and OptionError for a required field
// that is absent. Plugins inside are left to be checked when they are made.
void check_options(const google::protobuf::Message& options);

}  // namespace tasuki
