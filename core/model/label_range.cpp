#include "tasuki/model/label_range.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

namespace tasuki {

void LabelRange::add(const nlohmann::json& details) {
  if (!details.contains("out_of_range_pixels")) return;
  const auto more = details.at("out_of_range_pixels").get<int64_t>();
  range = details.value("range", "");
  outside += more;
  labelled += more + details.value("valid_pixels", int64_t{0});
}

double LabelRange::share() const {
  return static_cast<double>(outside) / static_cast<double>(std::max<int64_t>(labelled, 1));
}

std::string LabelRange::text() const {
  if (outside == 0) return "";
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << 100 * share()
       << " % of the labelled pixels lie outside " << range << " and are not evaluated";
  return text.str();
}

}  // namespace tasuki
