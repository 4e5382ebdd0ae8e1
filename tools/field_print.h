#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/check/field_summary.h"

namespace tasuki::tools {

// A line, and below it a table of classes (by name, where names are given) or a histogram.
void print_field(std::ostream& out, const std::string& name, const FieldSummary& field,
                 const std::vector<std::string>& class_names);

}  // namespace tasuki::tools
