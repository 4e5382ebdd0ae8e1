#pragma once

#include <cstdint>
#include <string>

namespace tasuki::report {

// Numbers for people, the same under every locale. The minus sign is U+2212; NaN is "n/a" and an
// infinity is U+221E.

// `significant` digits, trailing zeros kept so that columns line up: 0.4310, 12.35, 1.200e-05 below
// 1e-4 and from 1e6 on; 0 is "0".
std::string format_number(double value, int significant = 4);

// Groups of three digits by narrow no-break spaces: 1 234 567.
std::string format_count(int64_t value);

// A tick of an axis whose ticks lie `step` apart: no more decimals than the step needs.
std::string format_tick(double value, double step);

// At most two decimals, no trailing zeros, ASCII minus: coordinates in SVG and lengths in CSS.
std::string format_coordinate(double value);

}  // namespace tasuki::report
