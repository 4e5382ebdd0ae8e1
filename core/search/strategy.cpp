#include "core/search/strategy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "core/error/error.h"
#include "core/search/statistics.h"
#include "core/search/strategies.h"

namespace tasuki {
namespace {

using Maker = std::function<std::unique_ptr<Strategy>(const StrategyContext&)>;

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> known = {
      {"enumerate", make_enumerate},
      {"halving", make_halving},
      {"tag", [](const auto& context) { return make_single_run(SingleRunMeasure::kTag, context); }},
      {"cosine",
       [](const auto& context) { return make_single_run(SingleRunMeasure::kCosine, context); }}};
  return known;
}

void add_transfer(Selection& selection, const TransferScore& score, double margin, bool tests) {
  const Spread spread = spread_of(score.by_seed);
  auto& transfer = *selection.add_transfer();
  transfer.set_from(score.edge.from);
  transfer.set_to(score.edge.to);
  transfer.set_included(spread.mean > margin);
  transfer.set_score(spread.mean);
  if (spread.count > 1) transfer.set_deviation(spread.deviation);
  const auto test = tests ? paired_test(score.by_seed) : std::nullopt;
  if (test) transfer.set_p_value(test->two_sided);
}

// Every transfer into it has a score below 0, and none is included.
bool is_hurt_by_all(const Selection& selection, const std::string& task) {
  return std::none_of(selection.transfer().begin(), selection.transfer().end(),
                      [&](const auto& transfer) {
                        const bool hurts = transfer.score() < 0;
                        return transfer.to() == task && (transfer.included() || !hurts);
                      });
}

}  // namespace

std::unique_ptr<Strategy> make_strategy(const std::string& name, const StrategyContext& context) {
  const auto found = makers().find(name);
  if (found != makers().end()) return found->second(context);
  throw Error(ErrorKind::kUsage, "there is no strategy \"" + name + "\"" +
                                     did_you_mean(name, strategy_names()) +
                                     "; there are: " + join(strategy_names()));
}

std::vector<std::string> strategy_names() {
  return {"enumerate", "halving", "tag", "cosine"};
}

Trial alone(const std::string& task, int64_t epochs) {
  Trial trial;
  trial.tasks = {task};
  trial.epochs = epochs;
  return trial;
}

Trial jointly(const std::vector<std::string>& tasks) {
  Trial trial;
  trial.tasks = tasks;
  return trial;
}

Selection select_transfers(const std::vector<std::string>& tasks,
                           const std::vector<TransferScore>& scores, double margin, bool tests) {
  Selection selection;
  selection.set_margin(margin);
  for (const auto& score : scores) add_transfer(selection, score, margin, tests);
  for (const auto& name : tasks) {
    auto& task = *selection.add_task();
    task.set_name(name);
    task.set_joint(!is_hurt_by_all(selection, name));
  }
  return selection;
}

Agreement agreement(const Selection& a, const Selection& b) {
  std::map<Edge, const Selection::SelectedTransfer*> others;
  for (const auto& transfer : b.transfer()) others[{transfer.from(), transfer.to()}] = &transfer;
  Agreement found;
  std::vector<double> scores_a, scores_b;
  for (const auto& transfer : a.transfer()) {
    const auto other = others.find({transfer.from(), transfer.to()});
    if (other == others.end()) continue;
    ++found.of;
    if (other->second->included() == transfer.included()) ++found.shared;
    scores_a.push_back(transfer.score());
    scores_b.push_back(other->second->score());
  }
  found.rank_correlation = rank_correlation(scores_a, scores_b);
  return found;
}

}  // namespace tasuki
