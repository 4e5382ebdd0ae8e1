#include <cmath>
#include <nlohmann/json.hpp>

#include "tasuki/study/decision.h"

namespace tasuki {
namespace {

using nlohmann::json;

json number(double value) {
  return std::isfinite(value) ? json(value) : json();
}

json numbers(const std::vector<double>& values) {
  json out = json::array();
  for (const double value : values) out.push_back(number(value));
  return out;
}

json of(const Spread& spread) {
  return {{"mean", number(spread.mean)}, {"std", number(spread.deviation)}, {"n", spread.count}};
}

json of(const Cost& cost) {
  return {{"trainings", cost.trainings},
          {"epochs", cost.epochs},
          {"joint_epochs", cost.joint_epochs},
          {"seconds", cost.seconds}};
}

json of(const TaskChange& task) {
  json out = {{"joint", task.gain.joint},
              {"gain_percent", of(spread_of(task.gain.by_seed))},
              {"gain_percent_by_seed", numbers(task.gain.by_seed)}};
  if (!task.joint_gain.empty()) out["plain_joint_gain_percent"] = of(spread_of(task.joint_gain));
  for (const auto& metric : task.metrics) {
    out["metrics"][metric.info.name] = {{"before", of(metric.before)},
                                        {"after", of(metric.after)},
                                        {"gain_percent", of(metric.gain)},
                                        {"unit", metric.info.unit},
                                        {"higher_is_better", metric.info.higher_is_better}};
  }
  return out;
}

json of(const Selection& selection) {
  json transfers = json::array();
  for (const auto& transfer : selection.transfer()) {
    json entry = {{"from", transfer.from()},
                  {"to", transfer.to()},
                  {"included", transfer.included()},
                  {"score", number(transfer.score())}};
    if (transfer.has_deviation()) entry["std"] = number(transfer.deviation());
    if (transfer.has_dropped_after()) entry["dropped_after_epochs"] = transfer.dropped_after();
    if (transfer.has_p_value()) entry["p_two_sided"] = transfer.p_value();
    transfers.push_back(std::move(entry));
  }
  return {{"transfers", transfers},
          {"left_out", left_out_tasks(selection)},
          {"margin", selection.margin()}};
}

json of(const StrategyOutcome& outcome) {
  json out = of(outcome.selection);
  out["name"] = outcome.name;
  out["score_is"] = outcome.unit;
  out["cost"] = of(outcome.cost);
  if (outcome.with_enumerate) {
    out["agreement_with_enumerate"] = {
        {"shared_decisions", outcome.with_enumerate->shared},
        {"of", outcome.with_enumerate->of},
        {"rank_correlation", number(outcome.with_enumerate->rank_correlation)}};
  }
  return out;
}

json of(const std::vector<Deployed>& models) {
  json list = json::array();
  int64_t sum = 0;
  for (const auto& model : models) {
    list.push_back({{"name", model.name},
                    {"tasks", model.tasks},
                    {"parameters", model.parameters},
                    {"checkpoint", model.checkpoint.string()}});
    sum += model.parameters;
  }
  return {{"checkpoints", list}, {"parameters", sum}};
}

json of(const Rule& rule) {
  return {{"target", rule.target.empty() ? json() : json(rule.target)},
          {"least_gain_percent", rule.least_gain},
          {"most_loss_percent", rule.most_loss},
          {"confidence", rule.confidence}};
}

json of(const Verdict& verdict) {
  json conditions = json::array();
  for (const auto& condition : verdict.conditions) {
    json entry = {{"condition", condition.text},
                  {"gain_percent", of(condition.gain)},
                  {"holds", condition.holds}};
    if (verdict.confidence_assessed) entry["p_one_sided"] = number(condition.p);
    conditions.push_back(std::move(entry));
  }
  return {{"adopt", verdict.adopt},
          {"summary", verdict.summary},
          {"exploratory", verdict.exploratory},
          {"confidence_assessed", verdict.confidence_assessed},
          {"conditions", conditions}};
}

}  // namespace

std::string decision_json(const Decision& decision) {
  json out = {{"config", decision.config},
              {"protocol", decision.protocol},
              {"split", decision.split},
              {"data", decision.data},
              {"seeds", decision.seeds},
              {"verdict_seeds", decision.verdict_seeds},
              {"rule", of(decision.rule)},
              {"verdict", of(decision.verdict)},
              {"delta_m_percent", of(decision.delta_m)},
              {"inference", {{"before", of(decision.before)}, {"after", of(decision.after)}}},
              {"training",
               {{"single_task_models", of(decision.singles)},
                {"chosen_model", of(decision.final_model)},
                {"choosing", of(decision.choosing)},
                {"verdict", of(decision.judging)},
                {"whole_search", of(decision.choosing + decision.judging)}}}};
  if (decision.joint_delta_m) out["plain_joint_delta_m_percent"] = of(*decision.joint_delta_m);
  for (const auto& task : decision.tasks) out["tasks"][task.gain.task] = of(task);
  for (const auto& outcome : decision.strategies) out["strategies"].push_back(of(outcome));
  out["next_config"] = decision.next_config.empty() ? json() : json(decision.next_file.string());
  return out.dump(2) + "\n";
}

}  // namespace tasuki
