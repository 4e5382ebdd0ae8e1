#include "tasuki/config/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace tasuki::test {
namespace {

// RFC 3629, section 3, written forwards: from the code point to its bytes.
std::string encode(uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

TEST(Utf8, TakesEveryCodePointButNulSurrogatesAndWhatIsTooLarge) {
  for (uint32_t code = 0; code < 0x120000; ++code) {
    const bool expected = code != 0 && (code < 0xD800 || code > 0xDFFF) && code <= 0x10FFFF;
    ASSERT_EQ(is_plain_utf8(encode(code)), expected) << code;
  }
}

TEST(Utf8, RefusesWhatIsCutOff) {
  for (const uint32_t code : {0xE4u, 0x20ACu, 0x1F600u}) {
    const auto bytes = encode(code);
    for (size_t length = 1; length < bytes.size(); ++length) {
      EXPECT_FALSE(is_plain_utf8(bytes.substr(0, length)));
      EXPECT_FALSE(is_plain_utf8(bytes.substr(0, length) + "a"));
      EXPECT_FALSE(is_plain_utf8(bytes.substr(length)));
    }
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const char* bytes : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(is_plain_utf8(bytes));
  }
}

}  // namespace
}  // namespace tasuki::test
