#pragma once

#include <string>

#include "tasuki/config/outline.h"

namespace tasuki {

// What protobuf's text parser complained of, put for the one who wrote the config.
struct Diagnosis {
  std::string problem;
  // Whether the field itself is wrong, and not the token that the parser stopped at.
  bool at_field = false;
};

// Whether the parser complains of a field only after it has read its value.
bool complains_late(const std::string& complaint);

// `complaint` is the parser's message, `place` the field where it stopped, `plugin_problem` why the
// last look-up of a plugin's name failed.
Diagnosis diagnose(const std::string& complaint, const Place& place,
                   const std::string& plugin_problem);

// " (did you mean "x"?)", or "; known: a, b" where none is near.
std::string suggest(const std::string& name, const std::vector<std::string>& known);

// What is wrong where more than kDeepestNesting messages are within each other.
std::string too_deep_text();

// What is wrong with a field that a type doesn't have.
std::string unknown_field_text(const google::protobuf::Descriptor* type, const std::string& name);

}  // namespace tasuki
