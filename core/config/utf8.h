#pragma once

#include <string_view>

namespace tasuki {

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most
// U+10FFFF) without NUL.
bool is_plain_utf8(std::string_view text);

}  // namespace tasuki
