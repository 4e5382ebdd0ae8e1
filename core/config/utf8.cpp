#include "tasuki/config/utf8.h"

#include <cstddef>
#include <cstdint>

namespace tasuki {
namespace {

// Bytes of the sequence that starts with `lead`, 0 when none does.
size_t sequence_length(uint8_t lead) {
  if (lead == 0) return 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// Whether the second byte leaves the sequence neither overlong, nor a surrogate, nor too large.
bool second_fits(uint8_t lead, uint8_t second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second < 0xA0;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second < 0x90;
  return true;
}

}  // namespace

bool is_plain_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
    const size_t length = sequence_length(byte(0));
    if (length == 0 || at + length > text.size()) return false;
    for (size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    if (length > 1 && !second_fits(byte(0), byte(1))) return false;
    at += length;
  }
  return true;
}

}  // namespace tasuki
