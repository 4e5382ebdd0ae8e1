#include "tasuki/study/strategy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "tasuki/error/error.h"
#include "tasuki/study/statistics.h"
#include "tasuki/study/strategies.h"

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
  const bool dropped = score.dropped_after > 0;
  transfer.set_included(!dropped && spread.mean > margin);
  transfer.set_score(spread.mean);
  if (spread.count > 1) transfer.set_deviation(spread.deviation);
  if (dropped) transfer.set_dropped_after(uint32_t(score.dropped_after));
  const auto test = tests && !dropped ? paired_test(score.by_seed) : std::nullopt;
  if (test) transfer.set_p_value(test->two_sided);
}

// Every transfer into it has a score below 0, and none is included.
bool is_hurt_by_all(const Selection& selection, const std::string& task) {
  return std::none_of(selection.transfer().begin(), selection.transfer().end(),
                      [&](const auto& transfer) {
                        const bool hurts = !transfer.has_dropped_after() && transfer.score() < 0;
                        return transfer.to() == task && (transfer.included() || !hurts);
                      });
}

// Whether a candidate stands below another: dropped earlier, or of the same length with a lower
// score.
bool is_below(const Selection::SelectedTransfer& a, const Selection::SelectedTransfer& b) {
  const auto length = [](const auto& transfer) {
    return transfer.has_dropped_after() ? transfer.dropped_after()
                                        : std::numeric_limits<uint32_t>::max();
  };
  if (length(a) != length(b)) return length(a) < length(b);
  return a.score() < b.score();
}

// The place of each among all, 0 for the lowest; NaN where there is no score.
std::vector<double> places(const std::vector<const Selection::SelectedTransfer*>& transfers) {
  std::vector<double> places;
  for (const auto* one : transfers) {
    const auto below = std::count_if(transfers.begin(), transfers.end(),
                                     [&](const auto* other) { return is_below(*other, *one); });
    places.push_back(std::isnan(one->score()) ? one->score() : double(below));
  }
  return places;
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
  std::vector<const Selection::SelectedTransfer*> of_a, of_b;
  for (const auto& transfer : a.transfer()) {
    const auto other = others.find({transfer.from(), transfer.to()});
    if (other == others.end()) continue;
    ++found.of;
    if (other->second->included() == transfer.included()) ++found.shared;
    of_a.push_back(&transfer);
    of_b.push_back(other->second);
  }
  found.rank_correlation = rank_correlation(places(of_a), places(of_b));
  return found;
}

}  // namespace tasuki
