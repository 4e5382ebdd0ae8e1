#include "tasuki/report/report.h"

#include "tasuki/io/files.h"
#include "tasuki/report/page.h"
#include "tasuki/report/sections.h"

namespace tasuki::report {

Html reproduce_section(const Report& report) {
  Html html;
  if (!report.command.empty()) {
    html +=
        element("pre", {{"class", "card"}, {"tabindex", "0"}}, element("code", {}, report.command));
  }
  if (!report.config.empty()) {
    html += element("details", {{"class", "card config"}},
                    element("summary", {}, "Resolved config") +
                        element("pre", {{"tabindex", "0"}}, element("code", {}, report.config)));
  }
  return html;
}

std::string render_report(const Report& report) {
  return render_page({report.title,
                      facts_list(report.facts),
                      {{"metrics", "Metrics", metrics_section(report)},
                       {"curves", "Curves", curves_section(report)},
                       {"confusion", "Confusion", confusion_section(report)},
                       {"predictions", "Predictions", panels_section(report)},
                       {"reproduce", "Reproduce", reproduce_section(report)}}});
}

void write_report(const Report& report, const std::filesystem::path& file) {
  write_file_atomically(file, render_report(report));
}

}  // namespace tasuki::report
