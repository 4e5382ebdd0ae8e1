#include <algorithm>
#include <cmath>

#include "tasuki/error/error.h"
#include "tasuki/report/heatmap.h"
#include "tasuki/report/number.h"
#include "tasuki/report/page.h"
#include "tasuki/study/decision.h"
#include "tasuki/study/pieces.h"

namespace tasuki {
namespace {

using pieces::column;
using pieces::direction;
using pieces::duration_text;
using pieces::gain_cell;
using pieces::gain_text;
using pieces::number_cell;
using pieces::row_name;
using pieces::seeds_text;
using pieces::table;
using pieces::value_text;
using report::element;
using report::facts_list;
using report::Html;

Html facts(const Decision& decision) {
  return facts_list(
      {{"Protocol", decision.protocol.empty() ? "unnamed" : decision.protocol},
       {"Data set", decision.data},
       {"Split", decision.split},
       {"Seeds that chose", std::to_string(decision.seeds.size())},
       {"Seeds that judge", decision.verdict.exploratory
                                ? "the same (exploratory)"
                                : std::to_string(decision.verdict_seeds.size()) + " others"},
       {"Chosen by", decision.strategies.front().name}});
}

Html conditions_table(const Verdict& verdict) {
  Html rows;
  for (const auto& condition : verdict.conditions) {
    Html cells = row_name(condition.text) + gain_cell(condition.gain);
    if (verdict.confidence_assessed) cells += number_cell(report::format_number(condition.p, 3));
    rows += element("tr", {}, cells + number_cell(condition.holds ? "yes" : "no"));
  }
  Html head = column("Condition", false) + column("measured");
  if (verdict.confidence_assessed) head += column("p (one-sided)");
  return rows.empty() ? rows : table(head + column("holds"), rows);
}

std::string confidence_text(const Decision& decision) {
  if (decision.verdict.exploratory) {
    return "Exploratory: the seeds that chose the transfers judge them as well, which favours what "
           "was chosen. The means alone decide, nothing was tested; --verdict-seeds 3 trains both "
           "arms anew with seeds that chose nothing.";
  }
  const size_t seeds = decision.verdict_seeds.size();
  if (decision.rule.confidence <= 0) return "The means alone decide.";
  if (!decision.verdict.confidence_assessed) {
    return "Confidence was not assessed: that takes three verdict seeds or more, here there " +
           std::string(seeds == 1 ? "is " : "are ") + seeds_text(seeds) + ".";
  }
  return "Each condition has to hold with a confidence of " +
         report::format_coordinate(100 * decision.rule.confidence) + "\u202F%" +
         ", by a one-sided paired t test over " + seeds_text(seeds) +
         " that had no part in choosing the transfers" +
         (decision.rule.target.empty() ? "; the gain's test allows for the choice of the task."
                                       : ".");
}

int64_t sum_of(const std::vector<Deployed>& models) {
  int64_t sum = 0;
  for (const auto& model : models) sum += model.parameters;
  return sum;
}

std::string deployed_text(const std::vector<Deployed>& models) {
  return report::format_count(sum_of(models)) + " parameters in " + std::to_string(models.size()) +
         (models.size() == 1 ? " checkpoint" : " checkpoints");
}

std::string price_text(const Cost& cost) {
  return report::format_count(int64_t(cost.trainings)) + " trainings, " +
         report::format_coordinate(cost.joint_epochs) + " epochs of the joint model";
}

std::string headline(const Verdict& verdict) {
  return std::string(verdict.adopt ? "Adopt" : "Do not adopt") +
         (verdict.exploratory ? " (exploratory)" : "");
}

Html verdict_section(const Decision& decision) {
  const auto& verdict = decision.verdict;
  const Html head =
      element("p", {{"class", verdict.adopt ? "verdict yes" : "verdict no"}}, headline(verdict)) +
      element("p", {}, verdict.summary) +
      element("p", {},
              "Over all tasks: delta_m " + gain_text(decision.delta_m) +
                  " against single-task models.") +
      element("p", {},
              "Deployed: " + deployed_text(decision.after) + ", instead of " +
                  deployed_text(decision.before) + ".") +
      element("p", {},
              "Price: to choose " + price_text(decision.choosing) + "; for the verdict " +
                  price_text(decision.judging) + ".");
  return element("div", {{"class", "card"}}, head) + conditions_table(verdict) +
         element("p", {{"class", "soft"}}, confidence_text(decision));
}

Html task_rows(const TaskChange& task, bool with_joint) {
  const std::string served = task.gain.joint ? "" : " (left out: its single-task model serves it)";
  Html cells = element("th", {{"scope", "row"}, {"colspan", "3"}}, task.gain.task + served) +
               gain_cell(spread_of(task.gain.by_seed));
  if (with_joint) cells += gain_cell(spread_of(task.joint_gain));
  Html rows = element("tr", {{"class", "protocol"}}, cells);
  for (const auto& metric : task.metrics) {
    const std::string unit = metric.info.unit.empty() ? "" : ", " + metric.info.unit;
    Html line = row_name(Html(metric.info.name + unit + " ") + direction(metric.info)) +
                number_cell(value_text(metric.before)) + number_cell(value_text(metric.after)) +
                gain_cell(metric.gain);
    if (with_joint) line += number_cell("");
    rows += element("tr", {}, line);
  }
  return rows;
}

Html tasks_section(const Decision& decision) {
  const bool with_joint = decision.joint_delta_m.has_value();
  Html head = column("Task and protocol metric", false) + column("single-task") +
              column("chosen model") + column("gain");
  if (with_joint) head += column("gain without transfers");
  Html rows;
  for (const auto& task : decision.tasks) rows += task_rows(task, with_joint);
  Html last = element("th", {{"scope", "row"}, {"colspan", "3"}}, "delta_m, the mean over tasks") +
              gain_cell(decision.delta_m);
  if (with_joint) last += gain_cell(*decision.joint_delta_m);
  rows += element("tr", {{"class", "protocol"}}, last);
  return table(head, rows) +
         element("p", {{"class", "soft"}},
                 "A task's gain is the mean signed relative change of its protocol metrics; more "
                 "is better. " +
                     std::string(decision.verdict_seeds.size() > 1
                                     ? "Mean \u00B1 standard deviation over "
                                     : "From ") +
                     seeds_text(decision.verdict_seeds.size()) +
                     (decision.verdict.exploratory ? "" : " that chose nothing") +
                     ", best checkpoints, split " + decision.split + ".");
}

// The largest magnitude of a finite score of full length, for the shades.
double largest_score(const Selection& selection) {
  double largest = 0;
  for (const auto& transfer : selection.transfer()) {
    if (transfer.has_dropped_after()) continue;
    if (std::isfinite(transfer.score())) largest = std::max(largest, std::abs(transfer.score()));
  }
  return largest;
}

std::string score_tooltip(const Selection::SelectedTransfer& transfer, const std::string& unit) {
  std::string text = transfer.from() + " to " + transfer.to() + ": " + unit + " " +
                     report::format_number(transfer.score(), 3);
  if (transfer.has_deviation()) {
    text += " \u00B1 " + report::format_number(transfer.deviation(), 2);
  }
  if (transfer.has_p_value()) text += ", p " + report::format_number(transfer.p_value(), 2);
  if (transfer.has_dropped_after()) {
    return text + ", dropped after " + std::to_string(transfer.dropped_after()) + " epochs";
  }
  return text + (transfer.included() ? ", included" : ", not included");
}

// A score of fewer epochs in brackets.
std::string score_text(const Selection::SelectedTransfer& transfer) {
  const auto score = report::format_number(transfer.score(), 2);
  if (transfer.has_dropped_after()) return "(" + score + ")";
  return score + (transfer.included() ? " \u2713" : "");
}

Html transfer_matrix(const StrategyOutcome& outcome) {
  report::Heatmap map{outcome.name + ": " + outcome.unit, "from", "to", {}, {}, {}};
  for (const auto& task : outcome.selection.task()) map.rows.push_back(task.name());
  map.columns = map.rows;
  map.cells.assign(map.rows.size(),
                   std::vector<report::HeatmapCell>(map.rows.size(), {0, "\u2013", "itself"}));
  const auto place = [&](const std::string& name) {
    return size_t(std::find(map.rows.begin(), map.rows.end(), name) - map.rows.begin());
  };
  const double largest = largest_score(outcome.selection);
  for (const auto& transfer : outcome.selection.transfer()) {
    auto& cell = map.cells.at(place(transfer.from())).at(place(transfer.to()));
    const bool shaded = largest > 0 && !transfer.has_dropped_after();
    cell.shade = shaded ? transfer.score() / largest : 0;
    cell.text = score_text(transfer);
    cell.tooltip = score_tooltip(transfer, outcome.unit);
  }
  return element("div", {{"class", "card wide-cells"}}, report::heatmap(map));
}

Html transfers_section(const Decision& decision) {
  Html maps;
  for (const auto& outcome : decision.strategies) maps += transfer_matrix(outcome);
  const auto& selection = decision.strategies.front().selection;
  std::vector<std::string> names;
  for (const auto& edge : included_edges(selection))
    names.push_back(edge.from + " \u2192 " + edge.to);
  std::string text = names.empty() ? "No transfer is included." : "Included: " + join(names) + ".";
  const auto left_out = left_out_tasks(selection);
  if (!left_out.empty()) {
    text +=
        " Left out of the joint model, because every transfer hurts them: " + join(left_out) + ".";
  }
  return element("p", {}, text) + element("div", {{"class", "grid"}}, maps) +
         element("p", {{"class", "soft"}},
                 "Rows give, columns receive; \u2713 marks what is included, brackets what halving "
                 "dropped "
                 "after fewer epochs. Included is what scores above " +
                     report::format_number(selection.margin(), 3) + " and was not dropped.");
}

Html cost_row(const std::string& name, const Cost& cost) {
  return element("tr", {},
                 row_name(name) + number_cell(report::format_count(int64_t(cost.trainings))) +
                     number_cell(report::format_coordinate(cost.epochs)) +
                     number_cell(report::format_coordinate(cost.joint_epochs)) +
                     number_cell(duration_text(cost.seconds)));
}

Html training_table(const Decision& decision) {
  const Html head = column("Training", false) + column("trainings") + column("epochs") +
                    column("in epochs of the joint model") + column("time in steps");
  const std::string judged = " over " + seeds_text(decision.verdict_seeds.size());
  Html rows;
  for (const auto& outcome : decision.strategies) {
    rows += cost_row("Choosing by " + outcome.name, outcome.cost);
  }
  rows += cost_row("Single-task models" + judged, decision.singles) +
          cost_row("Chosen joint model" + judged, decision.final_model) +
          cost_row("Price of choosing", decision.choosing) +
          cost_row(decision.verdict.exploratory ? "Price of the verdict, beyond what chose"
                                                : "Price of the verdict",
                   decision.judging) +
          cost_row("All of this search", decision.choosing + decision.judging);
  return table(head, rows) +
         element("p", {{"class", "soft"}},
                 "An epoch is a pass over the training split. In epochs of the joint model, each "
                 "counts by its number of losses. Trainings that serve two lines count in both.");
}

Html deployed_rows(const std::string& when, const std::vector<Deployed>& models) {
  Html rows;
  for (const auto& model : models) {
    rows += element("tr", {},
                    row_name(when + ": " + model.name) + element("td", {}, join(model.tasks)) +
                        number_cell(report::format_count(model.parameters)));
  }
  return rows + element("tr", {{"class", "protocol"}},
                        row_name(when + ", in all") +
                            element("td", {}, std::to_string(models.size()) + " checkpoints") +
                            number_cell(report::format_count(sum_of(models))));
}

Html inference_table(const Decision& decision) {
  const Html head = column("Deployed", false) + column("predicts", false) + column("parameters");
  return table(head,
               deployed_rows("Before", decision.before) + deployed_rows("After", decision.after)) +
         element("p", {{"class", "soft"}},
                 "Self-auxiliaries are gone at inference: the joint model is as large with them as "
                 "without.");
}

Html strategies_section(const Decision& decision) {
  if (decision.strategies.size() < 2) return {};
  Html rows;
  for (const auto& outcome : decision.strategies) {
    Html cells = row_name(outcome.name) +
                 number_cell(report::format_coordinate(outcome.cost.epochs)) +
                 number_cell(report::format_coordinate(outcome.cost.joint_epochs)) +
                 number_cell(std::to_string(included_edges(outcome.selection).size()));
    if (outcome.with_enumerate) {
      const auto& agreement = *outcome.with_enumerate;
      cells +=
          number_cell(std::to_string(agreement.shared) + " of " + std::to_string(agreement.of)) +
          number_cell(report::format_number(agreement.rank_correlation, 2));
    } else {
      cells += number_cell("") + number_cell("");
    }
    rows += element("tr", {}, cells);
  }
  return table(column("Strategy", false) + column("epochs") +
                   column("in epochs of the joint model") + column("transfers included") +
                   column("decisions as enumerate") + column("rank correlation with enumerate"),
               rows);
}

Html next_section(const Decision& decision) {
  if (decision.next_config.empty()) {
    return element("p", {},
                   "Every transfer hurts its target: train each task alone, there is no joint "
                   "config to use.");
  }
  const char* what = decision.verdict.adopt ? "The config to use: "
                                            : "Not adopted; this is the config that was judged: ";
  return element("p", {}, what + decision.next_file.string()) +
         element("pre", {{"class", "card"}, {"tabindex", "0"}},
                 element("code", {}, decision.next_config)) +
         element("pre", {{"class", "card"}, {"tabindex", "0"}},
                 element("code", {}, "tasuki train '" + decision.next_file.string() + "'"));
}

}  // namespace

std::string decision_html(const Decision& decision) {
  return report::render_page({decision.config + ": which transfers to use",
                              facts(decision),
                              {{"decision", "Decision", verdict_section(decision)},
                               {"tasks", "Before and after", tasks_section(decision)},
                               {"transfers", "Transfers", transfers_section(decision)},
                               {"strategies", "Strategies", strategies_section(decision)},
                               {"training", "Training cost", training_table(decision)},
                               {"inference", "Inference cost", inference_table(decision)},
                               {"next", "Config", next_section(decision)}}});
}

}  // namespace tasuki
