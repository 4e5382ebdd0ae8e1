#pragma once

#include <string>

#include "tasuki/evaluation/metric_value.h"
#include "tasuki/report/html.h"
#include "tasuki/study/statistics.h"

// Pieces of the pages of a search and of a comparison.
namespace tasuki::pieces {

using report::Html;

// A table as a card; `head` and `rows` are cells and rows.
Html table(const Html& head, const Html& rows);
Html column(const Html& name, bool number = true);
Html row_name(const Html& name);
Html number_cell(const Html& content);
// Green above 0, orange below.
Html gain_cell(const Spread& gain);
// An arrow, with words for those who can't see it.
Html direction(const MetricInfo& info);

// "0.4310 ± 0.0021"; "+1.23 % ± 0.40".
std::string value_text(const Spread& spread);
std::string gain_text(const Spread& spread);
// "45 s", "12.3 min", "4.5 h".
std::string duration_text(double seconds);
// "1 seed", "3 seeds".
std::string seeds_text(size_t count);

}  // namespace tasuki::pieces
