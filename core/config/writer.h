#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "core/config/origin.h"

namespace tasuki {

// A config in text format that parse_text reads back to the same message: fields in the order of
// their numbers, plugins as [name] {...}. With origins, "# file:line" follows each line that sets
// a value or names a plugin.
std::string write_text(const google::protobuf::Message& message, const Origins* origins = nullptr);

}  // namespace tasuki
