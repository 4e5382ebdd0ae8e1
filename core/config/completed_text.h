#pragma once

#include <string>

namespace tasuki {

// Texts of configs that were kept, by versions too that wrote no defaults, brought to what this
// version writes, so that the two can be compared line by line. A text that can't be read now stays
// as it is.

// Of a whole config: ResolvedConfig::text().
std::string completed_config(const std::string& text);

// Of a part of one, such as its data set alone: every plugin in it has its defaults, and nothing
// else is added.
std::string completed_plugins(const std::string& text);

}  // namespace tasuki
