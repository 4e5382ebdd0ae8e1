#include "tasuki/report/number.h"

#include <array>
#include <charconv>
#include <cmath>

namespace tasuki::report {
namespace {

// Longest fixed notation asked for: 1e6 and digits after the point, far below this.
constexpr size_t kBuffer = 400;

std::string digits(double value, std::chars_format format, int precision) {
  std::array<char, kBuffer> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, precision).ptr;
  return std::string(buffer.data(), end);
}

std::string with_minus_sign(std::string text) {
  for (size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at)) {
    text.replace(at, 1, "\u2212");
  }
  return text;
}

// Exponent of ten after rounding to the given digits: 9.9996 with four digits is 1e1.
int rounded_exponent(double value, int significant) {
  const std::string text = digits(value, std::chars_format::scientific, significant - 1);
  return std::stoi(text.substr(text.find('e') + 1));
}

void trim_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
}

bool needs_exponent(int exponent) {
  return exponent < -4 || exponent >= 6;
}

std::string not_finite(double value) {
  if (std::isnan(value)) return "n/a";
  return value > 0 ? "\u221E" : "\u2212\u221E";
}

}  // namespace

std::string format_number(double value, int significant) {
  if (!std::isfinite(value)) return not_finite(value);
  if (value == 0) return "0";
  const int exponent = rounded_exponent(value, significant);
  if (needs_exponent(exponent)) {
    return with_minus_sign(digits(value, std::chars_format::scientific, significant - 1));
  }
  const int decimals = std::max(0, significant - 1 - exponent);
  return with_minus_sign(digits(value, std::chars_format::fixed, decimals));
}

std::string format_count(int64_t value) {
  std::string text = std::to_string(value);
  const int first = value < 0 ? 1 : 0;
  for (int at = int(text.size()) - 3; at > first; at -= 3) text.insert(size_t(at), "\u202F");
  return with_minus_sign(std::move(text));
}

std::string format_tick(double value, double step) {
  if (!std::isfinite(value)) return not_finite(value);
  if (std::abs(value) < step * 1e-6) return "0";
  const int exponent = rounded_exponent(value, 12);
  const int step_exponent = rounded_exponent(step, 3);
  if (!needs_exponent(exponent)) {
    return with_minus_sign(digits(value, std::chars_format::fixed, std::max(0, -step_exponent)));
  }
  std::string mantissa = digits(value / std::pow(10.0, exponent), std::chars_format::fixed,
                                std::min(15, std::max(0, exponent - step_exponent)));
  return with_minus_sign(mantissa + "e" + std::to_string(exponent));
}

std::string format_coordinate(double value) {
  std::string text = digits(value, std::chars_format::fixed, 2);
  trim_zeros(text);
  return text == "-0" ? "0" : text;
}

}  // namespace tasuki::report
