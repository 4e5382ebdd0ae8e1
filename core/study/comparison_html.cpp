#include "tasuki/error/error.h"
#include "tasuki/report/number.h"
#include "tasuki/report/page.h"
#include "tasuki/study/comparison.h"
#include "tasuki/study/pieces.h"

namespace tasuki {
namespace {

using pieces::column;
using pieces::direction;
using pieces::duration_text;
using pieces::gain_cell;
using pieces::number_cell;
using pieces::row_name;
using pieces::seeds_text;
using pieces::table;
using pieces::value_text;
using report::element;
using report::facts_list;
using report::Html;

Html facts(const Comparison& comparison) {
  return facts_list({{"Protocol", comparison.protocol.empty() ? "unnamed" : comparison.protocol},
                     {"Split", comparison.split},
                     {"Seeds", std::to_string(comparison.seeds.size())}});
}

// A cell where the row has the column, an empty one elsewhere.
template <class Make>
Html cell_of(const std::map<std::string, Spread>& values, const std::string& name, Make make) {
  const auto found = values.find(name);
  return found == values.end() ? number_cell("") : make(found->second);
}

Html gains_section(const Comparison& comparison) {
  if (comparison.baselines.empty()) return {};
  Html head = column("Model", false);
  for (const auto& [task, runs] : comparison.baselines) head += column(task);
  Html rows;
  for (const auto& row : rows_of(comparison)) {
    if (!row.delta_m) continue;
    Html cells = row_name(row.name);
    for (const auto& [task, runs] : comparison.baselines) {
      cells += cell_of(row.gains, task, gain_cell);
    }
    rows += element("tr", {}, cells + gain_cell(*row.delta_m));
  }
  return table(head + column("delta_m"), rows) +
         element(
             "p", {{"class", "soft"}},
             "Mean signed relative change of each task's protocol metrics against its "
             "single-task model; more is better. A task that a config leaves out of its joint "
             "model is served by that model: it gains nothing. " +
                 std::string(comparison.seeds.size() > 1 ? "Mean \u00B1 standard deviation over "
                                                         : "From ") +
                 seeds_text(comparison.seeds.size()) + ".");
}

Html metrics_section(const Comparison& comparison) {
  Html tables;
  const auto columns = columns_of(comparison);
  std::string last_task;
  for (const auto& [name, info] : columns) {
    const auto task = name.substr(0, name.find('.'));
    if (task == last_task) continue;
    last_task = task;
    Html head = column(task, false);
    std::vector<std::string> shown;
    for (const auto& [other, metric] : columns) {
      if (other.substr(0, other.find('.')) != task) continue;
      shown.push_back(other);
      const std::string unit = metric.unit.empty() ? "" : ", " + metric.unit;
      head += column(Html(metric.name + unit + " ") + direction(metric));
    }
    Html rows;
    for (const auto& row : rows_of(comparison)) {
      Html cells = row_name(row.name);
      for (const auto& one : shown) {
        cells += cell_of(row.values, one,
                         [](const Spread& spread) { return number_cell(value_text(spread)); });
      }
      rows += element("tr", {}, cells);
    }
    tables += table(head, rows);
  }
  return tables;
}

Html cost_section(const Comparison& comparison) {
  Html rows;
  for (const auto& model : comparison.models) {
    rows += element("tr", {},
                    row_name(model.name) + number_cell(report::format_coordinate(model.epochs)) +
                        number_cell(duration_text(model.seconds)) +
                        number_cell(report::format_count(model.parameters)));
  }
  return table(column("Model", false) + column("epochs, all seeds") + column("time in steps") +
                   column("parameters at inference"),
               rows);
}

}  // namespace

std::string comparison_html(const Comparison& comparison) {
  return report::render_page({comparison.title,
                              facts(comparison),
                              {{"gains", "Gains", gains_section(comparison)},
                               {"metrics", "Metrics", metrics_section(comparison)},
                               {"cost", "Cost", cost_section(comparison)}}});
}

}  // namespace tasuki
