#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasuki::report {

// Markup that is safe to put into a page. Strings turn into *text*: whatever they hold is escaped,
// so a name like "<script>" can only ever be read, never run. Markup itself is made by element().
//
//   element("td", {{"class", "value"}}, "a < b")   ->   <td class="value">a &lt; b</td>
class Html {
 public:
  Html() = default;
  Html(std::string_view text);
  Html(const std::string& text) : Html(std::string_view(text)) {}
  Html(const char* text) : Html(std::string_view(text)) {}

  // Takes `markup` as it is. Only for constants of the program: the style sheet and the script.
  static Html trusted(std::string_view markup);

  Html& operator+=(const Html& more);
  bool empty() const { return markup_.empty(); }
  const std::string& markup() const { return markup_; }

 private:
  friend Html element(std::string_view, const std::vector<std::pair<std::string, std::string>>&,
                      const Html&);
  std::string markup_;
};

Html operator+(Html left, const Html& right);

// `text` with & < > " ' as character references. What XML forbids (control characters, bytes that
// are not UTF-8) becomes U+FFFD, so that every page is well-formed.
std::string escape(std::string_view text);

// Names are constants of the program; values are escaped.
using Attributes = std::vector<std::pair<std::string, std::string>>;

// <tag a="..">content</tag>. HTML's void elements (img, input, meta, ...) close themselves, as in
// XML, and must have no content.
Html element(std::string_view tag, const Attributes& attributes, const Html& content = {});

}  // namespace tasuki::report
