#pragma once

#include <google/protobuf/message.h>

#include <set>
#include <string>

#include "tasuki/config/origin.h"

namespace tasuki {

// A config in text format that parse_text reads back to the same message: fields in the order of
// their numbers, plugins as [name] {...}.
std::string write_text(const google::protobuf::Message& message);

// The same with "# file:line" behind each line that sets a value or names a plugin, and "# default"
// where its path is one of `defaults`.
std::string write_text(const google::protobuf::Message& message, const Origins& origins,
                       const std::set<std::string>& defaults);

}  // namespace tasuki
