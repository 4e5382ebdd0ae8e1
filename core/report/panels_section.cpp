#include <algorithm>

#include "tasuki/report/picture.h"
#include "tasuki/report/sections.h"

namespace tasuki::report {
namespace {

constexpr size_t kMostColumns = 4;

Html legends(const std::vector<Legend>& all) {
  Html html;
  for (const auto& one : all) html += legend(one);
  return html.empty() ? html : element("div", {{"class", "legends"}}, html);
}

Html panel(const ReportPanel& panel) {
  Html pictures;
  for (const auto& [caption, bgr] : panel.pictures) {
    pictures += picture(bgr, caption, panel.task + " " + caption + " of " + panel.sample_id);
  }
  const size_t columns = std::clamp<size_t>(panel.pictures.size(), 1, kMostColumns);
  return element(
      "figure", {{"class", "panel card"}},
      element("figcaption", {}, element("code", {}, panel.sample_id)) +
          element("div", {{"class", "pictures"}, {"style", "--columns:" + std::to_string(columns)}},
                  pictures));
}

Html panels_of(const Report& report, const std::string& task) {
  Html html;
  std::vector<Legend> shown;
  for (const auto& one : report.panels) {
    if (one.task != task) continue;
    if (one.legends != shown) html += legends(one.legends);
    shown = one.legends;
    html += panel(one);
  }
  return html;
}

}  // namespace

Html panels_section(const Report& report) {
  Html html;
  for (const auto& task : tasks_of(report.panels)) {
    html += element("h3", {}, task) + panels_of(report, task);
  }
  return html.empty() ? html
                      : element("p", {{"class", "soft"}}, "Click a picture to enlarge it.") + html;
}

}  // namespace tasuki::report
