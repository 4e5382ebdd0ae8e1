#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasuki/report/html.h"

namespace tasuki::report {

struct Section {
  std::string id;     // anchor: letters, digits, "-"; unique on the page
  std::string title;  // heading and entry of the page's navigation
  Html body;          // a section with an empty body is left out
};

struct Page {
  std::string title;
  Html header;  // below the title
  std::vector<Section> sections;
};

// A whole HTML5 document that is well-formed XML as well. It loads nothing: style, script and
// pictures are inside, and its content security policy forbids the rest. It reads well without
// scripts, in a light and a dark scheme, from 400 px of width on, and on paper.
std::string render_page(const Page& page);

// Names and values for a page's header; nothing where there are none.
Html facts_list(const std::vector<std::pair<std::string, std::string>>& facts);

// The page's style sheet. Pieces (charts, heat maps, panels) are styled by the classes they use.
std::string_view style_sheet();

}  // namespace tasuki::report
