#include "tasuki/report/page.h"

namespace tasuki::report {
namespace {

constexpr const char* kPolicy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

// Escape closes an enlarged picture; a click on it does so without any script.
constexpr std::string_view kScript = R"(
document.addEventListener("keydown", function (event) {
  if (event.key !== "Escape") { return; }
  document.querySelectorAll(".zoom input:checked").forEach(function (box) {
    box.checked = false;
  });
});
)";

Html head(const std::string& title) {
  return element(
      "head", {},
      element("meta", {{"charset", "utf-8"}}) +
          element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", kPolicy}}) +
          element("meta",
                  {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}) +
          element("meta", {{"name", "color-scheme"}, {"content", "light dark"}}) +
          element("title", {}, title) + element("style", {}, Html::trusted(style_sheet())));
}

Html navigation(const std::vector<Section>& sections) {
  Html links;
  for (const auto& section : sections) {
    if (section.body.empty()) continue;
    links += element("a", {{"href", "#" + section.id}}, section.title);
  }
  return element("nav", {{"aria-label", "Sections"}}, links);
}

Html body(const Page& page) {
  Html main;
  for (const auto& section : page.sections) {
    if (section.body.empty()) continue;
    main +=
        element("section", {{"id", section.id}}, element("h2", {}, section.title) + section.body);
  }
  return element("body", {},
                 element("header", {}, element("h1", {}, page.title) + page.header) +
                     navigation(page.sections) + element("main", {}, main) +
                     element("script", {}, Html::trusted(kScript)));
}

}  // namespace

Html facts_list(const std::vector<std::pair<std::string, std::string>>& facts) {
  Html items;
  for (const auto& [name, value] : facts) {
    items += element("div", {}, element("dt", {}, name) + element("dd", {}, value));
  }
  return items.empty() ? items : element("dl", {{"class", "facts"}}, items);
}

std::string render_page(const Page& page) {
  return "<!DOCTYPE html>\n" +
         element("html", {{"lang", "en"}}, head(page.title) + body(page)).markup() + "\n";
}

}  // namespace tasuki::report
