#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace tasuki {

// The value of a --set as text format wants it after "field: ": quotes put around strings, also
// around those of a list "[a, b]", where they were left out. The text is one value and no more: a
// bracket that closes too early or anything after the value is an OptionError of `path`.
std::string value_text(const google::protobuf::FieldDescriptor* field, const std::string& value,
                       const std::string& path);

// The same for a message or a plugin: what stands between its braces.
std::string message_text(const google::protobuf::FieldDescriptor* field, const std::string& value,
                         const std::string& path);

// Without white space at both ends.
std::string trimmed(const std::string& text);

}  // namespace tasuki
