#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "tasuki/study/search.h"

namespace tasuki {
namespace {

std::string plus_minus(const Spread& spread) {
  const auto mean = std::isfinite(spread.mean) ? fmt::format("{:+.2f}", spread.mean) : "n/a";
  return spread.count > 1 ? fmt::format("{} ± {:.2f}", mean, spread.deviation) : mean;
}

std::string list_of(const std::vector<Edge>& edges) {
  std::vector<std::string> parts;
  for (const auto& edge : edges) parts.push_back(edge.text());
  return parts.empty() ? "none" : join(parts);
}

void print_strategy(const StrategyOutcome& outcome, std::ostream& out) {
  const auto left_out = left_out_tasks(outcome.selection);
  out << fmt::format("{}: transfers {}{}\n", outcome.name,
                     list_of(included_edges(outcome.selection)),
                     left_out.empty() ? "" : "; left out of the joint model: " + join(left_out));
  out << fmt::format(
      "  {} trainings, {:.0f} epochs, {:.1f} in epochs of the joint model, {:.0f} s\n",
      outcome.cost.trainings, outcome.cost.epochs, outcome.cost.joint_epochs, outcome.cost.seconds);
  if (!outcome.with_enumerate) return;
  const auto& agreement = *outcome.with_enumerate;
  out << fmt::format("  agrees with enumerate in {} of {} decisions", agreement.shared,
                     agreement.of);
  if (std::isfinite(agreement.rank_correlation)) {
    out << fmt::format(", rank correlation {:.2f}", agreement.rank_correlation);
  }
  out << "\n";
}

std::string price_of(const Cost& cost) {
  return fmt::format("{} trainings, {:.1f} epochs of the joint model, {:.0f} s", cost.trainings,
                     cost.joint_epochs, cost.seconds);
}

// How the verdict came about, where that limits it.
void print_evidence(const Decision& decision, std::ostream& out) {
  if (decision.verdict.exploratory) {
    out << "Exploratory: the seeds that chose the transfers judge them as well, which favours "
           "what was chosen;\n--verdict-seeds 3 trains both arms anew with others.\n";
  } else if (!decision.verdict.confidence_assessed && decision.rule.confidence > 0) {
    out << "Confidence was not assessed: that takes three verdict seeds or more.\n";
  }
}

int64_t parameters_of(const std::vector<Deployed>& models) {
  int64_t sum = 0;
  for (const auto& model : models) sum += model.parameters;
  return sum;
}

}  // namespace

void print_decision(const Decision& decision, std::ostream& out) {
  out << "\n";
  for (const auto& outcome : decision.strategies) print_strategy(outcome, out);
  out << fmt::format("\nGain over single-task models, percent ({}, split {}):\n",
                     decision.protocol.empty() ? "unnamed protocol" : decision.protocol,
                     decision.split);
  for (const auto& task : decision.tasks) {
    out << fmt::format(
        "  {:<12} {}\n", task.gain.task,
        task.gain.joint ? plus_minus(spread_of(task.gain.by_seed)) : "its single-task model");
  }
  out << fmt::format("  {:<12} {}\n", "delta_m", plus_minus(decision.delta_m));
  out << fmt::format("Parameters at inference: {} in {} checkpoints before, {} in {} after\n",
                     parameters_of(decision.before), decision.before.size(),
                     parameters_of(decision.after), decision.after.size());
  out << fmt::format("Price of choosing: {}\nPrice of the verdict: {}\n",
                     price_of(decision.choosing), price_of(decision.judging));
  out << fmt::format("\n{}{}. {}\n", decision.verdict.adopt ? "Adopt" : "Do not adopt",
                     decision.verdict.exploratory ? " (exploratory)" : "",
                     decision.verdict.summary);
  print_evidence(decision, out);
  if (decision.next_config.empty()) return;
  if (decision.verdict.adopt) {
    out << "Config to use next: " << decision.next_file.string() << "\n";
  } else {
    out << "Keep the single-task models. The config that was judged: "
        << decision.next_file.string() << "\n";
  }
}

}  // namespace tasuki
