#pragma once

#include <string>
#include <vector>

namespace tasuki {

// Rows of a table "a,b,c" a line, without its titles, the first line; lines that are empty or begin
// with "#" don't count. There are no quotes: no cell has a comma. Every row has as many cells as
// the titles, otherwise an Error (kData) that names the line.
std::vector<std::vector<std::string>> csv_rows(const std::string& text);

}  // namespace tasuki
