#pragma once

#include <string>

#include "tasuki/config/outline.h"

namespace tasuki {

// What a fault is, put for the one who wrote the config.
std::string fault_text(const Fault& fault);

// A mistake of syntax in the words of protobuf's parser, with what the field at `place` takes.
std::string syntax_text(const std::string& complaint, const Place& place);

// " (did you mean "x"?)", or "; known: a, b" where none is near.
std::string suggest(const std::string& name, const std::vector<std::string>& known);

// What is wrong where more than kDeepestNesting messages are within each other.
std::string too_deep_text();

// What is wrong with a field that a type doesn't have.
std::string unknown_field_text(const google::protobuf::Descriptor* type, const std::string& name);

}  // namespace tasuki
