#include "tasuki/report/html.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace tasuki::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_void(std::string_view tag) {
  constexpr std::array<std::string_view, 6> kVoid = {"br", "col", "hr", "img", "input", "meta"};
  return std::find(kVoid.begin(), kVoid.end(), tag) != kVoid.end();
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bytes a UTF-8 sequence has that starts with `lead`; 0 when none starts so.
size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if ((lead & 0xF0) == 0xE0) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Length of the character at the start of `text`, or 0 where it is not UTF-8 that XML may hold:
// overlong forms, surrogates, beyond U+10FFFF, U+FFFE and U+FFFF (RFC 3629; XML 1.0 section 2.2).
size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = sequence_length(lead);
  if (length == 0 || length > text.size()) return 0;
  if (!std::all_of(text.begin() + 1, text.begin() + length, is_continuation)) return 0;
  if (length == 1) return lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r' ? 1 : 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool too_large = lead == 0xF4 && second >= 0x90;
  const bool nonchar =
      text.substr(0, 2) == "\xEF\xBF" && static_cast<unsigned char>(text[2]) >= 0xBE;
  return overlong || surrogate || too_large || nonchar ? 0 : length;
}

std::string_view reference(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    const size_t length = character_length(text);
    const std::string_view known = reference(text[0]);
    escaped += length == 0 ? kReplacement : known.empty() ? text.substr(0, length) : known;
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return escaped;
}

Html::Html(std::string_view text) : markup_(escape(text)) {}

Html Html::trusted(std::string_view markup) {
  Html html;
  html.markup_ = markup;
  return html;
}

Html& Html::operator+=(const Html& more) {
  markup_ += more.markup_;
  return *this;
}

Html operator+(Html left, const Html& right) {
  left += right;
  return left;
}

Html element(std::string_view tag, const Attributes& attributes, const Html& content) {
  Html html;
  std::string& markup = html.markup_;
  markup.append("<").append(tag);
  for (const auto& [name, value] : attributes) {
    markup.append(" ").append(name).append("=\"").append(escape(value)).append("\"");
  }
  if (is_void(tag)) {
    assert(content.empty());
    markup += " />";
  } else {
    markup.append(">").append(content.markup()).append("</").append(tag).append(">");
  }
  return html;
}

}  // namespace tasuki::report
